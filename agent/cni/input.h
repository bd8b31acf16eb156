// Reading what a runtime hands over on standard input: bounded in size and time.
#pragma once

#include <chrono>
#include <string>

#include "agent/base/result.h"

namespace sluice::cni {

inline constexpr std::chrono::seconds kInputDeadline{10};

// Until the end of the input. An error: more than `largest` bytes, or no end within `patience`.
base::Result<std::string> read_all(int fd, size_t largest, std::chrono::milliseconds patience);

}  // namespace sluice::cni
