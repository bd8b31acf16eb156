// Node: a world brought into the kernel the way the agent does it: compiled, placed, written to the maps of
// loaded programs, all of their real sizes. The programs run by BPF_PROG_TEST_RUN alone.
//
// Laws: the interface that test runs see (lo) is one test pod's at a time. Needs root. One thread, pinned to
// one CPU (stay_on_one_cpu): counters are compared between runs.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "agent/compile/compiler.h"
#include "agent/image/placement.h"
#include "agent/kernel/counters.h"
#include "agent/kernel/events.h"
#include "agent/kernel/maps.h"
#include "bench/packet/world.h"

namespace sluice::bench {

void stay_on_one_cpu();

using Flows = std::vector<sluice_flow_edit>;

class Node {
 public:
  static base::Result<std::unique_ptr<Node>> load(const Size& size);

  const Size& size() const { return size_; }
  const model::Cluster& cluster() const { return compiler_.cluster(); }
  const image::Image& image() const { return compiler_.image(); }
  int program_fd(sluice_direction hook) const { return programs_.program_fd(hook); }
  int stats_fd() const { return programs_.map(SLUICE_MAP_STATS).fd; }
  uint32_t index_of(TestPod pod) const { return SLUICE_ENDPOINT_INDEX(flow_id_of(pod)); }
  uint32_t flow_id_of(TestPod pod) const { return flow_ids_[static_cast<size_t>(pod)]; }

  base::Status select(TestPod pod);
  base::Status forget_flows(const Flows& flows);
  base::Status forget_fragments();
  // Puts so many more answered flows of nobody's into the flow table, where they have place.
  base::Status fill_flows(net::Family family, size_t entries);
  base::Status next_epoch();  // with the same policies
  base::Result<kernel::Counters> counters() const { return kernel::read_counters(programs_); }
  base::Status drain_events();

 private:
  Node(const Size& size, kernel::Programs programs);
  base::Status write();
  base::Status find_pods(const image::Placement& placement);
  size_t entries_of(net::Family family) const;

  Size size_;
  kernel::Programs programs_;
  compile::Compiler compiler_{kNode};
  std::unique_ptr<kernel::KernelMaps> maps_;
  std::unique_ptr<kernel::Events> events_;
  std::array<uint32_t, 2> flow_ids_{};
  uint32_t filled_ = 0;
};

}  // namespace sluice::bench
