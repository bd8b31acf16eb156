// The pinned TCX links: <pin_dir>/links/<ifindex>-<from_pod|to_pod>.
// One thread, under the directory's lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "sluice/layout.h"

namespace sluice::kernel::attach {

std::filesystem::path link_path(const std::filesystem::path& pin_dir, uint32_t ifindex,
                                sluice_direction direction);

// The pinned link if it still sits on that interface; an empty Fd where there is none. A stale pin (the
// interface is gone, and perhaps another has its number now) is removed.
base::Result<base::Fd> open_link(const std::filesystem::path& pin_dir, uint32_t ifindex,
                                 sluice_direction direction);

// Detaches the link at once and unpins it; done also where there is none.
base::Status remove_link(const std::filesystem::path& pin_dir, uint32_t ifindex, sluice_direction direction);

// The interfaces that have a pin, stale or not.
base::Result<std::set<uint32_t>> pinned_interfaces(const std::filesystem::path& pin_dir);

}  // namespace sluice::kernel::attach
