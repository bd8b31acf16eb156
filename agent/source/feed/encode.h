// encode(): values of agent/model as messages of the feed (proto/sluice/v1/objects.proto).
// decode.h is the other way.
//
// Law: decode(encode(x)) is x, for every x that agent/source could have made.
//
// Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "agent/model/cluster.h"
#include "sluice/v1/feed.pb.h"

namespace sluice::source::feed {

v1::Object encode(const model::Object& object);
// The object's message as bytes, maps in the order of their keys: equal objects give equal bytes.
std::string pack(const model::Object& object);
v1::ObjectId encode(const model::ObjectId& id);
// `observed`: when the change had been read whole from its source, Unix nanoseconds; 0: not known.
v1::Event encode(const model::Change& change, int64_t observed);

}  // namespace sluice::source::feed
