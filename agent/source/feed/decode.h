// decode(): messages of the feed (proto/sluice/v1/objects.proto) as values of agent/model.
// encode.h is the other way.
//
// Laws:
//  1. No field is believed: each is checked as agent/source/decode checks a manifest's, so that
//     what comes out is valid in every field.
//  2. An error names the object, the field and how to mend it, on one line of bounded length.
//
// Pure; any thread.
#pragma once

#include "agent/base/result.h"
#include "agent/model/cluster.h"
#include "sluice/v1/objects.pb.h"

namespace sluice::source::feed {

// Which object is meant, as written, before anything is checked: refused objects are listed by it. An error:
// none of the kinds known here, or a name longer than any may be.
base::Result<model::ObjectId> id_as_written(const v1::Object& object);
base::Result<model::ObjectId> id_as_written(const v1::ObjectId& id);

base::Result<model::Object> decode(const v1::Object& object);

// "Pod prod/web", by id_as_written(), with what a terminal might take for a command made harmless.
std::string to_line(const model::ObjectId& id);

}  // namespace sluice::source::feed
