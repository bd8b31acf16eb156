#include "agent/model/cluster.h"

namespace sluice::model {
namespace {

// Calls visit(map) for each of the cluster's maps, in the order of Kind.
template <typename ClusterType, typename Visit>
void for_each_map(ClusterType& cluster, Visit visit) {
  visit(cluster.pods, Kind::kPod);
  visit(cluster.namespaces, Kind::kNamespace);
  visit(cluster.nodes, Kind::kNode);
  visit(cluster.services, Kind::kService);
  visit(cluster.endpoint_slices, Kind::kEndpointSlice);
  visit(cluster.policies, Kind::kNetworkPolicy);
  visit(cluster.cluster_policies, Kind::kClusterNetworkPolicy);
}

void share_lists(Cluster& cluster, NetworkPolicy& policy) {
  cluster.selectors.share(policy.pod_selector.requirements);
  for (auto* rules : {&policy.ingress, &policy.egress})
    for (Rule& rule : *rules)
      for (Peer& peer : rule.peers)
        if (auto* selected = std::get_if<SelectorPeer>(&peer))
          for (auto* selector : {&selected->pod_selector, &selected->namespace_selector})
            if (*selector) cluster.selectors.share((*selector)->requirements);
}

void share_lists(Cluster& cluster, ClusterNetworkPolicy& policy) {
  cluster.selectors.share(policy.subject.namespaces.requirements);
  cluster.selectors.share(policy.subject.pods.requirements);
  for (auto* rules : {&policy.ingress, &policy.egress})
    for (ClusterRule& rule : *rules) {
      cluster.protocols.share(rule.protocols);
      for (ClusterPeer& peer : rule.peers) {
        if (auto* pods = std::get_if<PodsPeer>(&peer)) {
          cluster.selectors.share(pods->namespaces.requirements);
          cluster.selectors.share(pods->pods.requirements);
        }
        if (auto* nodes = std::get_if<NodesPeer>(&peer)) cluster.selectors.share(nodes->nodes.requirements);
        if (auto* networks = std::get_if<NetworksPeer>(&peer)) cluster.networks.share(networks->cidrs);
      }
    }
}

template <typename Other>
void share_lists(Cluster&, Other&) {}

}  // namespace

std::string_view to_text(Kind kind) {
  switch (kind) {
    case Kind::kPod:
      return "Pod";
    case Kind::kNamespace:
      return "Namespace";
    case Kind::kNode:
      return "Node";
    case Kind::kService:
      return "Service";
    case Kind::kEndpointSlice:
      return "EndpointSlice";
    case Kind::kNetworkPolicy:
      return "NetworkPolicy";
    case Kind::kClusterNetworkPolicy:
      return "ClusterNetworkPolicy";
  }
  return "";
}

std::string ObjectId::to_text() const {
  return std::string(model::to_text(kind)) + " " + name.to_text();
}

ObjectId id_of(const Object& object) {
  return {static_cast<Kind>(object.index()), std::visit([](const auto& o) { return o.name; }, object)};
}

void Cluster::apply(const Change& change) {
  for_each_map(*this, [&](auto& map, Kind kind) {
    using Value = typename std::decay_t<decltype(map)>::mapped_type;
    ObjectId id = change.id();
    if (id.kind != kind) return;
    if (change.is_removal())
      map.erase(id.name);
    else
      share_lists(
          *this, map.insert_or_assign(id.name, std::get<Value>(std::get<Object>(change.what))).first->second);
  });
}

Labels Cluster::namespace_labels(const std::string& ns) const {
  Labels labels;
  if (auto found = namespaces.find({"", ns}); found != namespaces.end()) labels = found->second.labels;
  labels[kNamespaceNameLabel] = ns;
  return labels;
}

std::vector<Object> Cluster::objects() const {
  std::vector<Object> all;
  for_each_map(*this, [&](const auto& map, Kind) {
    for (const auto& [name, object] : map) all.emplace_back(object);
  });
  return all;
}

bool Cluster::knows(const ObjectId& id) const {
  bool known = false;
  for_each_map(*this, [&](const auto& map, Kind kind) { known |= kind == id.kind && map.contains(id.name); });
  return known;
}

bool Cluster::holds(const Object& object) const {
  bool held = false;
  for_each_map(*this, [&](const auto& map, Kind) {
    using Value = typename std::decay_t<decltype(map)>::mapped_type;
    const auto* value = std::get_if<Value>(&object);
    if (value == nullptr) return;
    const auto found = map.find(value->name);
    held = found != map.end() && found->second == *value;
  });
  return held;
}

namespace {

// What is new in `now`, or not as it was.
template <typename Map>
void put_changed(const Map& old, const Map& now, std::vector<Change>& changes) {
  for (const auto& [name, object] : now) {
    auto found = old.find(name);
    if (found == old.end() || !(found->second == object)) changes.push_back(Change::upsert(object));
  }
}

}  // namespace

std::vector<Change> difference(const Cluster& before, const Cluster& after) {
  std::vector<Change> changes;
  for (const Object& object : before.objects()) {
    ObjectId id = id_of(object);
    bool stays = false;
    for_each_map(after,
                 [&](const auto& map, Kind kind) { stays |= kind == id.kind && map.contains(id.name); });
    if (!stays) changes.push_back(Change::remove(id));
  }
  for_each_map(after, [&](const auto& map, Kind kind) {
    for_each_map(before, [&](const auto& old, Kind old_kind) {
      if constexpr (std::is_same_v<decltype(map), decltype(old)>) {
        if (kind == old_kind) put_changed(old, map, changes);
      }
    });
  });
  return changes;
}

}  // namespace sluice::model
