// Who a recorded end is in a cluster: by namespace and pod, else by workload, else by its address. Pure.
#pragma once

#include "agent/model/probe.h"
#include "agent/replay/flows.h"

namespace sluice::replay {

class Names {
 public:
  explicit Names(const model::Cluster& cluster);
  // None: neither pod nor workload is there, and no address was recorded.
  std::optional<model::Party> party_of(const FlowEnd& end) const;
  // The probe that opens it; none where an end is nobody.
  std::optional<model::Probe> probe_of(const Flow& flow) const;

 private:
  const model::Cluster& cluster_;
  const model::PodAddresses addresses_;
  std::map<model::ObjectName, model::ObjectName>
      first_of_;  // workload -> the first of its pods that takes part
};

}  // namespace sluice::replay
