#include "bench/change/cluster.h"

#include <algorithm>

namespace sluice::bench {

using model::Change;
using model::LabelSelector;
using model::Operator;
using model::Requirement;

namespace {

constexpr uint32_t kFirstIfindex = 1000;
constexpr uint32_t kPodsPerNode = 100;
constexpr uint32_t kBroad =
    10;  // of so many namespaces one names a role of all, and one a block around all pods

net::Ip address4(uint8_t first, uint32_t number) {
  const std::array<uint8_t, 4> bytes = {first, static_cast<uint8_t>(64 + (number >> 16)),
                                        static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  return net::Ip::from_bytes(bytes).value();
}

net::Ip address6(uint32_t number) {
  std::array<uint8_t, 16> bytes = {0xfd};
  for (size_t i = 0; i < 4; ++i) bytes[15 - i] = static_cast<uint8_t>(number >> (8 * i));
  return net::Ip::from_bytes(bytes).value();
}

net::Cidr block(std::array<uint8_t, 4> base, int length) {
  return net::Cidr::of(net::Ip::from_bytes(base).value(), length).value();
}

std::string named(const char* what, uint32_t number) {
  return std::string(what) + std::to_string(number);
}

LabelSelector labelled(const std::string& key, const std::string& value) {
  return {{Requirement{key, Operator::kIn, {value}}}};
}

model::PolicyPort tcp(uint32_t first, uint32_t more = 0) {
  return {net::kTcp, net::PortRange{net::Port::from_host(static_cast<uint16_t>(first)),
                                    net::Port::from_host(static_cast<uint16_t>(first + more))}};
}

model::Peer pods(std::optional<LabelSelector> namespaces, std::optional<LabelSelector> pods) {
  return model::SelectorPeer{std::move(pods), std::move(namespaces)};
}

model::Node node_at(uint32_t number) {
  model::Node node{{"", named("node-", number)}, {address4(192, number)}};
  node.labels = {{"pool", named("pool-", number % 4)}};
  return node;
}

// turn: how many policies of the namespace come before.
std::vector<model::Rule> ingress_rules(uint32_t ns, uint32_t turn) {
  std::vector<model::Rule> rules;
  rules.push_back({{pods({}, labelled("app", named("app-", (turn + 3) % kApps)))},
                   {tcp(8000 + turn % 1000, turn % 3 == 0 ? 99 : 0)}});
  rules.push_back({{pods(labelled("team", named("team-", (ns + turn) % kTeams)),
                         labelled("role", named("role-", turn % kRoles)))},
                   {{net::kTcp, std::string("http")}}});
  if (turn == 0 && ns % kBroad == 0)
    rules.push_back(
        {{pods(LabelSelector{}, labelled("role", named("role-", ns / kBroad % kRoles)))}, {tcp(9090)}});
  return rules;
}

std::vector<model::Rule> egress_rules(uint32_t ns, uint32_t turn) {
  const auto low = static_cast<uint8_t>(turn), third = static_cast<uint8_t>(ns);
  std::vector<model::Rule> rules;
  rules.push_back({{pods(labelled(model::kNamespaceNameLabel, namespace_name(0)), {})},
                   {tcp(53), {net::kUdp, net::PortRange::one(net::Port::from_host(53))}}});
  rules.push_back(
      {{model::IpBlock{block({203, low, 0, 0}, 16), {block({203, low, third, 0}, 24)}}}, {tcp(443)}});
  rules.push_back({{pods(labelled("team", named("team-", (ns + turn + 1) % kTeams)),
                         labelled("role", named("role-", turn % kRoles)))},
                   {{net::kTcp, std::string("http")}}});
  if (turn == 0 && ns % kBroad == 1)
    rules.push_back(
        {{model::IpBlock{block({10, 64, 0, 0}, 12), {block({10, 64, third, 0}, 24)}}}, {tcp(5432)}});
  return rules;
}

}  // namespace

uint32_t namespaces(const Size& size) {
  return std::max(1u, size.pods / kPodsPerNamespace);
}

std::string namespace_name(uint32_t number) {
  return named("ns-", number);
}

model::Namespace namespace_at(uint32_t number, uint32_t team) {
  const std::string name = namespace_name(number);
  return {{"", name},
          {{model::kNamespaceNameLabel, name},
           {"cell", named("cell-", number / kNamespacesPerCell)},
           {"team", named("team-", team)}}};
}

model::Pod pod_at(const Size& size, uint32_t number) {
  const uint32_t ns = number / kPodsPerNamespace % namespaces(size), slot = number % kPodsPerNamespace;
  const uint32_t app = slot % kApps;
  model::Pod pod;
  pod.name = {namespace_name(ns), named("app-", app) + named("-", number)};
  pod.uid = named("uid-", number);
  pod.node_name = is_local(size, number) ? kNode : named("node-", 1 + number / kPodsPerNode);
  pod.labels = {{"app", named("app-", app)}, {"role", named("role-", app % kRoles)}};
  if (app + 1 == kApps)
    pod.labels["statefulset.kubernetes.io/pod-name"] = pod.name.name;
  else
    pod.labels["pod-template-hash"] = named("hash-", ns * kApps + app);
  pod.ips = {address4(10, number)};
  if (number % 10 == 0) pod.ips.push_back(address6(number));
  pod.ports = {{"http", net::kTcp, net::Port::from_host(static_cast<uint16_t>(8080 + app % 2))},
               {"metrics", net::kTcp, net::Port::from_host(9090)}};
  return pod;
}

uint32_t local_pod(const Size& size, uint32_t number) {
  const uint32_t around = namespaces(size);
  return number % around * kPodsPerNamespace + (number + number / around) % kPodsPerNamespace;
}

bool is_local(const Size& size, uint32_t pod) {
  const uint32_t around = namespaces(size), ns = pod / kPodsPerNamespace;
  for (uint32_t number = ns; pod < size.pods && number < size.local; number += around)
    if (local_pod(size, number) == pod) return true;
  return false;
}

compile::LocalPod local_at(const Size& size, uint32_t number) {
  return {pod_at(size, local_pod(size, number)).name, kFirstIfindex + number};
}

model::NetworkPolicy policy_at(const Size& size, uint32_t number) {
  const uint32_t ns = number % namespaces(size), turn = number / namespaces(size);
  model::NetworkPolicy policy;
  policy.name = {namespace_name(ns), named("policy-", turn)};
  if (turn % 5 != 0) policy.pod_selector = labelled("app", named("app-", turn % kApps));
  policy.ingress = ingress_rules(ns, turn);
  policy.isolates_egress = turn % 2 == 0;
  if (policy.isolates_egress) policy.egress = egress_rules(ns, turn);
  return policy;
}

model::Peer cell_peer(uint32_t cell) {
  return pods(labelled("cell", named("cell-", cell)), {});
}

model::Service service_at(const Size& size, uint32_t service) {
  const model::Pod lead = pod_at(size, service * kPodsPerService);
  model::Service result;
  result.name = {lead.name.ns, named("svc-", service)};
  result.addresses = {address4(100, service)};
  result.families = {net::Family::kIpv4};
  result.ports.push_back({"http", net::kTcp, net::Port::from_host(80), {}, std::string("http")});
  result.selector = model::Labels{{"app", lead.labels.at("app")}};
  return result;
}

model::EndpointSlice slice_at(const Size& size, uint32_t service) {
  const uint32_t lead = service * kPodsPerService;
  const model::Service owner = service_at(size, service);
  model::EndpointSlice slice;
  slice.name = {owner.name.ns, owner.name.name + "-1"};
  slice.service = owner.name.name;
  slice.ports.push_back({"http", net::kTcp, pod_at(size, lead).ports.front().port});
  for (uint32_t pod = lead; pod < lead + kPodsPerService; pod += kApps)
    slice.endpoints.push_back({{address4(10, pod)}, true, true, false});
  return slice;
}

World generate(const Size& size) {
  World world{size, {}, {}};
  auto& all = world.objects;
  all.reserve(size.pods + size.policies + size.pods / kPodsPerService * 2 + 2 * namespaces(size) + 2);
  for (uint32_t i = 0; i < size.pods; ++i) all.push_back(Change::upsert(pod_at(size, i)));
  for (uint32_t i = 0; i < namespaces(size); ++i) all.push_back(Change::upsert(namespace_at(i, team_of(i))));
  for (uint32_t i = 0; i <= size.pods / kPodsPerNode; ++i) all.push_back(Change::upsert(node_at(i)));
  for (uint32_t i = 0; i < size.pods / kPodsPerService; ++i) {
    all.push_back(Change::upsert(service_at(size, i)));
    all.push_back(Change::upsert(slice_at(size, i)));
  }
  for (uint32_t i = 0; i < size.policies; ++i) all.push_back(Change::upsert(policy_at(size, i)));
  for (uint32_t i = 0; i < size.tiers; ++i) all.push_back(Change::upsert(cluster_policy_at(i)));
  for (uint32_t i = 0; i < size.local; ++i) world.locals.push_back(local_at(size, i));
  return world;
}

}  // namespace sluice::bench
