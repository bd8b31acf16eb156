// OwnMaps: which BPF programs are ours: those that use a map pinned below our directory, or held
// by our own loaded programs. A program's name does not say so, since an agent with another
// directory has the same.
//
// Laws:
//  1. Maps of every layout version count, so that what an earlier version left is recognised.
//  2. It is a value of one moment: maps pinned later are not in it.
//  3. Looking a program up by its id needs CAP_SYS_ADMIN. Without it every program counts as
//     ours, so that nothing is let go of.
//
// Any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>

#include "agent/base/result.h"
#include "agent/kernel/loader.h"

namespace sluice::kernel {

class OwnMaps {
 public:
  static base::Result<OwnMaps> pinned_at(const std::filesystem::path& pin_dir);
  // Those of the programs, and those pinned at their directory.
  static base::Result<OwnMaps> of(const Programs& programs);

  base::Result<bool> used_by(uint32_t program_id) const;

 private:
  base::Status add(int map_fd);
  base::Status add_pinned(const std::filesystem::path& pin_dir);

  std::set<uint32_t> ids_;
};

}  // namespace sluice::kernel
