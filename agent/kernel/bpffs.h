// The directory in the BPF file system where everything of ours is pinned:
//   <dir>/v<layout version>/<map>        maps and the event ring ("events")
//   <dir>/programs/<from_pod|to_pod>     the programs last loaded
//   <dir>/links/<ifindex>-<from_pod|to_pod>
// Nothing outside these three kinds is ever touched, even where <dir> is shared with others.
// Any thread; callers hold the directory's lock where they change it.
#pragma once

#include <filesystem>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "sluice/layout.h"

namespace sluice::kernel {

std::filesystem::path maps_dir(const std::filesystem::path& dir);
std::filesystem::path programs_dir(const std::filesystem::path& dir);
std::filesystem::path links_dir(const std::filesystem::path& dir);

// The maps pinned there, those of every layout version; none where there is no such directory.
base::Result<std::vector<std::filesystem::path>> pinned_maps(const std::filesystem::path& dir);

// "from_pod" sees what the pod sends (policy's egress), "to_pod" what it receives.
const char* program_label(sluice_direction direction);

// Whether `dir` lies in a BPF file system, or below /sys/fs/bpf where one can be mounted; else an error that
// says how to mend it. Changes nothing.
base::Status check_bpffs(const std::filesystem::path& dir);

// Whether `dir`, or where it would be made, is in a BPF file system now.
bool lies_in_bpffs(const std::filesystem::path& dir);

// Makes `dir` (mode 0700) and the folders in it. It must lie in a BPF file system; where it lies below
// /sys/fs/bpf and nothing is mounted there, one is mounted.
base::Status ensure_bpffs(const std::filesystem::path& dir);

// The directory's lock, held while the result lives: one agent at a time.
base::Result<base::Fd> lock_bpffs(const std::filesystem::path& dir);

// The same, by an agent that starts: whoever holds new interfaces (`sluiced --hold-new`) has it for moments.
base::Result<base::Fd> lock_bpffs_soon(const std::filesystem::path& dir);

// Unpins the maps of every other layout version: what an upgrade leaves behind once every interface runs the
// new programs. How many versions there were.
base::Result<size_t> remove_other_versions(const std::filesystem::path& dir);

// Unpins everything of ours and removes the directory (a mount point stays). Links must be detached before.
base::Status remove_pins(const std::filesystem::path& dir);

}  // namespace sluice::kernel
