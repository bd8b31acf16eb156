// CiliumNetworkPolicies as Cilium's documentation has them ("Network Policy": rule basics, layer 3, layer 4, deny policies,
// Kubernetes): a side is isolated where a policy asks for it, what some rule denies is denied, what some rule allows is
// allowed; prefixes and `world` are never pods or nodes.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/convert/coming.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::convert {
namespace {

using model::Direction;
using oracle::Random;

struct Endpoints {
  model::LabelSelector labels;
  std::optional<model::Requirement> ns;        // io.kubernetes.pod.namespace
  std::optional<model::Requirement> ns_label;  // io.cilium.k8s.namespace.labels.KEY
};
struct Port {
  std::string protocol, port;  // "" any; "0" all
  int end = 0;
};
struct RuleOf {
  bool has_endpoints = false, has_cidrs = false, has_entities = false, has_ports = false, http = false,
       icmps = false;
  std::vector<Endpoints> endpoints;
  std::vector<model::IpBlock> cidrs;
  std::vector<std::string> entities;
  std::vector<Port> ports;
};
struct PolicyOf {
  std::string ns, name;  // clusterwide: ns empty
  Endpoints subject;
  std::vector<RuleOf> allow[2], deny[2];  // by Direction
  std::optional<bool> default_deny[2];
};

// ---- as text

std::string requirement_text(const model::Requirement& one, const std::string& key) {
  static constexpr const char* kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist"};
  std::string values;
  for (const std::string& value : one.values) values += (values.empty() ? "\"" : ", \"") + value + "\"";
  return "{key: \"" + key + "\", operator: " + kOperators[static_cast<size_t>(one.op)] +
         (values.empty() ? "}" : ", values: [" + values + "]}");
}

std::string endpoints_text(const Endpoints& endpoints) {
  std::string text;
  const auto add = [&](const model::Requirement& one, const std::string& key) {
    text += (text.empty() ? "" : ", ") + requirement_text(one, key);
  };
  for (const auto& one : endpoints.labels.requirements) add(one, (one.key == "app" ? "k8s:" : "") + one.key);
  if (endpoints.ns) add(*endpoints.ns, "k8s:io.kubernetes.pod.namespace");
  if (endpoints.ns_label)
    add(*endpoints.ns_label, "io.cilium.k8s.namespace.labels." + endpoints.ns_label->key);
  return text.empty() ? "{}" : "{matchExpressions: [" + text + "]}";
}

template <typename Values, typename Write>
std::string list_of(const Values& values, Write write) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : ", ") + write(value);
  return "[" + text + "]";
}

std::string cidr_text(const model::IpBlock& block) {
  const auto quoted = [](const net::Cidr& cidr) { return "\"" + cidr.to_text() + "\""; };
  return "{cidr: " + quoted(block.cidr) +
         (block.except.empty() ? "}" : ", except: " + list_of(block.except, quoted) + "}");
}

std::string port_text_of(const Port& port) {
  return "{port: \"" + port.port + "\"" + (port.end > 0 ? ", endPort: " + std::to_string(port.end) : "") +
         (port.protocol.empty() ? "}" : ", protocol: " + port.protocol + "}");
}

std::string rule_text(const RuleOf& rule, Direction direction) {
  const std::string side = direction == Direction::kIngress ? "from" : "to";
  std::vector<std::string> parts;
  if (rule.has_endpoints) parts.push_back(side + "Endpoints: " + list_of(rule.endpoints, endpoints_text));
  if (rule.has_cidrs) parts.push_back(side + "CIDRSet: " + list_of(rule.cidrs, cidr_text));
  if (rule.has_entities)
    parts.push_back(side +
                    "Entities: " + list_of(rule.entities, [](const std::string& text) { return text; }));
  if (rule.has_ports)
    parts.push_back("toPorts: [{ports: " + list_of(rule.ports, port_text_of) +
                    (rule.http ? ", rules: {http: [{path: /x}]}}]" : "}]"));
  if (rule.icmps) parts.push_back("icmps: [{fields: [{type: 8}]}]");
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return "{" + text + "}";
}

std::string policy_text_of(const PolicyOf& policy) {
  std::string text = "---\napiVersion: cilium.io/v2\nkind: ";
  text += policy.ns.empty() ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy";
  text += "\nmetadata: {name: " + policy.name +
          (policy.ns.empty() ? "}" : ", namespace: " + policy.ns + "}") +
          "\nspec:\n  endpointSelector: " + endpoints_text(policy.subject) + "\n";
  for (const Direction direction : model::kDirections) {
    const auto at = static_cast<size_t>(direction);
    const std::string key(model::to_text(direction));
    const auto write = [&](const RuleOf& rule) { return rule_text(rule, direction); };
    if (!policy.allow[at].empty()) text += "  " + key + ": " + list_of(policy.allow[at], write) + "\n";
    if (!policy.deny[at].empty()) text += "  " + key + "Deny: " + list_of(policy.deny[at], write) + "\n";
  }
  std::string enable;
  for (const Direction direction : model::kDirections)
    if (const auto said = policy.default_deny[static_cast<size_t>(direction)])
      enable += (enable.empty() ? "" : ", ") + std::string(model::to_text(direction)) +
                (*said ? ": true" : ": false");
  return enable.empty() ? text : text + "  enableDefaultDeny: {" + enable + "}\n";
}

// ---- what it means

bool endpoint_matches(const SideOf& side, const Endpoints& endpoints, const std::string& ns,
                      const model::Pod& pod) {
  if (!selects(endpoints.labels, pod.labels)) return false;
  if (endpoints.ns && !selects({{*endpoints.ns}}, {{endpoints.ns->key, pod.name.ns}})) return false;
  if (endpoints.ns_label && !selects({{*endpoints.ns_label}}, labels_of(side.cluster, pod.name.ns)))
    return false;
  return endpoints.ns || ns.empty() || pod.name.ns == ns;
}

bool entity_matches(const SideOf& side, const std::string& entity) {
  const bool pod = side.peer.pod != nullptr, node = !pod && is_address_of_a_node(side.cluster, side.peer.ip);
  if (entity == "all") return true;
  if (entity == "world") return !pod && !node;
  if (entity == "remote-node") return node;  // the pod's own is not asked about
  if (entity == "cluster") return pod || node;
  return false;
}

bool rule_peer_matches(const SideOf& side, const RuleOf& rule, const std::string& ns) {
  if (rule.has_endpoints)
    return side.peer.pod && std::ranges::any_of(rule.endpoints, [&](const Endpoints& one) {
             return endpoint_matches(side, one, ns, *side.peer.pod);
           });
  if (rule.has_cidrs)
    return entity_matches(side, "world") && std::ranges::any_of(rule.cidrs, [&](const model::IpBlock& block) {
             return block.cidr.contains(side.peer.ip) &&
                    std::ranges::none_of(block.except,
                                         [&](const net::Cidr& hole) { return hole.contains(side.peer.ip); });
           });
  if (rule.has_entities)
    return std::ranges::any_of(rule.entities,
                               [&](const std::string& entity) { return entity_matches(side, entity); });
  return rule.has_ports || rule.icmps;
}

bool rule_port_matches(const SideOf& side, const RuleOf& rule) {
  if (rule.icmps) return side.protocol == net::kIcmp || side.protocol == net::kIcmpv6;
  if (!rule.has_ports) return true;
  return std::ranges::any_of(rule.ports, [&](const Port& port) {
    if (!side.port) return false;
    if (!port.protocol.empty() && port.protocol != side.protocol.to_text()) return false;
    if (port.port == "0" && port.end == 0) return true;
    if (std::isalpha(static_cast<unsigned char>(port.port[0])))
      return side.destination &&
             std::ranges::any_of(side.destination->ports, [&](const model::ContainerPort& named) {
               return named.name == port.port && named.protocol == side.protocol && named.port == *side.port;
             });
    const int first = std::stoi(port.port), number = side.port->host();
    return first <= number && number <= std::max(first, port.end);
  });
}

bool allows_cilium(const SideOf& side, const std::vector<PolicyOf>& policies) {
  const auto at = static_cast<size_t>(side.direction);
  bool isolated = false, allowed = false, denied = false;
  for (const PolicyOf& policy : policies) {
    if (!endpoint_matches(side, policy.subject, policy.ns, side.self)) continue;
    const auto matches = [&](const RuleOf& rule) {
      return rule_peer_matches(side, rule, policy.ns) && rule_port_matches(side, rule);
    };
    isolated |= policy.default_deny[at].value_or(!policy.allow[at].empty() || !policy.deny[at].empty());
    allowed |= std::ranges::any_of(policy.allow[at], [&](const RuleOf& rule) { return matches(rule); });
    denied |= std::ranges::any_of(policy.deny[at], matches);
  }
  return !denied && (allowed || !isolated);
}

// ---- at random

model::Requirement random_ns(Random& random) {
  return {
      "ns", random.pick({model::Operator::kIn, model::Operator::kNotIn}), {random.pick(oracle::kNamespaces)}};
}

Endpoints random_endpoints(Random& random, bool clusterwide, bool subject) {
  Endpoints endpoints{oracle::random_selector(random), {}, {}};
  if ((clusterwide || !subject) && random.chance(35)) endpoints.ns = random_ns(random);
  if (clusterwide && random.chance(30)) {
    const auto labels = oracle::random_selector(random);
    if (!labels.requirements.empty()) endpoints.ns_label = labels.requirements[0];
  }
  return endpoints;
}

model::IpBlock random_cidr(Random& random, const std::vector<net::Ip>& known) {
  const net::Ip around = random.pick(known);
  const int bits = net::address_bits(around.family());
  model::IpBlock block{net::Cidr::of(around, random.pick({0, 0, bits, bits - 3, bits - 8, 8})).value(), {}};
  if (block.cidr.length() < bits && random.chance(50))
    for (int left = random.between(1, 3); left > 0; --left)
      if (const net::Ip hole = random.pick(known); block.cidr.contains(hole))
        block.except.push_back(
            net::Cidr::of(hole, std::min(bits, block.cidr.length() + random.between(1, 30))).value());
  return block;
}

Port random_cilium_port(Random& random) {
  Port port{random.pick<std::string>({"TCP", "TCP", "UDP", "SCTP", ""}), random.pick(oracle::kPortNames), 0};
  if (random.chance(30)) return port;
  if (!port.protocol.empty() && random.chance(15))
    return {port.protocol, "0", random.chance(30) ? random.pick(oracle::kPortNumbers) : 0};
  const int first = random.pick(oracle::kPortNumbers);
  port.port = std::to_string(first);
  if (random.chance(40)) port.end = std::min(65535, first + random.between(1, 500));
  return port;
}

struct Taste {
  bool lossy = false;        // what cannot be said is there too
  bool ingress_deny = true;  // of sources that are no pods: refused
  bool accepted = false;     // as they come, not converted
};

RuleOf random_cilium_rule(Random& random, const std::vector<net::Ip>& known, bool clusterwide, bool deny,
                          Direction direction, const Taste& taste) {
  RuleOf rule;
  const bool pods_only = deny && direction == Direction::kIngress;
  const int kind = pods_only ? 0 : random.between(0, 9);
  if (kind <= 3) {
    rule.has_endpoints = true;
    for (int left = random.between(random.chance(5) ? 0 : 1, 2); left > 0; --left)
      rule.endpoints.push_back(random_endpoints(random, clusterwide, false));
  } else if (kind <= 6) {
    rule.has_cidrs = true;
    for (int left = random.between(1, 2); left > 0; --left) rule.cidrs.push_back(random_cidr(random, known));
  } else if (kind <= 8) {
    rule.has_entities = true;
    rule.entities = {
        random.pick<std::string>({"all", "world", "cluster", "health", deny ? "world" : "remote-node"})};
  }
  rule.has_ports = random.chance(kind == 9 ? 90 : 50);
  if (rule.has_ports)
    for (int left = random.between(1, 3); left > 0; --left) rule.ports.push_back(random_cilium_port(random));
  if (!taste.lossy) {
    // Names of one protocol cannot be told apart where a ClusterNetworkPolicy is written.
    if (deny)
      for (Port& port : rule.ports)
        if (std::isalpha(static_cast<unsigned char>(port.port[0]))) port.protocol.clear();
  } else if (random.chance(20)) {
    rule.http = !deny && rule.has_ports;
    rule.icmps = !rule.has_ports && !deny;
  }
  return rule;
}

PolicyOf random_cilium_policy(Random& random, const std::vector<net::Ip>& known, int number,
                              const Taste& taste) {
  PolicyOf policy;
  const bool clusterwide = random.chance(35);
  if (!clusterwide) policy.ns = random.pick(oracle::kNamespaces);
  policy.name = "p" + std::to_string(number);
  policy.subject = random_endpoints(random, clusterwide, true);
  for (const Direction direction : model::kDirections) {
    const auto at = static_cast<size_t>(direction);
    for (int left = random.between(0, 2); left > 0; --left)
      policy.allow[at].push_back(random_cilium_rule(random, known, clusterwide, false, direction, taste));
    if (random.chance(35))
      policy.deny[at].push_back(random_cilium_rule(random, known, clusterwide, true, direction, taste));
    if (taste.lossy && random.chance(15)) policy.default_deny[at] = random.chance(50);
  }
  return policy;
}

void try_random(const Taste& taste, uint64_t first, uint64_t last, Tally& tally) {
  for (uint64_t seed = first; seed <= last; seed += kStep) {
    Random random(seed * 7919);
    model::Cluster before = oracle::random_cluster(seed, 10);
    before.policies.clear();
    for (auto& [name, ns] : before.namespaces) ns.audit = false;
    const auto known = oracle::known_addresses(before);
    std::vector<PolicyOf> policies;
    std::string text = surroundings_text(before);
    for (int left = random.between(1, 4); left > 0; --left) {
      policies.push_back(random_cilium_policy(random, known, left, taste));
      text += policy_text_of(policies.back());
    }
    const auto judge = [&](const SideOf& side) { return allows_cilium(side, policies); };
    if (taste.accepted)
      compare_accepted(before, text, judge, random, seed, tally);
    else
      compare(before, text, Dialect::kCilium, judge, seed, tally);
    if (testing::Test::HasFatalFailure()) return;
  }
}

TEST(Cilium, RandomPoliciesMeanTheSame) {
  Tally tally;
  try_random({}, 1, 300, tally);
  EXPECT_EQ(tally.whole + tally.refused, tally.clusters);
  EXPECT_LT(tally.refused, 10u);  // no Namespace is there
  EXPECT_GT(tally.denied, 1000u / kStep);
  EXPECT_GT(tally.allowed, 1000u / kStep);
}

// With an HTTP rule some requests are allowed: none are, once it is left out.
TEST(Cilium, WithLossesNothingMoreIsAllowed) {
  Tally tally;
  try_random({.lossy = true}, 1001, 1500, tally);
  EXPECT_GT(tally.clusters - tally.whole - tally.refused, 50u / kStep);
  EXPECT_GT(tally.narrowed, 100u / kStep);
}

TEST(Cilium, AcceptedPoliciesMeanTheSameHoweverTheyCome) {
  Tally tally;
  try_random({.accepted = true}, 2001, 2150, tally);
  EXPECT_GT(tally.whole, 130u / kStep);
  EXPECT_GT(tally.denied, 500u / kStep);
  EXPECT_GT(tally.allowed, 500u / kStep);
}

TEST(Cilium, AcceptedWithLossesNothingMoreIsAllowed) {
  Tally tally;
  try_random({.lossy = true, .accepted = true}, 3001, 3500, tally);
  EXPECT_GT(tally.clusters - tally.whole, 25u / kStep);
  EXPECT_GT(tally.narrowed, 50u / kStep);
}

}  // namespace
}  // namespace sluice::convert
