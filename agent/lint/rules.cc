#include "agent/lint/rules.h"

namespace sluice::lint {

std::string_view to_text(Level level) {
  switch (level) {
    case Level::kInfo:
      return "info";
    case Level::kWarning:
      return "warning";
    case Level::kError:
      return "error";
  }
  return {};
}

std::optional<Level> level_of(std::string_view text) {
  for (const Level level : {Level::kInfo, Level::kWarning, Level::kError})
    if (to_text(level) == text) return level;
  return std::nullopt;
}

std::optional<Rule> rule_of(std::string_view id) {
  for (const RuleFacts& facts : kRules)
    if (facts.id == id) return facts.rule;
  return std::nullopt;
}

}  // namespace sluice::lint
