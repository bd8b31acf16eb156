// Which kinds a dialect has, and what there is to say of an input's other objects. Private to the room.
//
// Laws:
//  1. What is nearly of a dialect's kinds (another case, a plural, a slip or two, another version) is a problem: it was
//     meant to count.
//  2. A policy that is of no kind of the dialect is passed over with a remark, those of Kubernetes without one.
//  3. Of two definitions of one object the last counts (semantics 29), with a remark.
#pragma once

#include "agent/convert/input.h"
#include "agent/convert/output.h"

namespace sluice::convert {

void note_kinds(const Input& input, Dialect dialect, Output& output);

}  // namespace sluice::convert
