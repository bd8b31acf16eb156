#include "bench/change/events.h"

#include <algorithm>

namespace sluice::bench {

using model::Change;

namespace {

constexpr uint32_t kStride = 7919;  // prime: spreads numbers over the objects

// One that is no local pod's.
uint32_t remote_pod(const Size& size, uint32_t number) {
  uint32_t pod = number * kStride % size.pods;
  while (is_local(size, pod)) pod = (pod + 1) % size.pods;
  return pod;
}

model::Pod local(const Size& size, uint32_t number) {
  return pod_at(size, local_pod(size, number % size.local));
}

}  // namespace

Event pod_added(const Size& size, uint32_t number) {
  const model::Pod pod = pod_at(size, size.pods + number);
  return {Change::upsert(pod), Change::remove({model::Kind::kPod, pod.name})};
}

Event pod_relabelled(const Size& size, uint32_t number) {
  const model::Pod before = pod_at(size, remote_pod(size, number));
  model::Pod after = before;
  after.labels["role"] = "role-" + std::to_string((number + 1) % kRoles);
  if (after.labels == before.labels) after.labels["role"] = "role-" + std::to_string((number + 2) % kRoles);
  return {Change::upsert(after), Change::upsert(before)};
}

Event namespace_relabelled(const Size& size, uint32_t number) {
  const uint32_t ns = number * kStride % namespaces(size);
  return {Change::upsert(namespace_at(ns, (team_of(ns) + 1) % kTeams)),
          Change::upsert(namespace_at(ns, team_of(ns)))};
}

// One that selects the app of a local pod.
Event policy_added(const Size& size, uint32_t number) {
  const model::Pod pod = local(size, number);
  model::NetworkPolicy policy = policy_at(size, size.policies + number);
  policy.name = {pod.name.ns, "added-" + std::to_string(number)};
  policy.pod_selector = {{{"app", model::Operator::kIn, {pod.labels.at("app")}}}};
  return {Change::upsert(policy), Change::remove({model::Kind::kNetworkPolicy, policy.name})};
}

Event cluster_policy_changed(const Size& size, uint32_t number) {
  const model::ClusterNetworkPolicy before = cluster_policy_at(number % std::max(1u, size.tiers));
  model::ClusterNetworkPolicy after = before;
  after.egress.front().action = model::Action::kAccept;
  return {Change::upsert(after), Change::upsert(before)};
}

Event service_changed(const Size& size, uint32_t number) {
  const model::EndpointSlice before = slice_at(size, number * kStride % (size.pods / kPodsPerService));
  model::EndpointSlice after = before;
  for (model::Endpoint& endpoint : after.endpoints) endpoint.ready = endpoint.serving = false;
  return {Change::upsert(after), Change::upsert(before)};
}

// Of a policy that selects every pod of a local pod's namespace.
Event policy_of_a_cell(const Size& size, uint32_t number) {
  const uint32_t around = std::min({size.local, size.policies, namespaces(size)});
  const model::NetworkPolicy before = policy_at(size, number % around);
  model::NetworkPolicy after = before;
  const uint32_t cells = std::max(1u, namespaces(size) / kNamespacesPerCell);
  const net::Port port = net::Port::from_host(7000);
  after.ingress.push_back({{cell_peer(number * kStride % cells)}, {{net::kTcp, net::PortRange::one(port)}}});
  return {Change::upsert(after), Change::upsert(before)};
}

}  // namespace sluice::bench
