// Chain: the way of a change from decoded objects to the maps of loaded programs, as the agent goes it:
// Compiler, Placement, KernelMaps; with a stopwatch between the steps.
//
// Laws: the maps are private to the process, of their real sizes but those of flows, and no interface runs
// the programs: BPF_PROG_TEST_RUN alone does (world_check.h). Needs root. One thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "agent/compile/compiler.h"
#include "agent/image/placement.h"
#include "agent/kernel/maps.h"
#include "bench/harness/rounds.h"

namespace sluice::bench {

// How long each step of one change took.
struct Took {
  Nanoseconds compile{};  // changes -> difference of images
  Nanoseconds plan{};     // difference -> plan
  Nanoseconds write{};    // plan -> maps, the flip included: from here on it is in force
  Nanoseconds grace{};    // the wait for packets under way
  Nanoseconds cleanup{};  // what only the state before needed
  Nanoseconds apply() const { return plan + write; }
  Nanoseconds event_to_write() const { return compile + apply(); }
};

// Entries written, the flip counted as one.
struct Written {
  size_t to_force = 0, cleanup = 0;
  size_t all() const { return to_force + cleanup; }
};

struct Step {
  Took took;
  Written written;
  image::Difference difference;
};

// Maps of loaded programs, which outlive a Chain: loading takes the verifier's time.
class LoadedMaps {
 public:
  // With flow tables as large as they are in a node of that many; absent: as small as they may be.
  static base::Result<std::unique_ptr<LoadedMaps>> load(std::optional<uint32_t> flows = {});
  const kernel::Programs& programs() const { return programs_; }
  kernel::KernelMaps& maps() { return *maps_; }
  // What the kernel says the maps take; `flows`: those of connections and statistics too.
  base::Result<uint64_t> bytes(bool flows) const;

 private:
  explicit LoadedMaps(kernel::Programs programs) : programs_(std::move(programs)) {}
  kernel::Programs programs_;
  std::unique_ptr<kernel::KernelMaps> maps_;
};

class Chain {
 public:
  // Begins with whatever the maps hold: nothing, after an earlier Chain's empty().
  static base::Result<Chain> over(LoadedMaps& maps);

  base::Result<Step> change(std::span<const model::Change> changes,
                            const std::optional<std::vector<compile::LocalPod>>& locals = std::nullopt);
  // Takes everything out of the maps, and puts the whole image back; the compiler stays as it is.
  base::Status empty();
  base::Result<Step> refill();
  // The entries of hashes and tries that refill() writes, in its order.
  base::Result<std::vector<image::Batch>> batches() const;

  const compile::Compiler& compiler() const { return *compiler_; }
  const image::Placement& placement() const { return placement_; }
  LoadedMaps& maps() { return maps_; }

 private:
  Chain(LoadedMaps& maps, image::Placement placement) : maps_(maps), placement_(std::move(placement)) {}
  base::Status carry_out(const image::Image& after, Step& step);

  LoadedMaps& maps_;
  image::Placement placement_;
  std::unique_ptr<compile::Compiler> compiler_;
};

}  // namespace sluice::bench
