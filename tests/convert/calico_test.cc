// Calico's policies as its reference has them ("Network policy", "Global network policy", "Tier", "Network set"): tiers and
// policies by order, then name; the first rule that matches counts; at the end of a tier that has a policy for the pod the
// tier's default action; after the last tier all is allowed.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/convert/calico_selectors.h"
#include "tests/convert/world.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/random_objects.h"

namespace sluice::convert {
namespace {

using model::Direction;
using model::Labels;
using oracle::Random;

// ---- objects

struct Rule {
  std::string action;
  std::optional<Expression> selector, namespaces;
  bool global_sets = false;  // namespaceSelector: global()
  std::vector<net::Cidr> nets, not_nets;
  std::string protocol;
  std::vector<std::string> ports, not_ports;
};
struct Policy {
  std::string ns, name, tier;
  std::optional<int> order;
  Expression subject;
  std::optional<Expression> namespaces;
  bool types[2] = {false, false};
  std::vector<Rule> rules[2];
};
struct Tier {
  std::string name;
  double order = 0;
  bool passes = false;
};
struct Set {
  std::string ns, name;
  Labels labels;
  std::vector<net::Cidr> nets;
};
struct World {
  std::vector<Tier> tiers;
  std::vector<Policy> policies;
  std::vector<Set> sets;
};

std::string quoted(const std::string& text) {
  return "\"" + text + "\"";
}
std::string list(const std::vector<std::string>& texts) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
  return "[" + all + "]";
}
std::string cidrs_text(const std::vector<net::Cidr>& cidrs) {
  std::vector<std::string> texts;
  for (const net::Cidr& cidr : cidrs) texts.push_back(quoted(cidr.to_text()));
  return list(texts);
}

std::string map_text(const std::vector<std::string>& parts) {
  const std::string all = list(parts);
  return "{" + all.substr(1, all.size() - 2) + "}";
}

std::string rule_as_text(const Rule& rule, Direction direction) {
  std::vector<std::string> peer, destination, parts = {"action: " + rule.action};
  if (rule.selector) peer.push_back("selector: " + quoted(rule.selector->text()));
  if (rule.namespaces) peer.push_back("namespaceSelector: " + quoted(rule.namespaces->text()));
  if (rule.global_sets) peer.push_back("namespaceSelector: \"global()\"");
  if (!rule.nets.empty()) peer.push_back("nets: " + cidrs_text(rule.nets));
  if (!rule.not_nets.empty()) peer.push_back("notNets: " + cidrs_text(rule.not_nets));
  std::vector<std::string>& with_ports = direction == Direction::kIngress ? destination : peer;
  if (!rule.ports.empty()) with_ports.push_back("ports: " + list(rule.ports));
  if (!rule.not_ports.empty()) with_ports.push_back("notPorts: " + list(rule.not_ports));
  if (!rule.protocol.empty()) parts.push_back("protocol: " + rule.protocol);
  parts.push_back((direction == Direction::kIngress ? "source: " : "destination: ") + map_text(peer));
  if (direction == Direction::kIngress && !destination.empty())
    parts.push_back("destination: " + map_text(destination));
  return map_text(parts);
}

std::string as_text(const World& world) {
  std::string text;
  const auto add = [&](const std::string& kind, const std::string& ns, const std::string& name,
                       const std::string& labels, const std::vector<std::string>& spec) {
    text += "---\napiVersion: projectcalico.org/v3\nkind: " + kind + "\nmetadata: {name: " + name +
            (ns.empty() ? "" : ", namespace: " + ns) + labels + "}\nspec: " + map_text(spec) + "\n";
  };
  for (const Tier& tier : world.tiers)
    add("Tier", "", tier.name, "",
        {"order: " + std::to_string(tier.order),
         std::string("defaultAction: ") + (tier.passes ? "Pass" : "Deny")});
  for (const Set& set : world.sets) {
    std::vector<std::string> labels;
    for (const auto& [key, value] : set.labels) labels.push_back(quoted(key) + ": " + quoted(value));
    add(set.ns.empty() ? "GlobalNetworkSet" : "NetworkSet", set.ns, set.name, ", labels: " + map_text(labels),
        {"nets: " + cidrs_text(set.nets)});
  }
  for (const Policy& policy : world.policies) {
    std::vector<std::string> spec = {"tier: " + policy.tier, "selector: " + quoted(policy.subject.text())},
                             types;
    if (policy.order) spec.push_back("order: " + std::to_string(*policy.order));
    if (policy.namespaces) spec.push_back("namespaceSelector: " + quoted(policy.namespaces->text()));
    for (const Direction direction : model::kDirections) {
      const auto at = static_cast<size_t>(direction);
      if (policy.types[at]) types.emplace_back(at == 0 ? "Ingress" : "Egress");
      std::vector<std::string> rules;
      for (const Rule& rule : policy.rules[at]) rules.push_back(rule_as_text(rule, direction));
      if (!rules.empty()) spec.push_back(std::string(model::to_text(direction)) + ": " + list(rules));
    }
    spec.push_back("types: " + list(types));
    add(policy.ns.empty() ? "GlobalNetworkPolicy" : "NetworkPolicy", policy.ns, policy.name, "", spec);
  }
  return text;
}

// ---- what it means

Labels workload_labels(const model::Pod& pod) {
  Labels labels = pod.labels;
  labels["projectcalico.org/namespace"] = pod.name.ns;
  return labels;
}

Labels namespace_labels_of(const SideOf& side, const std::string& ns) {
  Labels labels = labels_of(side.cluster, ns);
  labels["projectcalico.org/name"] = ns;
  return labels;
}

bool holds_one(const std::vector<net::Cidr>& cidrs, const net::Ip& ip) {
  return std::ranges::any_of(cidrs, [&](const net::Cidr& cidr) { return cidr.contains(ip); });
}

bool selected(const SideOf& side, const World& world, const Policy& policy, const Rule& rule) {
  const auto in = [&](const std::string& ns) {
    if (rule.global_sets) return false;
    if (rule.namespaces) return rule.namespaces->holds(namespace_labels_of(side, ns));
    return policy.ns.empty() || policy.ns == ns;
  };
  const Expression all, &selector = rule.selector ? *rule.selector : all;
  if (side.peer.pod && in(side.peer.pod->name.ns) && selector.holds(workload_labels(*side.peer.pod)))
    return true;
  return std::ranges::any_of(world.sets, [&](const Set& set) {
    const bool reached =
        set.ns.empty() ? rule.global_sets || (policy.ns.empty() && !rule.namespaces) : in(set.ns);
    return reached && selector.holds(set.labels) && holds_one(set.nets, side.peer.ip);
  });
}

bool port_listed(const SideOf& side, const std::vector<std::string>& ports) {
  return std::ranges::any_of(ports, [&](const std::string& quoted_port) {
    const std::string port = quoted_port.substr(1, quoted_port.size() - 2);
    if (std::isalpha(static_cast<unsigned char>(port[0])))
      return side.destination &&
             std::ranges::any_of(side.destination->ports, [&](const model::ContainerPort& one) {
               return one.name == port && one.protocol == side.protocol && one.port == *side.port;
             });
    const size_t colon = port.find(':');
    const int first = std::stoi(port), last = colon == port.npos ? first : std::stoi(port.substr(colon + 1));
    return first <= side.port->host() && side.port->host() <= last;
  });
}

bool rule_matches_side(const SideOf& side, const World& world, const Policy& policy, const Rule& rule) {
  if (!rule.protocol.empty() && rule.protocol != side.protocol.to_text()) return false;
  if (!rule.ports.empty() && !port_listed(side, rule.ports)) return false;
  if (!rule.not_ports.empty() && port_listed(side, rule.not_ports)) return false;
  if (!rule.nets.empty() && !holds_one(rule.nets, side.peer.ip)) return false;
  if (holds_one(rule.not_nets, side.peer.ip)) return false;
  return (!rule.selector && !rule.namespaces && !rule.global_sets) || selected(side, world, policy, rule);
}

bool applies(const SideOf& side, const Policy& policy) {
  if (!policy.types[static_cast<size_t>(side.direction)]) return false;
  if (!policy.ns.empty() && policy.ns != side.self.name.ns) return false;
  if (policy.namespaces && !policy.namespaces->holds(namespace_labels_of(side, side.self.name.ns)))
    return false;
  return policy.subject.holds(workload_labels(side.self));
}

bool allows_calico(const SideOf& side, const World& world) {
  std::vector<Tier> tiers = world.tiers;
  std::ranges::sort(tiers, {}, [](const Tier& tier) { return std::pair(tier.order, tier.name); });
  for (const Tier& tier : tiers) {
    std::vector<const Policy*> policies;
    for (const Policy& policy : world.policies)
      if (policy.tier == tier.name && applies(side, policy)) policies.push_back(&policy);
    if (policies.empty()) continue;
    std::ranges::sort(policies, {}, [](const Policy* policy) {
      return std::pair(policy->order.value_or(1 << 30), policy->name);
    });
    std::string action;
    for (const Policy* policy : policies)
      for (const Rule& rule : policy->rules[static_cast<size_t>(side.direction)])
        if (action.empty() && rule.action != "Log" && rule_matches_side(side, world, *policy, rule))
          action = rule.action;
    if (action.empty()) action = tier.passes ? "Pass" : "Deny";
    if (action != "Pass") return action == "Allow";
  }
  return true;
}

// ---- at random

enum class Taste : uint8_t { kAllowOnly, kOrdered, kFront, kAnything };

net::Cidr random_net(Random& random, const std::vector<net::Ip>& known, bool outside) {
  if (outside)
    return net::Cidr::parse(random.pick<std::string>(
                                {"198.51.100.0/24", "203.0.113.0/25", "2001:db8:1::/48", "203.0.112.0/22"}))
        .value();
  const net::Ip ip = random.pick(known);
  return net::Cidr::of(ip,
                       random.pick({net::address_bits(ip.family()), net::address_bits(ip.family()) - 4, 8}))
      .value();
}

Rule random_calico_rule(Random& random, const std::vector<net::Ip>& known, bool global, Direction direction,
                        Taste taste) {
  Rule rule;
  rule.action = random.pick<std::string>({"Allow", "Allow", "Allow", "Log"});
  if (taste != Taste::kAllowOnly && random.chance(40)) rule.action = "Deny";
  if (taste == Taste::kAnything && random.chance(20)) rule.action = "Pass";
  const bool outside =
      direction == Direction::kIngress && (taste == Taste::kOrdered || taste == Taste::kFront);
  const int kind = random.between(0, 9);
  if (kind <= 4) {
    rule.selector = random_expression(random, 1, "projectcalico.org/namespace");
    if (random.chance(30)) rule.namespaces = random_expression(random, 1, "projectcalico.org/name");
  } else if (kind <= 6) {
    rule.nets = {random_net(random, known, outside)};
    if (random.chance(40)) rule.not_nets = {random_net(random, known, outside)};
  } else if (kind == 7 && !outside) {
    rule.not_nets = {random_net(random, known, outside)};
  } else if (kind == 8 && !global) {
    rule.selector = random_expression(random, 0, "projectcalico.org/namespace");
    rule.global_sets = true;
  }
  if (random.chance(50)) {
    rule.protocol = random.pick<std::string>({"TCP", "UDP", "SCTP"});
    const bool named = taste == Taste::kAllowOnly || taste == Taste::kAnything;
    for (int left = random.between(0, 2); left > 0; --left) {
      const int first = random.pick(oracle::kPortNumbers);
      rule.ports.push_back(quoted(named && random.chance(25) ? random.pick(oracle::kPortNames)
                                  : random.chance(40)        ? std::to_string(first) + ":" +
                                                            std::to_string(std::min(65535, first + 300))
                                                      : std::to_string(first)));
    }
    if (random.chance(20) && (rule.ports.empty() || !named))
      rule.not_ports = {quoted(std::to_string(random.pick(oracle::kPortNumbers)))};
  }
  return rule;
}

Policy random_calico_policy(Random& random, const std::vector<net::Ip>& known, int number,
                            const std::string& tier, Taste taste) {
  Policy policy;
  const bool global = random.chance(40);
  if (!global) policy.ns = random.pick(oracle::kNamespaces);
  policy.name = "p" + std::to_string(number);
  policy.tier = tier;
  if (random.chance(80)) policy.order = random.between(1, 4);
  policy.subject = random_expression(random, 1, "projectcalico.org/namespace");
  if (global && random.chance(30)) policy.namespaces = random_expression(random, 1, "projectcalico.org/name");
  for (const Direction direction : model::kDirections) {
    const auto at = static_cast<size_t>(direction);
    policy.types[at] = random.chance(70);
    if (!policy.types[at]) continue;
    for (int left = random.between(0, 3); left > 0; --left)
      policy.rules[at].push_back(random_calico_rule(random, known, global, direction, taste));
    if (taste == Taste::kFront) {  // denies, and leaves the rest
      std::erase_if(policy.rules[at],
                    [&](const Rule& rule) { return rule.action == "Allow" || (at == 0 && !rule.selector); });
      Rule pass;
      pass.action = "Pass";
      policy.rules[at].push_back(pass);
    }
  }
  if (!policy.types[0] && !policy.types[1]) policy.types[0] = true;
  return policy;
}

World random_world(Random& random, const std::vector<net::Ip>& known, Taste taste) {
  World world;
  for (int left = random.between(0, 3); left > 0; --left) {
    Set set{random.chance(50) ? "" : random.pick(oracle::kNamespaces),
            "set-" + std::to_string(left),
            oracle::random_labels(random),
            {}};
    set.nets = {random_net(random, known, taste != Taste::kAllowOnly && taste != Taste::kAnything)};
    world.sets.push_back(std::move(set));
  }
  world.tiers.push_back(
      {"default", 1e6, (taste == Taste::kAnything || taste == Taste::kOrdered) && random.chance(20)});
  if (taste == Taste::kFront || (taste == Taste::kAnything && random.chance(60)))
    world.tiers.push_back({"front", 10.5, random.chance(30)});
  if (taste == Taste::kAnything && random.chance(30))
    world.tiers.push_back({"middle", 20, random.chance(30)});
  int number = 0;
  for (const Tier& tier : world.tiers) {
    const Taste here = taste == Taste::kFront && tier.name == "default" ? Taste::kAllowOnly : taste;
    for (int left = random.between(1, 3); left > 0; --left)
      world.policies.push_back(random_calico_policy(random, known, number++, tier.name, here));
  }
  return world;
}

Tally try_calico(Taste taste, uint64_t first, uint64_t last) {
  Tally tally;
  for (uint64_t seed = first; seed <= last; seed += kStep) {
    Random random(seed * 104729);
    model::Cluster before = oracle::random_cluster(seed, 10);
    before.policies.clear();
    for (auto& [name, ns] : before.namespaces) ns.audit = false;
    const World world = random_world(random, oracle::known_addresses(before), taste);
    compare(
        before, surroundings_text(before) + as_text(world), Dialect::kCalico,
        [&](const SideOf& side) { return allows_calico(side, world); }, seed, tally);
    if (testing::Test::HasFatalFailure()) return tally;
  }
  return tally;
}

TEST(Calico, WhatOnlyAllowsMeansTheSame) {
  const Tally tally = try_calico(Taste::kAllowOnly, 1, 200);
  // Where no Namespace is there a policy of all of them is refused, or is a row, which knows no names of ports.
  EXPECT_GT(tally.whole, tally.clusters * 9 / 10);
  EXPECT_GT(tally.denied, 1000u / kStep);
  EXPECT_GT(tally.allowed, 1000u / kStep);
}

TEST(Calico, AnOrderMeansTheSame) {
  const Tally tally = try_calico(Taste::kOrdered, 1001, 1300);
  EXPECT_GT(tally.whole, 100u / kStep);
  EXPECT_GT(tally.denied, 1000u / kStep);
  EXPECT_GT(tally.allowed, 1000u / kStep);
}

TEST(Calico, ATierThatPassesTheRestMeansTheSame) {
  const Tally tally = try_calico(Taste::kFront, 2001, 2300);
  EXPECT_GT(tally.whole, 100u / kStep);
  EXPECT_GT(tally.denied, 1000u / kStep);
  EXPECT_GT(tally.allowed, 1000u / kStep);
}

TEST(Calico, WithLossesNothingMoreIsAllowed) {
  const Tally tally = try_calico(Taste::kAnything, 83001, 85500);
  EXPECT_GT(tally.clusters - tally.whole - tally.refused, 100u / kStep);
  EXPECT_GT(tally.narrowed, 100u / kStep);
}

}  // namespace
}  // namespace sluice::convert
