// networking.k8s.io/v1 NetworkPolicy (semantics 6, 9 to 16, 29, 40). Strict: see decode.h.
#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::source::decode {
namespace {

model::IpBlock decode_ip_block(const Field& field) {
  field.allow_only({"cidr", "except"});
  model::IpBlock block;
  block.cidr = decode_cidr(field.get("cidr"));
  field.get("except").each([&](const Field& item) {
    net::Cidr except = decode_cidr(item);
    if (!block.cidr.contains(except) || except == block.cidr)
      item.fail(except.to_text() + " is not a part of " + block.cidr.to_text() +
                ": an exception must lie inside its cidr and be smaller");
    block.except.push_back(except);
  });
  make_set(block.except);
  return block;
}

model::Peer decode_peer(const Field& field) {
  field.allow_only({"podSelector", "namespaceSelector", "ipBlock"});
  Field pods = field.get("podSelector"), namespaces = field.get("namespaceSelector"),
        block = field.get("ipBlock");
  bool selects = !pods.absent() || !namespaces.absent();
  if (!selects && block.absent()) field.fail("has no peer: write podSelector, namespaceSelector or ipBlock");
  if (selects && !block.absent())
    field.fail("has both ipBlock and a selector: write them as two peers, or leave one out");
  if (!block.absent()) return decode_ip_block(block);
  model::SelectorPeer peer;
  if (!pods.absent()) peer.pod_selector = decode_selector(pods);
  if (!namespaces.absent()) peer.namespace_selector = decode_selector(namespaces);
  return peer;
}

model::PolicyPort decode_policy_port(const Field& field) {
  field.allow_only({"protocol", "port", "endPort"});
  model::PolicyPort entry;
  entry.protocol = decode_protocol(field.get("protocol"));
  Field port = field.get("port"), end_port = field.get("endPort");
  if (port.absent()) {
    if (!end_port.absent()) end_port.fail("needs port: write port, the first of the range, as well");
    return entry;
  }
  if (!port.is_plain_number()) {
    std::string name = port.text();
    port.check(name, port_name_fault(name));
    if (!end_port.absent()) end_port.fail("needs a number as port: a named port has no range");
    entry.port = std::move(name);
    return entry;
  }
  net::Port first = decode_port(port);
  net::Port last = end_port.absent() ? first : decode_port(end_port);
  if (last < first)
    end_port.fail(std::to_string(last.host()) + " is less than port " + std::to_string(first.host()));
  entry.port = net::PortRange{first, last};
  return entry;
}

model::Rule decode_rule(const Field& field, std::string_view peers_key) {
  field.allow_only({peers_key, "ports"});
  model::Rule rule;
  field.get(peers_key).each([&](const Field& peer) { rule.peers.push_back(decode_peer(peer)); });
  field.get("ports").each([&](const Field& port) { rule.ports.push_back(decode_policy_port(port)); });
  return rule;
}

// Those with a fault are left out: part of one might allow what the whole does not.
struct Rules {
  std::vector<model::Rule> read;
  bool all = true;
};
Rules decode_rules(const Field& field, std::string_view peers_key) {
  Rules rules;
  rules.all = field.reads_well([&](const Field& list) {
    list.each([&](const Field& item) {
      model::Rule rule;
      if (item.reads_well([&](const Field& alone) { rule = decode_rule(alone, peers_key); }))
        rules.read.push_back(std::move(rule));
    });
  });
  return rules;
}

// Semantics 6: absent or empty means Ingress, and also Egress if there is at least one egress rule.
void decode_policy_types(const Field& field, bool egress_rules, model::NetworkPolicy& policy) {
  bool any = false, ingress = false, egress = false;
  size_t count = 0;
  field.each([&](const Field& item) {
    std::string type = item.text();
    any = true;
    ingress |= type == "Ingress";
    egress |= type == "Egress";
    if (type != "Ingress" && type != "Egress")
      item.fail(base::excerpt(type) + " is not a policy type: use Ingress or Egress");
    if (++count > 2) item.fail("is one too many: there are two policy types");
  });
  policy.isolates_ingress = any ? ingress : true;
  policy.isolates_egress = any ? egress : egress_rules;
}

}  // namespace

void allow_only_policy_fields(const Field& root, std::initializer_list<std::string_view> spec) {
  root.allow_only({"apiVersion", "kind", "metadata", "spec", "status"});
  root.get("metadata")
      .allow_only({"name", "generateName", "namespace", "selfLink", "uid", "resourceVersion", "generation",
                   "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "labels",
                   "annotations", "ownerReferences", "finalizers", "managedFields", "clusterName"});
  root.get("spec").allow_only(spec);
}

namespace {

std::string in_force(const model::NetworkPolicy& policy, bool selects, bool allows) {
  if (policy.audit) return "it is in audit and isolates nobody";
  if (allows) return "meanwhile it isolates all the same, and rules that cannot be read allow nothing";
  const std::string directions = !policy.isolates_egress    ? "ingress"
                                 : !policy.isolates_ingress ? "egress"
                                                            : "ingress and egress";
  return "meanwhile it isolates " +
         (selects ? "the pods that it selects" : "every pod of namespace " + policy.name.ns) + " for " +
         directions + " and allows nothing";
}

}  // namespace

static ClosedPolicy closed_policy(model::ObjectName name, bool audit, std::string active) {
  model::NetworkPolicy policy{std::move(name), {}, true, true, {}, {}, audit, {}, false, std::move(active)};
  std::string meanwhile = in_force(policy, false, false);
  return {std::move(policy), std::move(meanwhile)};
}

ClosedPolicy closed_policy(model::ObjectName name) {
  return closed_policy(std::move(name), false, {});
}

ClosedPolicy without_rules(const model::NetworkPolicy& policy) {
  model::NetworkPolicy closed = policy;
  closed.ingress.clear();
  closed.egress.clear();
  return {std::move(closed), in_force(policy, true, false)};
}

ClosedPolicy decode_policy(const Field& root, model::ObjectName name) {
  model::NetworkPolicy policy;
  decode_policy_settings(root.get("metadata"), policy);
  // A field that is not known might say anything of those that are.
  const bool known = root.reads_well([](const Field& part) {
    allow_only_policy_fields(part, {"podSelector", "policyTypes", "ingress", "egress"});
  });
  if (!known) return closed_policy(std::move(name), policy.audit, std::move(policy.active));
  policy.name = std::move(name);
  const Field spec = root.get("spec");
  const bool selects = spec.get("podSelector").reads_well([&](const Field& field) {
    policy.pod_selector = decode_selector(field);
  });
  if (!selects) policy.pod_selector = {};
  Rules ingress = decode_rules(spec.get("ingress"), "from"), egress = decode_rules(spec.get("egress"), "to");
  const bool types = spec.get("policyTypes").reads_well([&](const Field& field) {
    decode_policy_types(field, !egress.read.empty() || !egress.all, policy);
  });
  if (!types) policy.isolates_ingress = policy.isolates_egress = true;
  // Rules for pods or a direction that it may not be meant for would add to what other policies allow there.
  const bool allows = selects && types;
  if (allows) policy.ingress = std::move(ingress.read);
  if (allows) policy.egress = std::move(egress.read);
  std::string meanwhile = in_force(policy, selects, allows);
  return {std::move(policy), std::move(meanwhile)};
}

}  // namespace sluice::source::decode
