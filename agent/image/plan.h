// Plan: a Difference as ordered writes with every slot, index and epoch filled in; and Target, whoever holds
// the maps (the kernel, or the user-space maps of agent/packet).
//
// The law of change, in this order (docs/design.md):
//   1. flags_during              e.g. "there are prefixes", before the first prefix is written
//   2. prepare                   add what the next epoch needs; nothing of it is visible in the present epoch
//   3. endpoints, interfaces     new policy into the slot that is not in force
//   4. flip(epoch)               one word: the whole change is in force for every pod at once
//   5. wait_grace()              until no packet that began before the flip is under way
//   6. interfaces_after, and where there are such wait_grace() again: nobody comes to their pods any more;
//      cleanup, endpoints_after, flags_after: what only the epoch before needed is removed
//
// Steps 1-4 are put_in_force(), 5-6 clean_up(). A failure in 1-4 undoes what was written, waits as in step 5 and leaves
// the present epoch.
// A Plan is writes to maps and nothing else: which interfaces carry our programs is agent/node/attachments.h.
// Not thread-safe: one writer.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "sluice/maps.h"

namespace sluice::image {

// Writes (or removals) in one map, applied together where the kernel can. keys and values are packed back to
// back in the layout of include/sluice/layout.h; values is empty for removals.
struct Batch {
  sluice_map map = SLUICE_MAP_COUNT;
  bool removal = false;
  uint32_t count = 0;
  std::vector<uint8_t> keys, values;
  bool operator==(const Batch&) const = default;
};

// One entry of sluice_endpoints. `slot` (0 or 1) is the policy slot that is written (since last, with release
// order); the other stays as it is in the map.
struct EndpointWrite {
  uint32_t index = 0;
  int slot = 0;
  sluice_endpoint value{};
};

// ifindex -> sluice_endpoint.id; `endpoint` < 0 clears it.
struct InterfaceWrite {
  uint32_t ifindex = 0;
  int64_t endpoint = -1;
};

struct Plan {
  uint64_t epoch = 0;                          // to flip to
  uint64_t flags_during = 0, flags_after = 0;  // the SLUICE_CONFIG_PREFIXES… bits only
  std::vector<Batch> prepare;
  std::vector<Batch> undo;  // removes or restores what prepare wrote, for a prepare that fails half-way
  std::vector<EndpointWrite> endpoints;
  std::vector<InterfaceWrite> interfaces;
  std::vector<InterfaceWrite> interfaces_after;
  std::vector<Batch> cleanup;
  std::vector<EndpointWrite> endpoints_after;
  uint64_t next_endpoint_id = 0;
  // Slots that nothing refers to once clean_up() is done.
  std::vector<uint32_t> freed_portsets, freed_tables, freed_pages, freed_endpoints;
  size_t writes() const;  // entries written before and at the flip
};

class Target {
 public:
  virtual ~Target() = default;
  virtual base::Status write(const Batch& batch) = 0;
  virtual base::Status store(const EndpointWrite& write) = 0;
  virtual base::Status store(const InterfaceWrite& write) = 0;
  // Replaces the SLUICE_CONFIG_PREFIXES… bits; the others stay.
  virtual base::Status set_prefix_flags(uint64_t flags) = 0;
  // Packets that see the epoch see all that was written before. On an error nobody sees it.
  virtual base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) = 0;
  // Returns once every program run that began before the call has ended.
  virtual base::Status wait_grace() = 0;
  // What is wrong with it although no write has failed, one line each.
  virtual std::vector<std::string> problems() const { return {}; }
};

// Steps 1-4. On a failure everything written is undone and the error returned.
base::Status put_in_force(const Plan& plan, Target& target);
// Steps 5-6.
base::Status clean_up(const Plan& plan, Target& target);

}  // namespace sluice::image
