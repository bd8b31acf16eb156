// Names of domains and patterns of them, both in small letters and without a dot at the end (semantics 73).
// Any thread.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::model {

// Does the pattern, a name or "*." and a name, match the name?
inline bool domain_matches(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return pattern == name;
  pattern.remove_prefix(1);
  return name.size() > pattern.size() && name.ends_with(pattern);
}

// Does one of the patterns?
inline bool is_among(std::string_view name, const std::vector<std::string>& patterns) {
  return std::ranges::any_of(patterns, [&](const auto& pattern) { return domain_matches(pattern, name); });
}

}  // namespace sluice::model
