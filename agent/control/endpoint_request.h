// What a CNI plugin announces, between the wire (proto/sluice/v1/endpoints.proto) and the node's own types.
// Bounds on every field: it comes from outside. Pure.
#pragma once

#include <set>

#include "agent/base/result.h"
#include "agent/node/announced.h"
#include "sluice/v1/endpoints.pb.h"

namespace sluice::control {

// Errors name the field.
base::Result<node::Announcement> read_announcement(const v1::AddEndpointRequest& request);
v1::AddEndpointRequest write_announcement(const node::AnnouncedKey& key, const node::AnnouncedEndpoint& endpoint);
// Those that the runtime still has, as it names them.
std::set<node::AnnouncedKey> valid_of(const v1::KeepEndpointsRequest& request);

}  // namespace sluice::control
