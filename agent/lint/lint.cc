#include "agent/lint/lint.h"

#include "agent/lint/checks.h"
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

Outcome lint(const Input& input) {
  Pods pods(input.cluster);
  Report report(input.written);
  check_selectors(input, pods, report);
  check_ports(input, pods, report);
  check_cidrs(input, report);
  check_dns(input, pods, report);
  check_cluster_policies(input, pods, report);
  check_domains(input, report);
  check_tiers(input, pods, report);
  check_tier_dns(input, pods, report);
  check_meaning(input, report);
  check_repetition(input, pods, report);
  check_protection(input, pods, report);
  check_documents(input, report);
  return report.take();
}

}  // namespace sluice::lint
