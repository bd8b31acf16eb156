// Filters of others that stand where ours must be first, or in an `ingress` qdisc where clsact
// must be: taken out, kept, and put back behind ours. The bandwidth plugin's is one: an `ingress`
// qdisc with a u32 filter of priority 1 on the node's end of a pod's veth, which redirects to an
// ifb.
//
// Laws:
//  1. What is put back does what it did, at its priority or, where that is ours, at a later one.
//     Packets of the moment between pass it by.
//  2. Only kinds that can be put back are taken out (u32 without hash tables of its own,
//     matchall); any other stays, and that is an error.
//
// Concerns the network namespace of the calling thread. One thread. Source: linux/pkt_cls.h,
// net/sched/cls_u32.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::kernel::attach {

struct SetAside {
  uint32_t priority = 0, handle = 0;
  uint16_t protocol = 0;  // network byte order
  std::optional<uint32_t> chain;
  std::string kind;
  std::vector<char> options;  // attributes as the kernel takes them
};

// The filters of the hook `parent` (linux/pkt_sched.h), from one priority alone where that is given; not bpf
// ones.
base::Result<std::vector<SetAside>> read_aside(uint32_t ifindex, uint32_t parent,
                                               std::optional<uint32_t> priority);
// Takes them out of the hook.
base::Status take_out(uint32_t ifindex, uint32_t parent, const std::vector<SetAside>& filters);
// Puts them back, behind priority `ours`.
base::Status put_back(uint32_t ifindex, uint32_t parent, const std::vector<SetAside>& filters, uint32_t ours);

// Removes a qdisc of kind `ingress`, with its filters.
base::Status remove_ingress_qdisc(uint32_t ifindex);

}  // namespace sluice::kernel::attach
