#include "agent/lint/ignore.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "agent/base/edit_distance.h"
#include "agent/base/excerpt.h"

namespace sluice::lint {
namespace {

struct Entry {
  std::string rule, reason;
};

std::string_view without_blanks(std::string_view text) {
  const size_t start = text.find_first_not_of(" \t\r");
  if (start == text.npos) return {};
  return text.substr(start, text.find_last_not_of(" \t\r") - start + 1);
}

// Cuts what stands before the first `separator` off `rest`.
std::string_view next_part(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::vector<Entry> entries_of(std::string_view text) {
  std::vector<Entry> entries;
  while (!text.empty()) {
    std::string_view line = next_part(text, '\n');
    bool first = true;
    while (!line.empty()) {
      const std::string_view part = next_part(line, ',');
      const std::string_view id = without_blanks(part.substr(0, part.find(':')));
      if (!first && !rule_of(id)) {
        entries.back().reason += "," + std::string(part);
        continue;
      }
      const size_t colon = part.find(':');
      if (id.empty() && colon == part.npos) continue;
      first = false;
      entries.push_back({std::string(id), colon == part.npos
                                              ? std::string()
                                              : std::string(without_blanks(part.substr(colon + 1)))});
    }
  }
  return entries;
}

std::string nearest_rule(const std::string& id) {
  constexpr size_t kLongest = 64;
  if (id.size() > kLongest) return {};
  const auto distance = [&](const RuleFacts& facts) { return base::edit_distance(id, facts.id); };
  const auto* best =
      std::min_element(std::begin(kRules), std::end(kRules),
                       [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
  return distance(*best) <= 3 ? ": did you mean " + std::string(best->id) + "?" : std::string();
}

}  // namespace

Ignored ignored_by(const source::WrittenObject& object, std::vector<source::Warning>& warnings) {
  const std::string field = "metadata.annotations[\"" + std::string(source::kLintIgnoreAnnotation) + "\"]: ";
  const auto warn = [&](const std::string& message) {
    warnings.push_back({object.place, std::nullopt, "",
                        base::one_line(object.kind + " " + object.name.to_text() + ": " + field + message)});
  };
  Ignored ignored;
  for (const Entry& entry : entries_of(object.lint_ignore)) {
    const auto rule = rule_of(entry.rule);
    if (!rule) {
      warn(base::excerpt(entry.rule) + " is no rule" + nearest_rule(entry.rule));
      continue;
    }
    ignored.insert(*rule);
    if (entry.reason.empty()) warn(entry.rule + " has no reason: write \"" + entry.rule + ": why\"");
  }
  return ignored;
}

}  // namespace sluice::lint
