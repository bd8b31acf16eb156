// Loading: the two programs and every map, new or as an earlier agent pinned them.
//
// Laws: a pinned map of another shape is an error, never replaced. Either everything is loaded and pinned, or
// the error says what failed and the maps in force are untouched. Constants (timeouts in jiffies) are written
// before load. Memory: libbpf 1.x raises RLIMIT_MEMLOCK by itself on kernels that charge maps to it (< 5.11).
// One thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/kernel/shape.h"

struct sluice_policy;  // the libbpf skeleton

namespace sluice::kernel {

struct LoadOptions {
  // The agent's directory in a BPF file system (bpffs.h), made if need be; absent: private maps that end with
  // the process. A directory is held by one Programs at a time.
  std::optional<std::filesystem::path> pin_dir;
  // Only looks at what is pinned there, also while an agent holds the directory: nothing is made, locked or
  // pinned.
  bool look_only = false;
  // Other limits than include/sluice/limits.h has, so that a test can fill a map.
  std::map<sluice_map, uint32_t> max_entries;
};

// The loaded programs and their maps. Dropping it closes the fds: what is pinned or attached lives on.
class Programs {
 public:
  Programs(Programs&&) noexcept;
  Programs& operator=(Programs&&) noexcept;
  ~Programs();

  MapHandle map(sluice_map map) const;
  int events_fd() const;
  // By what the pod does: SLUICE_EGRESS is sluice_from_pod (tc ingress of the host side), SLUICE_INGRESS is
  // sluice_to_pod (tc egress of the host side).
  int program_fd(sluice_direction direction) const;
  const std::optional<std::filesystem::path>& pin_dir() const { return pin_dir_; }

 private:
  friend base::Result<Programs> load(const LoadOptions& options);
  struct Close {
    void operator()(sluice_policy* skeleton) const noexcept;
  };
  Programs() = default;

  std::unique_ptr<sluice_policy, Close> skeleton_;
  std::optional<std::filesystem::path> pin_dir_;
  base::Fd lock_;
};

// An error where the kernel is one that the programs cannot run on: PREEMPT_RT, where a packet's program may
// be interrupted by another's on the same CPU while it uses per-CPU memory (Linux 6.18,
// CONFIG_PREEMPT_RT_NEEDS_BH_LOCK). `version` is that of uname(2).
base::Status check_kernel(std::string_view version);

// How many entries each of `cpus` CPUs has of a recent map, for which the contract says `entries` a CPU.
uint32_t recent_entries(uint32_t entries, uint32_t cpus);

base::Result<Programs> load(const LoadOptions& options);

}  // namespace sluice::kernel
