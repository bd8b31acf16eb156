// From a protobuf message to the Tree that the same object's JSON gives, by the Shape that both share: what a
// Shape does not name is passed over, empty texts and the zero time are absent as Go's `omitempty` leaves
// them out. Private to agent/source/kube. Pure; any thread.
#pragma once

#include <string_view>

#include "agent/base/result.h"
#include "agent/source/decode/tree.h"
#include "agent/source/kube/shape.h"

namespace sluice::source::kube {

base::Result<source::decode::Document> build_tree(const Shape& shape, std::string_view message);

}  // namespace sluice::source::kube
