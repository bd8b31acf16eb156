// Requirements: what a label selector asks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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

template <>
struct std::hash<sluice::model::Requirement> {
  size_t operator()(const sluice::model::Requirement& one) const noexcept {
    const std::hash<std::string_view> of_text;
    size_t sum = of_text(one.key) + static_cast<size_t>(one.op);
    for (const std::string& value : one.values) sum = sum * 131 + of_text(value);
    return sum;
  }
};
