// NodeWorld: one node as the agent runs it, without an agent: compiler, placement and user-space maps in step.
#pragma once

#include <map>
#include <vector>

#include "agent/compile/compiler.h"
#include "agent/image/placement.h"
#include "agent/model/probe.h"
#include "agent/packet/build.h"
#include "agent/packet/maps.h"

namespace sluice::differential {

inline constexpr uint32_t kFirstIfindex = 100;

// The pods that a node would find on itself: those that take part and name it, with made-up interfaces that stay a
// pod's own for as long as the object `interfaces` lives.
class Interfaces {
 public:
  std::vector<compile::LocalPod> locals(const model::Cluster& cluster, const std::string& node) {
    std::vector<compile::LocalPod> pods;
    model::PodAddresses addresses(cluster);
    for (const auto& [name, pod] : cluster.pods)
      if (pod.takes_part() && pod.node_name == node && !addresses.owned_by(pod).empty())
        pods.push_back({name, ifindex(name)});
    return pods;
  }
  uint32_t ifindex(const model::ObjectName& name) {
    return interfaces_.try_emplace(name, kFirstIfindex + static_cast<uint32_t>(interfaces_.size())).first->second;
  }

 private:
  std::map<model::ObjectName, uint32_t> interfaces_;
};

// One packet on one pod's interface.
struct Crossing {
  packet::Bytes frame;
  uint32_t ifindex = 0;
  sluice_direction direction = SLUICE_INGRESS;
};

// What a probe means on this node: the frames that cross its pods' interfaces.
inline std::vector<Crossing> crossings(const model::Cluster& cluster, const model::Probe& probe,
                                       const std::string& node, Interfaces& interfaces) {
  model::PodAddresses addresses(cluster);
  auto resolved = model::resolve(cluster, addresses, probe);
  if (!resolved) return {};
  packet::Bytes frame = packet::build(packet::opening(resolved->from.ip, resolved->to.ip, resolved->protocol,
                                                      resolved->port.value_or(net::Port())));
  std::vector<Crossing> all;
  auto add = [&](const model::Pod* pod, sluice_direction direction) {
    if (pod && pod->node_name == node) all.push_back({frame, interfaces.ifindex(pod->name), direction});
  };
  add(resolved->from.pod, SLUICE_EGRESS);
  add(resolved->to.pod, SLUICE_INGRESS);
  return all;
}

}  // namespace sluice::differential
