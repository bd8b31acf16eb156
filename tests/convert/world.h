// What the evaluators of others' semantics share: a side of a connection, and the comparison with what the converted
// objects say. An evaluator is written from its source's documentation and uses nothing of agent/convert.
#pragma once

#include <functional>
#include <string>

#include "agent/convert/convert.h"
#include "agent/model/probe.h"

namespace sluice::convert {

// One pod's side of a connection.
struct SideOf {
  const model::Cluster& cluster;
  const model::Pod& self;
  model::Direction direction;
  model::ProbeEnd peer;           // the other end
  const model::Pod* destination;  // whose container ports a name means; nullptr: no pod
  net::Protocol protocol;
  std::optional<net::Port> port;
};
using Judge = std::function<bool(const SideOf& side)>;  // does the source's own semantics allow it?

// Labels as YAML, in flow style: {matchLabels: …}.
std::string selector_text(const model::LabelSelector& selector);
bool selects(const model::LabelSelector& selector, const model::Labels& labels);
model::Labels labels_of(const model::Cluster& cluster, const std::string& ns);
bool is_address_of_a_node(const model::Cluster& cluster, const net::Ip& ip);
// Nodes, Namespaces (none, or one for each pod) and Pods, as a user puts them beside the policies.
std::string surroundings_text(const model::Cluster& cluster);

// Under the sanitizers, which look at memory rather than at answers and take six times as long, every tenth cluster.
#ifdef SLUICE_SANITIZE
constexpr uint64_t kStep = 10;
#else
constexpr uint64_t kStep = 1;
#endif

// How often both were asked, and what they said.
struct Tally {
  size_t clusters = 0, whole = 0, refused = 0;  // whole: without a loss; refused: lossy or not
  size_t allowed = 0, denied = 0,
         narrowed = 0;  // sides of probes; narrowed: denied, with a loss, what the source allows
};

// What `text` says, by `judge`, against what it is converted to, on both sides of random probes: the same where nothing
// was lost, never more where something was. `before`: the cluster that it comes to. Probes whose verdict is the engine's
// own, whatever the policies say, are left out: a pod and its own node, a pod and itself, a Service's address.
void compare(const model::Cluster& before, const std::string& text, Dialect dialect, const Judge& judge,
             uint64_t seed, Tally& tally);
// The same of objects that somebody else has made of it: `after` has them, `made` their losses.
void compare_objects(const model::Cluster& before, const model::Cluster& after, const Conversion& made,
                     const std::string& text, const Judge& judge, uint64_t seed, Tally& tally);

// Of a cluster's pods, later ones of the same address included, and of its nodes: what --cluster says.
std::vector<net::Cidr> addresses_of(const model::Cluster& cluster);

}  // namespace sluice::convert
