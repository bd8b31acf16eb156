// The annotation sluice.dev/lint-ignore: which rules an object asks not to be told of. Private to agent/lint. Pure.
//
// "RULE: reason"; several are separated by newlines or commas. A comma with no rule behind it belongs to the reason.
#pragma once

#include <set>
#include <vector>

#include "agent/lint/rules.h"
#include "agent/source/written.h"

namespace sluice::lint {

using Ignored = std::set<Rule>;

// A warning for each rule that there is none of, and each that has no reason; the latter is ignored all the same.
Ignored ignored_by(const source::WrittenObject& object, std::vector<source::Warning>& warnings);

}  // namespace sluice::lint
