// Placement: where things of an Image stand in the maps. It gives out array slots, endpoint
// indices and epochs, turns a Difference into a Plan, and reads an Image back out of the maps'
// contents.
//
// Laws:
//  1. plan() takes slots at once; release_freed() gives back those that the plan freed, when no
//     packet can still be reading them.
//  2. After a plan() or a put_in_force() that failed the placement is stale: read() the maps
//     again.
//  3. A rule that no packet of the new image can come by (reach.h) is not written: it stays as it
//     is until the clean-up after the flip. What read() returns is without such rules.
//  4. What read() returns is the image in force. Half-written leftovers of an agent that died are
//     noted, and cleared by the next plan, which therefore may not be skipped while leftovers()
//     is true.
//  5. What does not fit its map is an error that names the map and its limit; nothing is cut off.
//
// Not thread-safe: one owner.
#pragma once

#include <map>

#include "agent/base/result.h"
#include "agent/image/contents.h"
#include "agent/image/image.h"
#include "agent/image/plan.h"
#include "agent/image/ports.h"
#include "agent/image/reach.h"
#include "agent/image/slots.h"

namespace sluice::image {

class Placement {
 public:
  Placement() = default;  // empty maps in epoch 1

  // The image that `contents` holds in the epoch in force, and this placement of it.
  struct ReadBack;
  static base::Result<ReadBack> read(const Contents& contents);

  // How to come from the image before to `after` = before + difference. Work and writes grow with the
  // difference.
  base::Result<Plan> plan(const Image& after, const Difference& difference);
  void release_freed(const Plan& plan);
  // Names that come in the epoch in force: what they are is no matter of an epoch.
  Batch put_at_once(const Difference& names);

  uint64_t epoch() const { return epoch_; }
  bool leftovers() const { return !leftovers_.empty(); }
  // sluice_endpoint.id of an endpoint of the image; SLUICE_ENDPOINT_INDEX of it is where that stands.
  std::optional<uint32_t> id_of(EndpointId id) const;
  // Entries in use and the limit, by map, for metrics and `status`.
  struct Fill {
    uint64_t used, limit;
  };
  std::map<sluice_map, Fill> fill(const Image& image) const;

 private:
  friend class Planner;
  friend class Reader;
  struct EndpointPlace {
    uint32_t index = 0, flow_id = 0;
    int slot = 0;  // of the policy in force
    uint32_t ifindex = 0;
  };
  // What an agent that died half-way left in the maps: written over at the start of the next plan.
  struct Leftovers {
    std::vector<Batch> batches;
    std::vector<EndpointWrite> endpoints;
    std::vector<InterfaceWrite> interfaces;
    bool empty() const { return batches.empty() && endpoints.empty() && interfaces.empty(); }
  };
  uint64_t epoch_ = 1;
  uint32_t next_flow_id_ = 1;  // the count in the next SLUICE_ENDPOINT_ID
  PortArrays ports_;
  Reach reach_;  // of the image that was planned last
  Slots endpoint_slots_{SLUICE_MAX_ENDPOINTS, "endpoints", SLUICE_FIRST_ENDPOINT};
  std::map<EndpointId, EndpointPlace> endpoints_;
  std::map<uint32_t, EndpointId> interfaces_;  // ifindex -> whose
  Leftovers leftovers_;
};

struct Placement::ReadBack {
  Placement placement;
  Image image;
};

}  // namespace sluice::image
