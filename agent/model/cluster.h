// Cluster: every object that this node knows; Change: how one state becomes the next. Feeders
// (agent/source/feeder.h) produce Changes; the compiler consumes them.
//
// Law: applying the same set of objects in any order gives an equal Cluster.
//
// Not thread-safe: one owner.
#pragma once

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "agent/model/cluster_policy.h"

namespace sluice::model {

using Object =
    std::variant<Pod, Namespace, Node, Service, EndpointSlice, NetworkPolicy, ClusterNetworkPolicy>;

// The closed set of kinds, in the order of Object's alternatives.
enum class Kind : uint8_t {
  kPod,
  kNamespace,
  kNode,
  kService,
  kEndpointSlice,
  kNetworkPolicy,
  kClusterNetworkPolicy
};
inline constexpr Kind kKinds[] = {
    Kind::kPod,           Kind::kNamespace,           Kind::kNode, Kind::kService, Kind::kEndpointSlice,
    Kind::kNetworkPolicy, Kind::kClusterNetworkPolicy};
std::string_view to_text(Kind kind);  // "Pod", "Namespace", ...

struct ObjectId {
  Kind kind = Kind::kPod;
  ObjectName name;
  std::string to_text() const;  // "NetworkPolicy prod/web"
  auto operator<=>(const ObjectId&) const = default;
};

ObjectId id_of(const Object& object);

// One object added or replaced (upsert) or gone (remove).
struct Change {
  std::variant<Object, ObjectId> what;
  static Change upsert(Object object) { return {std::move(object)}; }
  static Change remove(ObjectId id) { return {std::move(id)}; }
  bool is_removal() const { return what.index() == 1; }
  ObjectId id() const { return is_removal() ? std::get<1>(what) : id_of(std::get<0>(what)); }
};

struct Cluster {
  std::map<ObjectName, Pod> pods;
  std::map<ObjectName, Namespace> namespaces;
  std::map<ObjectName, Node> nodes;
  std::map<ObjectName, Service> services;
  std::map<ObjectName, EndpointSlice> endpoint_slices;
  std::map<ObjectName, NetworkPolicy> policies;
  std::map<ObjectName, ClusterNetworkPolicy> cluster_policies;
  // What names resolve to, where somebody says so (semantics 88): no object, and never in a running agent. Names in small
  // letters without a dot at the end.
  std::map<std::string, std::set<net::Ip>> resolved = {};
  // What its policies share.
  SharedLists<Requirement> selectors = {};
  SharedLists<net::Cidr> networks = {};
  SharedLists<ClusterProtocol> protocols = {};
  bool operator==(const Cluster&) const = default;

  void apply(const Change& change);
  // The labels of a namespace; those of one that has no object hold kubernetes.io/metadata.name alone
  // (semantics 5).
  Labels namespace_labels(const std::string& ns) const;
  std::vector<Object> objects() const;  // all, by kind and name
  // Is there such an object, and is it this very one?
  bool knows(const ObjectId& id) const;
  bool holds(const Object& object) const;
};

// What turns `before` into `after`: removals and upserts, by kind and name.
std::vector<Change> difference(const Cluster& before, const Cluster& after);

inline constexpr char kNamespaceNameLabel[] = "kubernetes.io/metadata.name";

}  // namespace sluice::model
