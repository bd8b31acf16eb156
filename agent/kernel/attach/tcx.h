// TCX links (Linux 6.6), by raw bpf(2), since Debian 12's libbpf and headers do not know them.
// Numbers and layouts are those of include/uapi/linux/bpf.h of Linux 6.6.
//
// Law: our link is placed at the head of its hook, since another program's final verdict must not
// keep packets from ours.
//
// Concerns the network namespace of the calling thread. Any thread.
#pragma once

#include <cstdint>
#include <vector>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "sluice/layout.h"

namespace sluice::kernel::attach {

bool tcx_supported();

// Attaches at the head of the hook where the host side of interface `ifindex` sees `direction` of the pod.
base::Result<base::Fd> tcx_attach(uint32_t ifindex, sluice_direction direction, int program_fd);

// Ids of the links at that hook, in the order in which they run; programs attached without a link count as 0.
base::Result<std::vector<uint32_t>> tcx_link_ids(uint32_t ifindex, sluice_direction direction);

// Ids of the programs at that hook, in the order in which they run.
base::Result<std::vector<uint32_t>> tcx_programs(uint32_t ifindex, sluice_direction direction);

// The link by which that program is at the hook; an empty Fd where it is not there by a link. A hook takes a program once.
base::Result<base::Fd> tcx_link_of(uint32_t ifindex, sluice_direction direction, uint32_t program_id);

struct TcxLink {
  uint32_t id = 0;
  uint32_t ifindex = 0;  // 0: the interface is gone
};
base::Result<TcxLink> tcx_link(int link_fd);

}  // namespace sluice::kernel::attach
