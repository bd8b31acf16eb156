// What an object of Cilium that cannot be said leaves behind: nothing that it may deny is allowed.
#include "agent/convert/cilium.h"
#include "agent/convert/write.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using model::Action;
using model::ClusterRule;
using model::Direction;

// Whose pods a spec is for, as far as that can be read; none: nobody's.
std::optional<model::PodsPeer> subject_to_close(const Scope& scope, const Field& spec) {
  Output unheard;
  decode::Decoding decoding;
  const Scope alone{scope.object, scope.ns, unheard};
  const Field selector(decoding, spec.get("endpointSelector").tree(), "spec.endpointSelector");
  if (!selector.absent()) {
    auto subject = read_endpoint_selector(alone, selector, true, false);
    if (subject && !decoding.fault()) return subject;
  }
  if (scope.ns.empty()) return std::nullopt;
  const model::Requirement here{model::kNamespaceNameLabel, model::Operator::kIn, {scope.ns}};
  return model::PodsPeer{{{here}}, {}};
}

bool has_rules(const Field& spec, Direction direction) {
  const std::string key(model::to_text(direction));
  return spec.get(key).tree().size() > 0 || spec.get(key + "Deny").tree().size() > 0 ||
         spec.get("enableDefaultDeny").get(key).boolean().value_or(false);
}

// Of every peer, sources outside the cluster among them (semantics 62).
ClusterRule deny_everyone() {
  ClusterRule rule;
  rule.action = Action::kDeny;
  rule.closed = true;
  return rule;
}

bool close_spec(const Scope& scope, const Cluster& cluster, const Field& spec, const std::string& name,
                bool was_read) {
  const auto subject = subject_to_close(scope, spec);
  const bool ingress = !was_read || has_rules(spec, Direction::kIngress),
             egress = !was_read || has_rules(spec, Direction::kEgress);
  if (!subject || (!ingress && !egress)) return false;
  model::ClusterNetworkPolicy denies;
  denies.name.name = name_of_step(scope, name, "closed");
  denies.priority = scope.output.form().first_priority;
  denies.subject = *subject;
  if (ingress) denies.ingress = {deny_everyone()};
  if (egress) denies.egress = {deny_everyone()};
  scope.output.add(denies);
  // Where a ClusterNetworkPolicy of somebody's passes before it, nobody is let in either.
  std::optional<std::vector<std::string>> namespaces = std::vector{scope.ns};
  if (scope.ns.empty()) namespaces = namespaces_of(cluster, subject->namespaces);
  for (const std::string& ns : namespaces.value_or(std::vector<std::string>())) {
    model::NetworkPolicy policy;
    policy.name = {ns, name_of_isolation(scope, name)};
    policy.pod_selector = subject->pods;
    policy.isolates_ingress = ingress;
    policy.isolates_egress = egress;
    scope.output.add(std::move(policy));
  }
  return true;
}

}  // namespace

bool close_cilium_object(const ForeignObject& object, const Cluster& cluster, bool was_read, Output& output) {
  decode::Decoding decoding;
  const Field root(decoding, object.tree);
  const std::string called = object.called();
  const Scope scope{called, namespace_of(object), output};
  const Field spec = root.get("spec"), specs = root.get("specs");
  // What is made of it could have no name.
  if (!decode::dns_subdomain_fault(object.name.name).empty()) return false;
  if (!scope.ns.empty() && !decode::dns_label_fault(scope.ns).empty()) return false;
  bool closes = false;
  if (!spec.absent() || specs.absent())
    closes |= close_spec(scope, cluster, spec, object.name.name, was_read);
  specs.each(
      [&](const Field& one) { closes |= close_spec(scope, cluster, one, object.name.name, was_read); });
  return closes;
}

}  // namespace sluice::convert
