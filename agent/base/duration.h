// A span of time as people write it in options and configurations: "10s", "500ms", "2m"; a bare number is
// seconds. At most a day. Any thread.
#pragma once

#include <chrono>
#include <string>

#include "agent/base/result.h"

namespace sluice::base {

Result<std::chrono::milliseconds> parse_duration(const std::string& text);

}  // namespace sluice::base
