// What a CNI plugin announces: from the messages of proto/sluice/v1/endpoints.proto to the node's
// own types, and back. Every field has a bound, since it comes from outside. Pure; any thread.
#pragma once

#include <set>

#include "agent/base/result.h"
#include "agent/node/announced.h"
#include "sluice/v1/endpoints.pb.h"

namespace sluice::control {

// Errors name the field.
base::Result<node::Announcement> read_announcement(const v1::AddEndpointRequest& request);
v1::AddEndpointRequest write_announcement(const node::AnnouncedKey& key,
                                          const node::AnnouncedEndpoint& endpoint);
// Those that the runtime still has, as it names them.
std::set<node::AnnouncedKey> valid_of(const v1::KeepEndpointsRequest& request);

}  // namespace sluice::control
