// Replies: the agent's state as the control API and the metrics show it, made when asked for.
// Pure functions of a NodeView and of what was read from the kernel.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/control/learning/name_loop.h"
#include "agent/control/metrics.h"
#include "agent/node/node_view.h"
#include "agent/times/calendar.h"
#include "sluice/v1/control.pb.h"

namespace sluice::control {

// What does not change while an agent runs.
struct AgentFacts {
  std::string version, source, attach;
  bool strict = true, audit = false;
  std::vector<std::string> unconfined = {};  // StatusReply.unconfined
};

// Statistics of each endpoint in force, by its image id.
using EndpointStats = std::map<image::EndpointId, sluice_endpoint_stats>;

// What the flow tables hold of each.
using EndpointFlows = std::map<image::EndpointId, sluice_flow_counts>;

// A map as the kernel has it.
struct MapFacts {
  std::string name;
  std::string_view kind;
  uint64_t limit = 0;
  std::optional<uint64_t> bytes;
};

// Endpoint.ingress and .egress; `endpoint` is null where it is not in force.
std::string side_text(const image::Endpoint* endpoint, model::Direction direction, bool strict);
v1::SyncReply sync_reply(const node::NodeView& node);
v1::StatusReply status_reply(const node::NodeView& node, const AgentFacts& facts,
                             const kernel::Counters& counters, const EndpointStats& stats,
                             std::chrono::duration<double> uptime);
// StatusReply.hours; absent where no policy has any. `clock_problem`: why the machine's clock is not followed, or empty.
void add_hours(const times::Calendar& calendar, const std::string& clock_problem, v1::StatusReply& reply);
v1::NameFacts name_facts(const learning::NameLoop& names);
v1::NamesReply names_reply(const node::NodeView& node, const learning::NameLoop& names,
                           const learning::Connections& connections);
// StatusReply.flows.
void add_flows(const FlowReading& reading, v1::Flows& flows);
v1::EndpointsReply endpoints_reply(const node::NodeView& node, const AgentFacts& facts,
                                   const EndpointStats& stats, const EndpointFlows& flows);
// Those that are outside their hours too.
v1::PoliciesReply policies_reply(const node::NodeView& node, const times::Calendar& calendar);
v1::IdentitiesReply identities_reply(const node::NodeView& node);
// What the image fills and the flow tables hold is counted, the rest is not.
v1::MapsReply maps_reply(const node::NodeView& node, const std::vector<MapFacts>& maps,
                         const std::optional<FlowReading>& flows);
// All objects, policies outside their hours too, as SnapshotPiece has them.
std::vector<v1::SnapshotPiece> snapshot_pieces(const model::Cluster& cluster,
                                               const times::Calendar& calendar);
// Where `to` is a name it stands for `addresses`, those that are learnt for it.
base::Result<v1::CheckReply> check_reply(const node::NodeView& node, const times::Calendar& calendar,
                                         const v1::CheckRequest& request,
                                         const std::vector<net::Ip>& addresses = {});
MetricsReading metrics_reading(const node::NodeView& node, const AgentFacts& facts,
                               const kernel::Counters& counters, const EndpointStats& stats,
                               const EndpointFlows& flows);
// What they count, for NamespaceTotals.
std::vector<observe::PodCounts> pod_counts(const std::vector<EndpointDrops>& pods);

}  // namespace sluice::control
