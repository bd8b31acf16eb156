// CiliumNetworkPolicy and CiliumClusterwideNetworkPolicy. What allows is the union of all rules, and what is denied stays
// denied; prefixes, names and `world` never match pods and nodes. So:
//
//  * whom a policy isolates, a NetworkPolicy isolates, and it has the rules that allow pods;
//  * the tier Admin has, in this order: what is denied of pods and nodes (kStepDeny); what is allowed of nodes (kStepInside); `Pass`
//    for pods and nodes (kStepPass), so that nothing below concerns them; what is denied (kStepOutsideDeny) and allowed (kStepOutside)
//    of all other destinations;
//  * sources outside the cluster, which no ClusterNetworkPolicy knows, are ipBlocks without the cluster's own addresses.
#include "agent/convert/cilium.h"

#include <algorithm>

#include "agent/convert/dialects.h"
#include "agent/convert/write.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using model::Action;
using model::ClusterRule;
using model::Direction;

enum Step : uint32_t { kStepDeny, kStepInside, kStepPass, kStepOutsideDeny, kStepOutside, kSteps };
constexpr uint32_t kBetween = 10;  // from the form's first priority on
constexpr const char* kStepNames[] = {"deny", "nodes", "pass", "deny-outside", "outside"};

// One policy on its way: `spec`, or one of `specs`.
class SpecWriter {
 public:
  SpecWriter(const Scope& scope, const Cluster& cluster, model::PodsPeer subject)
      : scope_(scope), cluster_(cluster), subject_(std::move(subject)) {}

  void isolate(Direction direction) { isolates_[static_cast<size_t>(direction)] = true; }

  void allow(const Field& field, Direction direction) {
    const CiliumRule rule = read_cilium_rule(scope_, field, direction, true);
    if (rule.peers.is_nobody() || rule.ports.is_none()) return;
    if (isolates_[static_cast<size_t>(direction)])
      allow_isolated(field, rule, direction);
    else
      allow_open(field, rule, direction);
    if (direction == Direction::kEgress && !rule.peers.everyone) allow_beyond_pods(rule);
  }

  void deny(const Field& field, Direction direction) {
    const CiliumRule rule = read_cilium_rule(scope_, field, direction, false);
    const CiliumPeers& peers = rule.peers;
    if (peers.is_nobody() || rule.ports.is_none()) return;
    std::vector<model::ClusterPeer> pods(peers.pods.begin(), peers.pods.end());
    if (peers.everyone) pods.emplace_back(every_pod());
    add(kStepDeny, direction, pods, protocols_of_pods(field, rule.ports, false), rule.ports);
    if (direction == Direction::kEgress) return deny_beyond_pods(field, rule);
    if (peers.everyone || !peers.outside.empty() || peers.nodes || peers.own_node)
      scope_.lose(field, "sources that are no pods cannot be denied, only not be allowed", false);
  }

  void write(const std::string& name) {
    if (isolates_[0] || isolates_[1]) write_isolation(name);
    for (uint32_t step = 0; step < kSteps; ++step) {
      model::ClusterNetworkPolicy& policy = steps_[step];
      if (policy.ingress.empty() && policy.egress.empty()) continue;
      policy.name.name = name_of_step(scope_, name, kStepNames[step]);
      policy.priority = scope_.output.form().first_priority + kBetween * step;
      policy.subject = subject_;
      scope_.output.add(policy);
    }
  }

  // Is something said of destinations outside, after the `Pass` that all policies share?
  bool reaches_outside() const {
    return !steps_[kStepOutsideDeny].egress.empty() || !steps_[kStepOutside].egress.empty();
  }

 private:
  // A rule of a NetworkPolicy; how pods are spelled depends on its namespace.
  struct Made {
    model::Rule rule;
    std::vector<model::PodsPeer> pods;
  };

  // A rule without protocols is of all of them: of ports that are listed one must be left.
  void add(Step step, Direction direction, std::vector<model::ClusterPeer> peers,
           std::vector<model::ClusterProtocol> protocols, const CiliumPorts& ports) {
    if (peers.empty() || (!ports.all && protocols.empty())) return;
    ClusterRule rule;
    rule.action = step == kStepDeny || step == kStepOutsideDeny ? Action::kDeny : Action::kAccept;
    rule.peers = std::move(peers);
    if (!ports.all) rule.protocols = std::move(protocols);
    (direction == Direction::kIngress ? steps_[step].ingress : steps_[step].egress)
        .push_back(std::move(rule));
  }

  // A name means a port of one protocol there, and of any here.
  std::vector<model::ClusterProtocol> protocols_of_pods(const Field& field, const CiliumPorts& ports,
                                                        bool allow) {
    std::vector<model::ClusterProtocol> protocols = numbered(ports.entries);
    for (const std::string& name : names_of_every_protocol(ports.entries))
      protocols.emplace_back(model::NamedPort{name});
    if (ports.all || !has_other_names(ports.entries)) return protocols;
    scope_.output.lose(
        {scope_.object, field.get("toPorts").path(),
         "the name of a port cannot be told from the same name of another protocol's",
         allow ? "left out, which allows less" : "denied for each protocol, which allows less"});
    if (allow) return protocols;
    for (const model::PolicyPort& port : ports.entries)
      if (const auto* name = std::get_if<std::string>(&port.port))
        protocols.emplace_back(model::NamedPort{*name});
    decode::make_set(protocols);
    return protocols;
  }

  void allow_isolated(const Field& field, const CiliumRule& rule, Direction direction) {
    Made made;
    if (!rule.ports.all) made.rule.ports = rule.ports.entries;
    if (!rule.peers.everyone) {
      made.pods = rule.peers.pods;
      if (direction == Direction::kIngress) add_sources(field, rule.peers, made.rule);
      if (made.pods.empty() && made.rule.peers.empty()) return;
    }
    (direction == Direction::kIngress ? ingress_ : egress_).push_back(std::move(made));
  }

  void add_sources(const Field& field, const CiliumPeers& peers, model::Rule& made) {
    if (!peers.outside.empty() && !cluster_.knows_own())
      scope_.lose(field, "it is of addresses outside the cluster, and " + cluster_.why_unknown, true);
    else
      for (const model::IpBlock& block : peers.outside)
        for (model::IpBlock& left : outside_block(cluster_, block)) made.peers.emplace_back(std::move(left));
    if (peers.nodes && !cluster_.knows_nodes)
      scope_.lose(field, "the addresses of nodes are not known: put the cluster's Nodes into the input",
                  true);
    else if (peers.nodes)
      for (const net::Cidr& node : cluster_.nodes) made.peers.emplace_back(model::IpBlock{node, {}});
  }

  // Of a direction that the policy does not isolate.
  void allow_open(const Field& field, const CiliumRule& rule, Direction direction) {
    std::vector<model::ClusterPeer> pods(rule.peers.pods.begin(), rule.peers.pods.end());
    if (rule.peers.everyone) pods.emplace_back(every_pod());
    add(kStepInside, direction, pods, protocols_of_pods(field, rule.ports, true), rule.ports);
    if (direction == Direction::kEgress && rule.peers.everyone) {
      add(kStepInside, direction, {model::NodesPeer{}}, numbered(rule.ports.entries), rule.ports);
      add(kStepOutside, direction, every_address(), numbered(rule.ports.entries), rule.ports);
    }
    if (direction == Direction::kIngress &&
        (rule.peers.everyone || !rule.peers.outside.empty() || rule.peers.nodes))
      scope_.lose(field, "sources that are no pods can be allowed only by a policy that isolates", true);
  }

  std::vector<model::ClusterPeer> networks_of(const CiliumPeers& peers) {
    model::NetworksPeer networks;
    for (const model::IpBlock& block : peers.outside)
      for (const net::Cidr& cidr : without(block.cidr, block.except)) networks.cidrs.push_back(cidr);
    decode::make_set(networks.cidrs.edit());
    if (networks.cidrs.empty()) return {};
    return {std::move(networks)};
  }

  void allow_beyond_pods(const CiliumRule& rule) {
    const auto protocols = numbered(rule.ports.entries);  // what is no pod has no names
    if (rule.peers.nodes) add(kStepInside, Direction::kEgress, {model::NodesPeer{}}, protocols, rule.ports);
    std::vector<model::ClusterPeer> outside = networks_of(rule.peers);
    if (!rule.peers.names.empty()) {
      model::DomainNamesPeer names{rule.peers.names};
      decode::make_set(names.names);
      outside.emplace_back(std::move(names));
    }
    add(kStepOutside, Direction::kEgress, std::move(outside), protocols, rule.ports);
  }

  void deny_beyond_pods(const Field& field, const CiliumRule& rule) {
    const auto protocols = numbered(rule.ports.entries);
    const CiliumPeers& peers = rule.peers;
    const bool nodes = peers.nodes || peers.own_node || peers.everyone;
    if (nodes) add(kStepDeny, Direction::kEgress, {model::NodesPeer{}}, protocols, rule.ports);
    if (peers.nodes != peers.own_node)
      scope_.output.lose({scope_.object, field.path(), "a pod's own node cannot be told from other nodes",
                          "every node is denied, which allows less"});
    add(kStepOutsideDeny, Direction::kEgress, peers.everyone ? every_address() : networks_of(peers),
        protocols, rule.ports);
    if (!peers.names.empty()) field.fail("has toFQDNs, which no deny rule has: write toCIDR");
  }

  static std::vector<model::Rule> rules_for(const std::vector<Made>& rules, const std::string& ns) {
    std::vector<model::Rule> made;
    for (const Made& one : rules) {
      made.push_back(one.rule);
      std::vector<model::Peer> pods;
      for (const model::PodsPeer& peer : one.pods) pods.emplace_back(selector_peer(peer, ns));
      made.back().peers.insert(made.back().peers.begin(), pods.begin(), pods.end());
    }
    return made;
  }

  void write_isolation(const std::string& name) {
    std::optional<std::vector<std::string>> namespaces = std::vector{scope_.ns};
    if (scope_.ns.empty()) namespaces = namespaces_of(cluster_, subject_.namespaces);
    if (!namespaces) {
      scope_.output.lose({scope_.object, "spec.endpointSelector",
                          "it isolates pods of every namespace, and a NetworkPolicy belongs to one",
                          "put the cluster's Namespaces into the input", true});
      return;
    }
    if (scope_.ns.empty() && !scope_.output.form().kept_names)
      scope_.output.remark(scope_.object + ": is a NetworkPolicy in each of the " +
                           std::to_string(namespaces->size()) +
                           " namespaces that there are: namespaces that come later need one too");
    for (const std::string& ns : *namespaces) {
      model::NetworkPolicy policy;
      policy.name = {ns, name_of_isolation(scope_, name)};
      policy.pod_selector = subject_.pods;
      policy.isolates_ingress = isolates_[0];
      policy.isolates_egress = isolates_[1];
      policy.ingress = rules_for(ingress_, ns);
      policy.egress = rules_for(egress_, ns);
      scope_.output.add(std::move(policy));
    }
  }

  const Scope& scope_;
  const Cluster& cluster_;
  const model::PodsPeer subject_;
  bool isolates_[2] = {false, false};  // by Direction
  std::vector<Made> ingress_, egress_;
  model::ClusterNetworkPolicy steps_[kSteps];
};

bool has_entries(const Field& list) {
  return list.tree().type() == decode::TreeType::kSequence && list.tree().size() > 0;
}

// True where something is said of destinations outside.
bool convert_spec(const Scope& scope, const Cluster& cluster, const Field& spec, const std::string& name) {
  spec.allow_only({"endpointSelector", "nodeSelector", "ingress", "ingressDeny", "egress", "egressDeny",
                   "labels", "description", "enableDefaultDeny", "log"});
  const Field selector = spec.get("endpointSelector"), nodes = spec.get("nodeSelector"),
              enable = spec.get("enableDefaultDeny");
  if (!nodes.absent()) scope.lose(nodes, "it protects nodes, and Sluice protects pods", false);
  if (selector.absent() && nodes.absent()) selector.fail("is missing: write {} for every pod");
  if (selector.absent()) return false;
  const auto subject = read_endpoint_selector(scope, selector, true, false);
  if (!subject) return false;
  enable.allow_only({"ingress", "egress"});
  SpecWriter writer(scope, cluster, *subject);
  for (const Direction direction : model::kDirections) {
    const std::string key(model::to_text(direction));
    const Field allows = spec.get(key), denies = spec.get(key + "Deny");
    const bool said = has_entries(allows) || has_entries(denies);
    if (enable.get(key).boolean().value_or(said)) writer.isolate(direction);
    allows.each([&](const Field& rule) { writer.allow(rule, direction); });
    denies.each([&](const Field& rule) { writer.deny(rule, direction); });
  }
  const bool outside = writer.reaches_outside();
  writer.write(name);
  return outside;
}

}  // namespace

std::string namespace_of(const ForeignObject& object) {
  if (object.kind == kCiliumClusterwide) return {};
  return object.name.ns.empty() ? "default" : object.name.ns;
}

// Of kept names no two objects have the same: a namespace has no dot, and a step's name is no namespace's part.
std::string name_of_isolation(const Scope& scope, const std::string& name) {
  if (!scope.output.form().kept_names) return name;
  return std::string(scope.ns.empty() ? kCiliumClusterwideNames : kCiliumNames) + name;
}

std::string name_of_step(const Scope& scope, const std::string& name, const std::string& step) {
  const std::string ns = scope.ns.empty() ? "" : scope.ns;
  if (!scope.output.form().kept_names) return (ns.empty() ? "" : ns + "-") + name + "-" + step;
  return name_of_isolation(scope, step + "." + (ns.empty() ? "" : ns + ".") + name);
}

model::ClusterNetworkPolicy cilium_pass(const Form& form) {
  model::ClusterNetworkPolicy policy;
  policy.name.name = form.kept_names ? "ccnp.cilium.io.pass" : "cilium-inside-pass";
  policy.priority = form.first_priority + kBetween * kStepPass;
  ClusterRule rule;
  rule.action = Action::kPass;
  rule.peers = {every_pod(), model::NodesPeer{}};
  policy.egress = {std::move(rule)};
  return policy;
}

bool convert_cilium_object(const ForeignObject& object, const Cluster& cluster, Output& output) {
  decode::Decoding decoding;
  const Field root(decoding, object.tree);
  root.allow_only({"apiVersion", "kind", "metadata", "spec", "specs", "status"});
  const Field metadata = root.get("metadata");
  const std::string name = metadata.get("name").required_text(), called = object.called();
  metadata.get("name").check(name, decode::dns_subdomain_fault(name));
  const Scope scope{called, namespace_of(object), output};
  if (!scope.ns.empty()) metadata.get("namespace").check(scope.ns, decode::dns_label_fault(scope.ns));
  bool outside = false;
  const Field spec = root.get("spec"), specs = root.get("specs");
  if (spec.absent() && specs.absent()) spec.fail("is missing: write spec or specs");
  if (!spec.absent()) outside |= convert_spec(scope, cluster, spec, name);
  specs.each([&](const Field& one) { outside |= convert_spec(scope, cluster, one, name); });
  output.note(called, decoding);
  return outside;
}

void convert_cilium(const Input& input, const Cluster& cluster, Output& output) {
  bool outside = false;
  for (const ForeignObject& object : input.objects)
    if (object.group == "cilium.io" && (object.kind == kCilium || object.kind == kCiliumClusterwide))
      outside |= convert_cilium_object(object, cluster, output);
  if (outside) output.add(cilium_pass(output.form()));
}

}  // namespace sluice::convert
