#include "tests/convert/world.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/reference/reference.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/text.h"

namespace sluice::convert {
namespace {

constexpr size_t kProbes = 150;

bool is_of_own_node(const model::Cluster& cluster, const model::Pod& pod, const net::Ip& ip) {
  const auto addresses = reference::own_node_addresses(cluster, pod);
  return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
}

bool is_the_engines_own(const model::Cluster& cluster, const model::PodAddresses& addresses,
                        const model::ResolvedProbe& probe) {
  const model::Pod *from = probe.from.pod, *to = probe.to.pod;
  if (from && is_of_own_node(cluster, *from, probe.to.ip)) return true;
  if (to && is_of_own_node(cluster, *to, probe.from.ip)) return true;
  if (from && to && from->name == to->name) return true;
  if (probe.family() == net::Family::kIpv6 && probe.protocol.is_ipv6_extension()) return true;
  return model::goes_to_service(cluster, addresses, probe);
}

struct Compared {
  const model::Cluster& after;
  const Conversion& made;
  const Judge& judge;
  const std::string& text;
  Tally& tally;

  void side(const SideOf& side, model::Side said, const model::Probe& probe) {
    const bool wanted = judge(side), allowed = said != model::Side::kDeny;
    ++(wanted ? tally.allowed : tally.denied);
    if (wanted && !allowed && !made.losses.empty()) ++tally.narrowed;
    const bool agree = made.losses.empty() ? wanted == allowed : wanted || !allowed;
    if (agree) return;
    std::string objects;
    for (const Loss& loss : made.losses) objects += "loss: " + loss.to_text() + "\n";
    FAIL() << model::to_text(probe) << " " << model::to_text(side.direction) << ": the source says "
           << (wanted ? "allow" : "deny") << "\n"
           << text << "\n"
           << objects << oracle::to_yaml(after);
  }
};

}  // namespace

std::vector<net::Cidr> addresses_of(const model::Cluster& cluster) {
  std::vector<net::Cidr> cidrs;
  for (const auto& [name, pod] : cluster.pods)
    if (pod.takes_part())
      for (const net::Ip& ip : pod.ips) cidrs.push_back(net::Cidr::host(ip));
  for (const auto& [name, node] : cluster.nodes)
    for (const net::Ip& ip : node.addresses) cidrs.push_back(net::Cidr::host(ip));
  return cidrs;
}

std::string selector_text(const model::LabelSelector& selector) {
  static constexpr const char* kOperators[] = {"In", "NotIn", "Exists", "DoesNotExist"};
  std::string text;
  for (const model::Requirement& one : selector.requirements) {
    std::string values;
    for (const std::string& value : one.values) values += (values.empty() ? "\"" : ", \"") + value + "\"";
    text += (text.empty() ? "" : ", ") + ("{key: \"" + one.key + "\", operator: ") +
            kOperators[static_cast<size_t>(one.op)] + (values.empty() ? "}" : ", values: [" + values + "]}");
  }
  return text.empty() ? "{}" : "{matchExpressions: [" + text + "]}";
}

bool selects(const model::LabelSelector& selector, const model::Labels& labels) {
  return std::all_of(selector.requirements.begin(), selector.requirements.end(), [&](const auto& one) {
    const auto label = labels.find(one.key);
    const bool there = label != labels.end();
    const bool listed = there && std::count(one.values.begin(), one.values.end(), label->second) > 0;
    switch (one.op) {
      case model::Operator::kIn:
        return listed;
      case model::Operator::kNotIn:
        return !listed;
      case model::Operator::kExists:
        return there;
      case model::Operator::kDoesNotExist:
        return !there;
    }
    return false;
  });
}

model::Labels labels_of(const model::Cluster& cluster, const std::string& ns) {
  return reference::labels_of_namespace(cluster, ns);
}

bool is_address_of_a_node(const model::Cluster& cluster, const net::Ip& ip) {
  return std::any_of(cluster.nodes.begin(), cluster.nodes.end(), [&](const auto& entry) {
    const auto& addresses = entry.second.addresses;
    return std::find(addresses.begin(), addresses.end(), ip) != addresses.end();
  });
}

std::string surroundings_text(const model::Cluster& cluster) {
  model::Cluster seen;
  seen.pods = cluster.pods;
  seen.namespaces = cluster.namespaces;
  if (!seen.namespaces.empty())
    for (const auto& [name, pod] : cluster.pods)
      seen.namespaces.try_emplace({"", name.ns},
                                  model::Namespace{{"", name.ns}, cluster.namespace_labels(name.ns)});
  seen.nodes = cluster.nodes;
  return oracle::to_yaml(seen);
}

void compare_objects(const model::Cluster& before, const model::Cluster& after, const Conversion& made,
                     const std::string& text, const Judge& judge, uint64_t seed, Tally& tally) {
  const reference::Reference reference(after);
  const model::PodAddresses addresses(after);
  Compared compared{after, made, judge, text, tally};
  for (const model::Probe& probe : oracle::random_probes(before, seed, kProbes)) {
    const auto resolved = model::resolve(after, addresses, probe);
    if (!resolved || is_the_engines_own(after, addresses, *resolved)) continue;
    const auto answer = reference.evaluate(probe);
    ASSERT_TRUE(answer.ok());
    const auto& [from, to, protocol, port] = *resolved;
    if (from.pod)
      compared.side({after, *from.pod, model::Direction::kEgress, to, to.pod, protocol, port}, answer->egress,
                    probe);
    if (to.pod)
      compared.side({after, *to.pod, model::Direction::kIngress, from, to.pod, protocol, port},
                    answer->ingress, probe);
    if (testing::Test::HasFatalFailure()) return;
  }
}

void compare(const model::Cluster& before, const std::string& text, Dialect dialect, const Judge& judge,
             uint64_t seed, Tally& tally) {
  const Conversion made = convert(text, "f", dialect, addresses_of(before));
  ++tally.clusters;
  ASSERT_TRUE(made.problems.empty()) << made.problems.front() << "\n" << text;
  if (!made.holds(true)) {
    ++tally.refused;
    return;
  }
  tally.whole += made.losses.empty();
  model::Cluster after = before;
  for (const model::Object& object : made.objects) after.apply(model::Change::upsert(object));
  compare_objects(before, after, made, text, judge, seed, tally);
}

}  // namespace sluice::convert
