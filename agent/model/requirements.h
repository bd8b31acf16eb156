// Requirements: what a label selector asks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "agent/model/shared_list.h"

namespace sluice::model {

enum class Operator : uint8_t { kIn, kNotIn, kExists, kDoesNotExist };

struct Requirement {
  std::string key;
  Operator op = Operator::kIn;
  std::vector<std::string> values;  // sorted, unique; empty for Exists and DoesNotExist
  auto operator<=>(const Requirement&) const = default;
};

using Requirements = SharedList<Requirement>;

}  // namespace sluice::model
