// policy.networking.k8s.io/v1alpha1 AdminNetworkPolicy and BaselineAdminNetworkPolicy: the same words as
// ClusterNetworkPolicy's, but for actions and ports.
#include "agent/base/excerpt.h"
#include "agent/convert/dialects.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using decode::Field;

constexpr int64_t kGreatestPriority = 1000;

void require_some(const Field& list) {
  if (list.absent() || (list.tree().type() == decode::TreeType::kSequence && list.tree().size() == 0))
    list.fail("has no entry: write who the rule is about");
}

model::PodsPeer read_pods(const Field& field, std::string_view form) {
  if (form == "namespaces") return {decode::decode_selector(field.get(form)), {}};
  const Field pods = field.get("pods");
  pods.allow_only({"namespaceSelector", "podSelector"});
  return {decode::decode_selector(pods.get("namespaceSelector")),
          decode::decode_selector(pods.get("podSelector"))};
}

template <typename Value, typename Read>
std::vector<Value> read_set(const Field& list, const Read& read) {
  std::vector<Value> values;
  require_some(list);
  list.each([&](const Field& item) { values.push_back(read(item)); });
  decode::make_set(values);
  return values;
}

model::ClusterPeer read_peer(const Field& field, model::Direction direction, bool may_name_domains) {
  const std::string_view form =
      direction == model::Direction::kIngress
          ? decode::the_one_field(field, "peer", {"namespaces", "pods"})
          : decode::the_one_field(field, "peer", {"namespaces", "pods", "nodes", "networks", "domainNames"});
  if (form == "nodes") return model::NodesPeer{decode::decode_selector(field.get(form))};
  if (form == "networks")
    return model::NetworksPeer{read_set<net::Cidr>(field.get(form), decode::decode_cidr)};
  if (form != "domainNames") return form.empty() ? model::PodsPeer() : read_pods(field, form);
  if (!may_name_domains)
    field.get(form).fail("can stand in Allow rules of AdminNetworkPolicies only: write networks");
  return model::DomainNamesPeer{read_set<std::string>(field.get(form), decode::decode_domain_name)};
}

model::ClusterProtocol read_port(const Field& field) {
  const std::string_view form =
      decode::the_one_field(field, "port", {"portNumber", "portRange", "namedPort"});
  const Field port = field.get(form);
  if (form == "namedPort") {
    model::NamedPort named{port.required_text()};
    port.check(named.name, decode::port_name_fault(named.name));
    return named;
  }
  model::ProtocolPorts entry;
  if (form.empty()) return entry;
  entry.protocol = decode::decode_protocol(port.get("protocol"));
  if (form == "portNumber") {
    port.allow_only({"protocol", "port"});
    entry.ports = net::PortRange::one(decode::decode_port(port.get("port")));
    return entry;
  }
  port.allow_only({"protocol", "start", "end"});
  entry.ports = {decode::decode_port(port.get("start")), decode::decode_port(port.get("end"))};
  if (entry.ports.last < entry.ports.first) port.get("end").fail("is less than start");
  return entry;
}

model::Action read_action(const Field& field, model::Tier tier) {
  const std::string text = field.required_text();
  if (text == "Deny") return model::Action::kDeny;
  if (text == "Pass" && tier == model::Tier::kAdmin) return model::Action::kPass;
  if (text != "Allow")
    field.fail(base::excerpt(text) + " is not an action: use Allow" +
               (tier == model::Tier::kAdmin ? ", Deny or Pass" : " or Deny"));
  return model::Action::kAccept;
}

std::vector<model::ClusterRule> read_rules(const Field& list, model::Direction direction, model::Tier tier) {
  const char* peers_key = direction == model::Direction::kIngress ? "from" : "to";
  std::vector<model::ClusterRule> rules;
  list.each([&](const Field& field) {
    field.allow_only({"name", "action", peers_key, "ports"});
    model::ClusterRule rule;
    rule.name = field.get("name").text();
    rule.action = read_action(field.get("action"), tier);
    const bool may_name = tier == model::Tier::kAdmin && rule.action == model::Action::kAccept;
    require_some(field.get(peers_key));
    field.get(peers_key).each(
        [&](const Field& peer) { rule.peers.push_back(read_peer(peer, direction, may_name)); });
    if (!field.get("ports").absent()) require_some(field.get("ports"));
    field.get("ports").each([&](const Field& port) { rule.protocols.push_back(read_port(port)); });
    rules.push_back(std::move(rule));
  });
  return rules;
}

uint32_t read_priority(const Field& field) {
  if (field.absent()) field.fail("is missing: write 0 to 1000");
  const int64_t number = field.integer().value_or(0);
  if (number < 0 || number > kGreatestPriority)
    field.fail(std::to_string(number) + " is out of range: write 0 to 1000");
  return static_cast<uint32_t>(number);
}

model::ClusterNetworkPolicy read_policy(const Field& root, model::Tier tier) {
  model::ClusterNetworkPolicy policy;
  policy.tier = tier;
  policy.name = {"", root.get("metadata").get("name").required_text()};
  root.get("metadata").get("name").check(policy.name.name, decode::dns_subdomain_fault(policy.name.name));
  const Field spec = root.get("spec"), subject = spec.get("subject");
  if (tier == model::Tier::kAdmin)
    decode::allow_only_policy_fields(root, {"priority", "subject", "ingress", "egress"});
  else
    decode::allow_only_policy_fields(root, {"subject", "ingress", "egress"});
  if (tier == model::Tier::kAdmin) policy.priority = read_priority(spec.get("priority"));
  if (subject.absent()) subject.fail("is missing: write namespaces or pods");
  if (const std::string_view form = decode::the_one_field(subject, "subject", {"namespaces", "pods"});
      !form.empty())
    policy.subject = read_pods(subject, form);
  policy.ingress = read_rules(spec.get("ingress"), model::Direction::kIngress, tier);
  policy.egress = read_rules(spec.get("egress"), model::Direction::kEgress, tier);
  return policy;
}

}  // namespace

void convert_v1alpha1(const Input& input, Output& output) {
  for (const ForeignObject& object : input.objects) {
    if (object.group != "policy.networking.k8s.io" || object.version != "v1alpha1") continue;
    const bool baseline = object.kind == "BaselineAdminNetworkPolicy";
    if (!baseline && object.kind != "AdminNetworkPolicy") continue;
    decode::Decoding decoding;
    const Field root(decoding, object.tree);
    model::ClusterNetworkPolicy policy =
        read_policy(root, baseline ? model::Tier::kBaseline : model::Tier::kAdmin);
    output.note(object.called(), decoding);
    if (!decoding.fault()) output.add(policy);
  }
}

}  // namespace sluice::convert
