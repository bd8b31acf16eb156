#include "agent/replay/ends.h"

#include "agent/model/workloads.h"

namespace sluice::replay {

Names::Names(const model::Cluster& cluster) : cluster_(cluster), addresses_(cluster) {
  for (const auto& [name, pod] : cluster.pods) {
    if (addresses_.owned_by(pod).empty()) continue;
    if (const std::string workload = model::workload_of(pod); !workload.empty())
      first_of_.emplace(model::ObjectName{name.ns, workload}, name);
    first_of_.emplace(name, name);
  }
}

std::optional<model::Party> Names::party_of(const FlowEnd& end) const {
  if (!end.ns.empty())
    for (const std::string& name : {end.pod, end.workload})
      if (const auto found = first_of_.find({end.ns, name}); !name.empty() && found != first_of_.end())
        return model::Party(found->second);
  if (end.ip) return model::Party(*end.ip);
  return std::nullopt;
}

std::optional<model::Probe> Names::probe_of(const Flow& flow) const {
  const auto from = party_of(flow.source), to = party_of(flow.destination);
  if (!from || !to) return std::nullopt;
  model::Probe probe{*from, *to, {}, flow.protocol, {}};
  if (flow.protocol.has_ports()) probe.port = flow.destination.port;
  // The recorded family, where both ends still have it.
  if (flow.source.ip && flow.destination.ip && flow.source.ip->family() == flow.destination.ip->family()) {
    probe.family = flow.source.ip->family();
    if (!model::resolve(cluster_, addresses_, probe)) probe.family.reset();
  }
  return probe;
}

}  // namespace sluice::replay
