// What is said about told endpoints: in force, or what is missing for that. Pure functions of a Node.
#pragma once

#include <string>

#include "agent/control/replies.h"
#include "sluice/v1/endpoints.pb.h"

namespace sluice::control {

// Why the endpoint's policy is not in force on its interface, one line; empty where it is. `absence`: why Pod
// objects may not have come, where that is known.
std::string missing_of(const Node& node, const ToldEndpoint& told, const std::string& absence);
v1::AddEndpointReply added_reply(const Node& node, const AgentFacts& facts, const ToldEndpoint& told);
// The endpoint in force on the told interface, nullptr where there is none.
const image::Endpoint* endpoint_of(const Node& node, const ToldEndpoint& told);

}  // namespace sluice::control
