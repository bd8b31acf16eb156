#include "tests/oracle/random_cluster.h"

#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

using model::Change;
using model::Cluster;
using model::Object;
using model::ObjectName;

// A name that no object of the map has, such as "pod-12".
template <typename Value>
ObjectName free_name(const std::map<ObjectName, Value>& taken, const std::string& ns,
                     const std::string& stem) {
  for (size_t i = taken.size();; ++i)
    if (ObjectName name{ns, stem + "-" + std::to_string(i)}; !taken.contains(name)) return name;
}

std::vector<Change> upsert(Object object) {
  return {Change::upsert(std::move(object))};
}

std::vector<Change> add_pod(Random& random, const Cluster& cluster) {
  return upsert(random_pod(random, cluster, free_name(cluster.pods, random.pick(kNamespaces), "pod")));
}

std::vector<Change> add_policy(Random& random, const Cluster& cluster) {
  return upsert(
      random_policy(random, cluster, free_name(cluster.policies, random.pick(kNamespaces), "policy")));
}

std::vector<Change> add_service(Random& random, const Cluster& cluster) {
  const ObjectName name = free_name(cluster.services, random.pick(kNamespaces), "service");
  auto service = random_service(random, cluster, name);
  if (!service) return {};
  auto changes = upsert(*service);
  for (auto& slice : random_slices(random, cluster, *service))
    changes.push_back(Change::upsert(std::move(slice)));
  return changes;
}

std::vector<Change> add_node(Random& random, const Cluster& cluster) {
  const ObjectName name = free_name(cluster.nodes, "", "node");
  return upsert(random_node(random, name.name, static_cast<int>(cluster.nodes.size())));
}

void happen(Cluster& cluster, const std::vector<Change>& changes) {
  for (const Change& change : changes) cluster.apply(change);
}

// ---- Changes
// ----------------------------------------------------------------------------------------------------

template <typename Value>
const Value* any(Random& random, const std::map<ObjectName, Value>& objects) {
  if (objects.empty()) return nullptr;
  auto at = objects.begin();
  std::advance(at, static_cast<long>(random.below(objects.size())));
  return &at->second;
}

template <typename Value>
std::vector<Change> remove_any(Random& random, const std::map<ObjectName, Value>& objects) {
  const Value* object = any(random, objects);
  if (!object) return {};
  return {Change::remove(model::id_of(*object))};
}

std::vector<Change> change_pod(Random& random, const Cluster& cluster) {
  const model::Pod* old = any(random, cluster.pods);
  if (!old) return {};
  model::Pod pod = *old;
  switch (random.below(7)) {
    case 0:
      pod.labels = random_labels(random);
      break;
    case 1:
      pod.phase = model::PodPhase::kSucceeded, pod.ready = false;
      break;
    case 2:
      pod.ready = !pod.ready;
      break;
    case 3:
      if (!pod.ips.empty()) return remove_any(random, cluster.pods);
      pod.ips = random_pod(random, cluster, pod.name).ips;  // the IP that it waited for
      pod.phase = model::PodPhase::kRunning;
      break;
    case 4:
      pod.terminating = true;  // and may be ready till it ends
      break;
    case 5:  // another of the same name, as a StatefulSet's: its ports and its node may be others
      pod = random_pod(random, cluster, pod.name);
      break;
    case 6:
      pod.source_prefixes = random_pod(random, cluster, pod.name).source_prefixes;
  }
  return upsert(pod);
}

// A new pod takes over the IPs of one that ends at the same time, or whose end nobody has told us yet.
std::vector<Change> reuse_ip(Random& random, const Cluster& cluster) {
  const model::Pod* old = any(random, cluster.pods);
  if (!old || old->host_network || old->ips.empty()) return add_pod(random, cluster);
  model::Pod heir = random_pod(random, cluster, free_name(cluster.pods, random.pick(kNamespaces), "pod"));
  if (heir.host_network) return upsert(heir);
  heir.ips = old->ips;
  heir.created = old->created + 1;
  if (heir.phase == model::PodPhase::kPending) heir.phase = model::PodPhase::kRunning;
  auto changes = upsert(heir);
  if (random.chance(33)) changes.insert(changes.begin(), Change::remove(model::id_of(*old)));
  if (random.chance(33)) changes.push_back(Change::remove(model::id_of(*old)));
  return changes;
}

std::vector<Change> change_namespace(Random& random, const Cluster& cluster) {
  if (random.chance(20)) return remove_any(random, cluster.namespaces);
  return upsert(random_namespace(random, cluster, random.pick(kNamespaces)));
}

std::vector<Change> change_policy(Random& random, const Cluster& cluster) {
  const model::NetworkPolicy* old = any(random, cluster.policies);
  if (!old) return {};
  return upsert(random_policy(random, cluster, old->name));
}

std::vector<Change> remove_service(Random& random, const Cluster& cluster) {
  const model::Service* service = any(random, cluster.services);
  if (!service) return {};
  std::vector<Change> changes = {Change::remove(model::id_of(*service))};
  for (const auto& [name, slice] : cluster.endpoint_slices)
    if (name.ns == service->name.ns && slice.service == service->name.name)
      changes.push_back(Change::remove(model::id_of(slice)));
  return changes;
}

// The Service keeps its name; addresses, ports and selector are drawn anew.
std::vector<Change> change_service(Random& random, const Cluster& cluster) {
  const model::Service* old = any(random, cluster.services);
  if (!old) return {};
  Cluster without = cluster;
  without.services.erase(old->name);
  auto service = random_service(random, without, old->name);
  if (!service) return {};
  return upsert(*service);
}

std::vector<Change> change_slice(Random& random, const Cluster& cluster) {
  const model::EndpointSlice* old = any(random, cluster.endpoint_slices);
  if (!old || random.chance(15)) return remove_any(random, cluster.endpoint_slices);
  model::EndpointSlice slice = *old;
  if (slice.endpoints.empty() || random.chance(30)) {
    const model::Service* service = any(random, cluster.services);
    if (!service) return {};
    std::vector<Change> changes;
    for (auto& drawn : random_slices(random, cluster, *service))
      changes.push_back(Change::upsert(std::move(drawn)));
    return changes;
  }
  model::Endpoint& endpoint = slice.endpoints[random.below(slice.endpoints.size())];
  endpoint.ready = !endpoint.ready;
  endpoint.terminating = !endpoint.ready && random.chance(50);
  endpoint.serving = endpoint.ready || endpoint.terminating;
  return upsert(slice);
}

std::vector<Change> change_node(Random& random, const Cluster& cluster) {
  const model::Node* old = any(random, cluster.nodes);
  if (!old || random.chance(15)) return add_node(random, cluster);
  if (random.chance(10)) return remove_any(random, cluster.nodes);
  model::Node node = random_node(random, old->name.name, random.between(0, 9));
  node.labels = old->labels;
  if (!cluster.cluster_policies.empty()) node.labels = random_labels(random);
  return upsert(node);
}

std::vector<Change> change_cluster_policy(Random& random, const Cluster& cluster) {
  const model::ClusterNetworkPolicy* old = any(random, cluster.cluster_policies);
  if (!old) return {};
  if (random.chance(30)) return {Change::remove(model::id_of(*old))};
  if (random.chance(40))
    return upsert(random_cluster_policy(random, cluster, free_name(cluster.cluster_policies, "", "tier")));
  model::ClusterNetworkPolicy policy = *old;
  if (random.chance(40))
    policy.priority = 1000 - policy.priority;  // two may change places
  else
    policy = random_cluster_policy(random, cluster, old->name);
  return upsert(policy);
}

using Draw = std::vector<Change> (*)(Random&, const Cluster&);
const std::vector<Draw> kDraws = {
    add_pod,
    add_pod,
    change_pod,
    change_pod,
    change_pod,
    reuse_ip,
    add_policy,
    change_policy,
    change_policy,
    change_namespace,
    add_service,
    change_service,
    remove_service,
    change_slice,
    change_slice,
    change_node,
    change_cluster_policy,
    change_cluster_policy,
    [](Random& random, const Cluster& cluster) { return remove_any(random, cluster.pods); },
    [](Random& random, const Cluster& cluster) { return remove_any(random, cluster.policies); },
};

}  // namespace

Cluster random_cluster(uint64_t seed, int pods) {
  Random random(seed);
  Cluster cluster;
  for (const std::string& name : kNamespaces)
    if (name != "unlisted" && random.chance(80))
      happen(cluster, upsert(random_namespace(random, cluster, name)));
  for (int left = 1 + random.between(0, 1) + pods / 20; left > 0; --left)
    happen(cluster, add_node(random, cluster));
  for (int left = pods; left > 0; --left) happen(cluster, add_pod(random, cluster));
  for (int left = random.between(0, 2) + pods / 6; left > 0; --left)
    happen(cluster, add_service(random, cluster));
  for (int left = 1 + random.between(0, 2) + pods / 3; left > 0; --left)
    happen(cluster, add_policy(random, cluster));
  return cluster;
}

Cluster with_tiers(Cluster cluster, uint64_t seed) {
  Random random(seed ^ 0x7169e25);
  for (auto& [name, node] : cluster.nodes) node.labels = random_labels(random);
  for (int left = 1 + random.between(0, 3) + static_cast<int>(cluster.pods.size()) / 15; left > 0; --left)
    happen(cluster,
           upsert(random_cluster_policy(random, cluster, free_name(cluster.cluster_policies, "", "tier"))));
  return cluster;
}

std::vector<Change> random_change(const Cluster& cluster, uint64_t seed) {
  Random random(seed);
  while (true) {
    auto changes = random.pick(kDraws)(random, cluster);
    if (!changes.empty()) return changes;
  }
}

}  // namespace sluice::oracle
