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

Entry entry_of(std::string_view part) {
  const size_t colon = part.find(':');
  const std::string_view reason = colon == part.npos ? std::string_view() : part.substr(colon + 1);
  return {std::string(without_blanks(part.substr(0, colon))), std::string(without_blanks(reason))};
}

void add_entries_of(std::string_view line, std::vector<Entry>& entries) {
  const size_t before = entries.size();
  while (!line.empty()) {
    const std::string_view part = next_part(line, ',');
    Entry entry = entry_of(part);
    const bool first = entries.size() == before;
    if (!first && !rule_of(entry.rule))
      entries.back().reason.append(",").append(part);
    else if (!without_blanks(part).empty())
      entries.push_back(std::move(entry));
  }
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
  std::vector<Entry> entries;
  for (std::string_view rest = object.lint_ignore; !rest.empty();)
    add_entries_of(next_part(rest, '\n'), entries);
  for (const Entry& entry : entries) {
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
