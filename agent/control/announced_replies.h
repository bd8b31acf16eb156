// What the agent answers about announced endpoints: in force, or what is missing for that. Pure
// functions of a NodeView.
#pragma once

#include <string>

#include "agent/control/replies.h"
#include "sluice/v1/endpoints.pb.h"

namespace sluice::control {

// Why the endpoint's policy is not in force on its interface, one line; empty where it is. `absence`: why Pod
// objects may not have come, where that is known.
std::string why_not_in_force(const node::NodeView& node, const node::AnnouncedEndpoint& announced,
                             const std::string& absence);
v1::AddEndpointReply added_reply(const node::NodeView& node, const AgentFacts& facts,
                                 const node::AnnouncedEndpoint& announced);
// The endpoint in force on the announced interface, nullptr where there is none.
const image::Endpoint* endpoint_of(const node::NodeView& node, const node::AnnouncedEndpoint& announced);

}  // namespace sluice::control
