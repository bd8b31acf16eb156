// How many descriptors this process may have open.
#pragma once

#include <cstdint>

#include "agent/base/result.h"

namespace sluice::base {

// The soft limit (1,024 by custom, for the sake of select(2), which nothing here uses) becomes the hard one.
// Source: getrlimit(2). Before threads are started.
Status raise_descriptor_limit();

// An error where this process may have fewer than `least` open: which limit it is, what it is, what it must
// be, and how to mend it.
Status check_descriptor_limit(uint64_t least);

}  // namespace sluice::base
