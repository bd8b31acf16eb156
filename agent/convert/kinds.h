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
#include "agent/source/decode/kinds.h"

namespace sluice::convert {

void note_kinds(const Input& input, Dialect dialect, Output& output);

// One type: is it of the dialect, or nearly: then what it is meant to be ("… is not known in …: did you mean …?"). Only of
// types that are nothing to Sluice.
bool is_of_dialect(const source::decode::TypeMeta& type, Dialect dialect);
std::string near_dialect_fault(const source::decode::TypeMeta& type, Dialect dialect);

}  // namespace sluice::convert
