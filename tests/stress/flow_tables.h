// Flow tables in plain memory, so small that every flow meets others, behind the look-ups of the packet path. For
// many threads (flow_stress.cc), and for a fuzz target.
//
// Laws:
//  1 FlowTables are shared by all threads; the path alone writes them, but for what is said before it starts.
//  2 A CPU's own maps (counters, reports, recent verdicts) are a thread's own.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "agent/packet/user_ctx.h"

namespace sluice::testing {

inline constexpr uint32_t kStressBuckets = 8;  // of each family
inline constexpr uint32_t kStressEndpoints = 16;
inline constexpr uint32_t kStressShare = kStressBuckets * SLUICE_FLOW_WAYS / 2 / SLUICE_FLOW_SHARES;
inline constexpr uint32_t kStressNow = 1'000'000;  // seconds

struct FlowTables {
  FlowTables();
  // An endpoint that no policy isolates, behind the interface of the same number.
  void add_pod(uint32_t endpoint, __be32 address4);
  // Every entry that is in use. While no thread runs.
  std::vector<sluice_flow_edit> flows() const;
  // The first count that is not what these flows make it, or not the sum of the endpoints'; empty: all are true.
  std::string wrong_count(const std::vector<sluice_flow_edit>& flows) const;

  sluice_config config{};
  std::array<sluice_flows4, kStressBuckets> flows4{};
  std::array<sluice_flows6, kStressBuckets> flows6{};
  std::array<sluice_flow_lock, SLUICE_FLOW_LOCKS> locks{};
  std::array<sluice_flow_counts, kStressEndpoints> counts{};
  std::array<sluice_interface, kStressEndpoints> interfaces{};
  std::array<sluice_endpoint, kStressEndpoints> endpoints{};
};

// What one thread reaches the tables through.
class OneCpu {
 public:
  explicit OneCpu(FlowTables& shared) : shared_(shared), recent_(SLUICE_RECENT_VERDICTS) {}

  void edit(const sluice_flow_edit& edit, uint32_t now = kStressNow);
  bool find(sluice_flow_edit& edit, uint32_t now = kStressNow);
  // A frame through the whole path: does it pass?
  bool passes(const std::vector<uint8_t>& frame, uint32_t ifindex, sluice_direction direction, uint32_t now);

 private:
  sluice_user_ctx context(uint32_t now);
  void* lookup(sluice_map map, uint32_t index);

  FlowTables& shared_;
  std::vector<sluice_recent_verdict> recent_;
  std::array<sluice_counter, SLUICE_REASON_COUNT * 2> counters_{};
  std::array<sluice_endpoint_stats, kStressEndpoints> stats_{};
};

}  // namespace sluice::testing
