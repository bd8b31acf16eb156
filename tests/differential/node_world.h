// NodeWorld: one node as the agent runs it, without an agent: compiler, placement and user-space maps in
// step.
#pragma once

#include <map>
#include <vector>

#include "agent/compile/compiler.h"
#include "agent/image/placement.h"
#include "agent/model/probe.h"
#include "agent/packet/build.h"
#include "agent/packet/maps.h"

namespace sluice::differential {

// The node that most of the cluster's pods are on.
inline std::string busiest_node(const model::Cluster& cluster) {
  std::map<std::string, int> pods;
  for (const auto& [name, pod] : cluster.pods) ++pods[pod.node_name];
  std::string busiest = "node-1";
  for (const auto& [node, count] : pods)
    if (count > pods[busiest]) busiest = node;
  return busiest;
}

// A made-up interface that is the pod's in every world, and not that of a later pod of its name; some collide
// in sluice_interfaces, as real ones may.
inline uint32_t ifindex_of(const model::Pod& pod) {
  return static_cast<uint32_t>(image::content_id(pod.name.to_text() + " " + pod.uid) & 0x3fffffff) + 1;
}

// The pods that a node would find on itself.
inline std::vector<compile::LocalPod> locals(const model::Cluster& cluster, const std::string& node) {
  std::vector<compile::LocalPod> pods;
  model::PodAddresses addresses(cluster);
  for (const auto& [name, pod] : cluster.pods)
    if (pod.takes_part() && pod.node_name == node && !addresses.owned_by(pod).empty())
      pods.push_back({name, ifindex_of(pod)});
  return pods;
}

// One packet on one pod's interface.
struct Crossing {
  packet::Bytes frame;
  uint32_t ifindex = 0;
  sluice_direction direction = SLUICE_INGRESS;
};

// What a probe means on this node: the frames that cross its pods' interfaces.
inline std::vector<Crossing> crossings(const model::Cluster& cluster, const model::Probe& probe,
                                       const std::string& node) {
  model::PodAddresses addresses(cluster);
  auto resolved = model::resolve(cluster, addresses, probe);
  if (!resolved) return {};
  packet::Bytes frame = packet::build(packet::opening(resolved->from.ip, resolved->to.ip, resolved->protocol,
                                                      resolved->port.value_or(net::Port())));
  std::vector<Crossing> all;
  auto add = [&](const model::Pod* pod, sluice_direction direction) {
    if (pod && pod->node_name == node) all.push_back({frame, ifindex_of(*pod), direction});
  };
  add(resolved->from.pod, SLUICE_EGRESS);
  add(resolved->to.pod, SLUICE_INGRESS);
  return all;
}

}  // namespace sluice::differential
