// What preflight reads of a kernel and a node, before anybody judges it (preflight.h).
//
// Laws:
//  1. Nothing is changed and nothing is left.
//  2. The programs are really loaded, beside what an agent pinned if it is there, and end with
//     the reading. They are attached, and a gate is closed, in a network namespace of a thread of
//     our own that ends with it.
//  3. What cannot be read is an error in its place, and the rest is read all the same.
//  4. The memory-lock limit of this process is raised as an agent would raise it.
//
// One thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "agent/base/result.h"
#include "agent/cni/installer.h"
#include "agent/kernel/attach/attach.h"
#include "agent/kernel/memory_lock.h"

namespace sluice::apps {

struct PreflightOptions {
  std::string bpffs = "/sys/fs/bpf/sluice", netns_dir = "/run/netns", output = "table";
  kernel::attach::AttachMode attach = kernel::attach::AttachMode::kAuto;
  std::string cni_conf_dir = cni::kDefaultConfDir, cni_bin_dir = cni::kDefaultBinDir;
};

struct LoadedPrograms {
  std::array<std::optional<uint32_t>, 2> verified;  // instructions, by sluice_direction
  double milliseconds = 0;
};

struct NodeFacts {
  std::string release, version, machine;  // uname(2)
  std::set<unsigned> capabilities;        // of those that an agent needs, the ones in effect
  kernel::MemoryLock memory_lock;         // as high as it may go
  uint64_t descriptors = 0;               // the hard limit of open files
  base::Status bpffs = base::done();
  bool bpffs_mounted = false;
  bool pinned = false;  // an agent's maps are there
  base::Result<LoadedPrograms> programs = LoadedPrograms{};
  bool tcx = false;
  base::Status attached = base::done(), gate = base::done();
  std::optional<bool> jit;  // nothing: not to be seen
  bool conntrack = false;   // it tracks connections
  bool netns_dir_exists = false;
  cni::Survey cni;
};

NodeFacts read_node_facts(const PreflightOptions& options);

}  // namespace sluice::apps
