// How many descriptors this process may have open.
#pragma once

#include "agent/base/result.h"

namespace sluice::base {

// The soft limit (1,024 by custom, for the sake of select(2), which nothing here uses) becomes the hard one.
// Source: getrlimit(2). Before threads are started.
Status raise_descriptor_limit();

}  // namespace sluice::base
