// What tc holds at an interface's clsact hooks, over rtnetlink (rtnetlink(7), linux/pkt_sched.h). Reads only.
// Concerns the network namespace of the calling thread. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "sluice/layout.h"

namespace sluice::kernel::attach {

struct TcFilter {
  uint32_t handle = 0;
  uint32_t priority = 0;
  std::string kind;         // "bpf", "u32", …
  std::string name;         // of a bpf filter: "<program>:[<id>]"
  uint32_t program_id = 0;  // of a bpf filter
};

// The filters at the hook where the host side of `ifindex` sees `direction` of the pod; none where there is
// no qdisc.
base::Result<std::vector<TcFilter>> tc_filters(uint32_t ifindex, sluice_direction direction);

// The kind of qdisc at the ingress place: "clsact", "ingress", or "" where there is none.
base::Result<std::string> tc_ingress_qdisc(uint32_t ifindex);

}  // namespace sluice::kernel::attach
