// Loading: the two programs and every map, new or as an earlier agent pinned them.
//
// Laws:
//  1. A pinned map of another shape is an error, never replaced.
//  2. Either everything is loaded and pinned, or the error says what failed and the maps in force
//     are untouched.
//  3. Constants (timeouts in jiffies) are written before load.
//  4. Where maps count against the memory-lock limit, it is raised as far as this process may
//     (memory_lock.h).
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/kernel/shape.h"
#include "agent/kernel/table_arrays.h"

struct bpf_program;
struct sluice_policy;  // the libbpf skeleton

namespace sluice::kernel {

struct LoadOptions {
  // The agent's directory in a BPF file system (bpffs.h), made if need be; absent: private maps that end with
  // the process. A directory is held by one Programs at a time.
  std::optional<std::filesystem::path> pin_dir;
  // Called once the directory's lock is held, before the programs are verified, which takes a second.
  std::function<void()> locked;
  // Only looks at what is pinned there, also while an agent holds the directory: nothing is made, locked or
  // pinned.
  bool look_only = false;
  // Verified instructions are known below Linux 5.16 too. A program that is refused is explained less.
  bool verifier_statistics = false;
  // How many IPv4 connections the flow tables are to remember (half as many IPv6): at least
  // SLUICE_LEAST_FLOWS; absent: as many as are pinned, else default_flows(). Pinned tables of another size are
  // replaced, and their flows kept.
  std::optional<uint32_t> flows;
  // How many of them, answered and unanswered each, a pod without a share of its own is sure of; 0: one of
  // SLUICE_FLOW_SHARES.
  uint32_t flow_share = 0;
  // Other limits than include/sluice/limits.h has, so that a test can fill a map. Of a flow table: buckets.
  std::map<sluice_map, uint32_t> max_entries;
};

// Pinned flow tables of another size than the programs were loaded with.
struct FormerFlows {
  base::Fd flows4, flows6;
};

// The loaded programs and their maps. Dropping it closes the fds: what is pinned or attached lives on.
class Programs {
 public:
  Programs(Programs&&) noexcept;
  Programs& operator=(Programs&&) noexcept;
  ~Programs();

  MapHandle map(sluice_map map) const;
  // The arrays of the policy tables; map() of a table gives the one in force.
  TableArrays& table_arrays() const { return *table_arrays_; }
  bool looks_only() const { return look_only_; }
  int events_fd() const;
  int answers_fd() const;
  // By what the pod does: SLUICE_EGRESS is sluice_from_pod (tc ingress of the host side), SLUICE_INGRESS is
  // sluice_to_pod (tc egress of the host side).
  int program_fd(sluice_direction direction) const;
  // sluice_edit_flow, which is attached nowhere.
  int edit_fd() const;
  // IPv4 connections that are remembered.
  uint32_t flows() const;
  // Where the tables were made anew in another size: flows that came up in the former ones since, while not
  // all programs had been exchanged. Once they have been. Nothing otherwise.
  base::Status take_over_flows();
  // Pins anew what others unpinned, or pinned something else in the place of; how many. The directory is made, and
  // locked, anew where it is gone.
  base::Result<size_t> keep_pins();
  // How many instructions the verifier walked through; none where nothing says so.
  std::optional<uint32_t> verified_instructions(sluice_direction direction) const;
  const std::optional<std::filesystem::path>& pin_dir() const { return pin_dir_; }

 private:
  friend base::Result<Programs> load(const LoadOptions& options);
  struct Close {
    void operator()(sluice_policy* skeleton) const noexcept;
  };
  Programs() = default;
  bpf_program* program(sluice_direction direction) const;
  void ask_for_statistics();
  base::Status replace_former_flows();
  base::Status open_table_arrays();
  base::Status lock_again();

  std::unique_ptr<sluice_policy, Close> skeleton_;
  std::optional<std::filesystem::path> pin_dir_;
  bool look_only_ = false;
  std::map<sluice_map, uint32_t> table_limits_;
  std::unique_ptr<TableArrays> table_arrays_;
  base::Fd lock_, former_lock_;
  FormerFlows former_flows_;
  std::array<std::vector<char>, 2> statistics_;  // by sluice_direction; what the verifier wrote
};

// An error where the kernel is one that the programs cannot run on: PREEMPT_RT, where a packet's program may
// be interrupted by another's on the same CPU while it uses per-CPU memory (Linux 6.18,
// CONFIG_PREEMPT_RT_NEEDS_BH_LOCK). `version` is that of uname(2).
base::Status check_kernel(std::string_view version);

// By this machine's memory: 16,384 for each GiB, at least SLUICE_LEAST_FLOWS and at most four times that.
uint32_t default_flows();

// How many entries each of `cpus` CPUs has of a recent map, for which the contract says `entries` a CPU.
uint32_t recent_entries(uint32_t entries, uint32_t cpus);
// In how many parts an endpoint's stats stand with `cpus` possible CPUs: a power of two.
uint32_t stats_parts(uint32_t cpus);

base::Result<Programs> load(const LoadOptions& options);

}  // namespace sluice::kernel
