// SwitchingEngine: an engine that goes from one random cluster to the next by differences, over one set of
// maps. So each cluster is judged not over fresh maps but over what all earlier ones left, as a node's are
// after years.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/engine/packet_engine.h"
#include "agent/image/placement.h"
#include "agent/model/probe.h"
#include "agent/reference/echoes.h"
#include "agent/reference/sources.h"

namespace sluice::differential {

// nullopt where the probe makes no sense.
using Answers = std::vector<std::optional<model::Answer>>;

class SwitchingEngine {
 public:
  SwitchingEngine(std::string name, std::unique_ptr<engine::Runner> runner)
      : name_(std::move(name)), runner_(std::move(runner)) {}

  const std::string& name() const { return name_; }
  // The answers to all probes, in their order.
  base::Result<Answers> evaluate(const model::Cluster& cluster, const std::vector<model::Probe>& probes);
  // What becomes of each packet on its way out of its pod.
  base::Result<std::vector<model::Verdict>> evaluate(const model::Cluster& cluster,
                                                     const std::vector<reference::Sending>& sendings);
  // What becomes of each of these, as reference::evaluate() has it. Every flow is forgotten before and after.
  base::Result<std::vector<model::Verdict>> evaluate(const model::Cluster& cluster,
                                                     const reference::Echoes& echoes);

 private:
  base::Status switch_to(const model::Cluster& cluster, const std::string& node);
  // Over the flows of the packets before it.
  base::Result<bool> crosses(const model::Pod& pod, const packet::Bytes& frame, sluice_direction direction);
  // By itself.
  base::Result<bool> passes(const model::Pod& pod, const packet::Bytes& frame, sluice_direction direction);
  base::Status cross(const model::Cluster& cluster, const std::string& node,
                     const std::vector<reference::Echo>& echoes, model::Verdict* verdicts);
  base::Result<model::Side> side(const model::Pod& pod, const packet::Bytes& frame,
                                 sluice_direction direction);

  std::string name_;
  std::unique_ptr<engine::Runner> runner_;
  image::Image image_;
  image::Placement placement_;
  image::Batch learnt_{SLUICE_MAP_LEARNT, false, 0, {}, {}};  // as it stands in the maps
};

}  // namespace sluice::differential
