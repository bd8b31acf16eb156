// PacketEngine: answers probes by running packets through the stages of bpf/, over the compiled
// image of each node.
//
// Laws:
//  1. The opening packet of the probe's connection runs through the source pod's interface (its
//     egress) and through the destination pod's (its ingress), each over its own node's image.
//     Pods without a node share one image.
//  2. No flow of an earlier probe is ever seen.
//  3. A node's image is compiled when first asked for. A node with more pods than fit
//     sluice_endpoints is served by several images.
//
// One thread; the Cluster must outlive it unchanged.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "agent/engine/engine.h"
#include "agent/image/image.h"
#include "agent/image/plan.h"
#include "agent/packet/build.h"

namespace sluice::engine {

// Maps, and the programs over them; packets pass at interface kRunnerIfindex.
class Runner {
 public:
  virtual ~Runner() = default;
  virtual image::Target& target() = 0;
  virtual base::Result<bool> passes(const packet::Bytes& frame, sluice_direction direction) = 0;
  virtual base::Status forget_flows() = 0;
};
inline constexpr uint32_t kRunnerIfindex = 1;

using MakeRunner = std::function<base::Result<std::unique_ptr<Runner>>()>;
// The classification code built for user space.
base::Result<std::unique_ptr<Runner>> make_native_runner();
// The programs loaded into the kernel over maps of their own, run by BPF_PROG_TEST_RUN. Needs root.
base::Result<std::unique_ptr<Runner>> make_kernel_runner();

// What names resolve to, for ever, as the map of what was learnt has it: of each class of the image one.
image::Batch learnt_batch(const model::Cluster& cluster, const image::Image& image);

class PacketEngine final : public Engine {
 public:
  PacketEngine(const model::Cluster& cluster, MakeRunner make_runner);
  ~PacketEngine() override;

  base::Result<model::Answer> evaluate(const model::Probe& probe) override;

 private:
  struct World;
  // Pods of one node that share an image.
  struct NodePart {
    std::string node;
    size_t number = 0;  // of the node's pods, kPodsAPart each
    auto operator<=>(const NodePart&) const = default;
  };

  base::Result<World*> world_of(const NodePart& part);
  base::Result<std::unique_ptr<World>> make_world(const NodePart& part);
  base::Result<model::Side> side(const model::Pod* pod, const model::ResolvedProbe& probe,
                                 sluice_direction direction);

  const model::Cluster& cluster_;
  MakeRunner make_runner_;
  model::PodAddresses addresses_;
  std::map<NodePart, std::vector<model::ObjectName>> pods_;
  std::map<model::ObjectName, NodePart> part_of_;
  std::map<NodePart, std::unique_ptr<World>> worlds_;
};

}  // namespace sluice::engine
