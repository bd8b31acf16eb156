#include "agent/observe/drop_lines.h"

#include <algorithm>

#include "agent/observe/text.h"

namespace sluice::observe {
namespace {

std::string policies_text(const FlowRecord& record) {
  std::string text;
  for (const std::string& policy : record.isolated_by) text += (text.empty() ? "" : ",") + policy;
  return text;
}

LogLine pair_line(const FlowRecord& record) {
  LogLine line;
  const auto add = [&line](std::string_view key, std::string value) {
    if (!value.empty()) line.emplace_back(key, std::move(value));
  };
  const auto ip = [](const End& end) { return end.ip ? end.ip->to_text() : std::string(); };
  add("direction", std::string(to_text(record.direction)));
  add("source", name_of(record.source));
  add("destination", name_of(record.destination));
  if (name_of(record.source) != ip(record.source)) add("source_ip", ip(record.source));
  if (name_of(record.destination) != ip(record.destination)) add("destination_ip", ip(record.destination));
  if (record.family) add("protocol", record.protocol.to_text());
  if (record.destination.port) add("port", std::to_string(record.destination.port->host()));
  add("reason", record.reason);
  add("isolated_by", policies_text(record));
  if (record.verdict == Verdict::kAudit) add("audit", "true");
  add(record.verdict == Verdict::kAllowed ? "rule" : "denied_by", record.rule);
  add("hint", names_text(record));
  return line;
}

}  // namespace

std::string_view event_of(const LogLine& line) {
  const auto names_a_rule = [](const auto& pair) { return pair.first == "rule"; };
  return std::ranges::any_of(line, names_a_rule) ? "allowed" : "drop";
}

void DropLines::write(LogLine line, uint64_t count) const {
  line.emplace_back("count", std::to_string(count));
  write_(line);
}

void DropLines::add(const FlowRecord& record, Time now) {
  LogLine line = pair_line(record);
  std::string key;
  for (const auto& [name, value] : line)
    if (name != "isolated_by" && name != "denied_by" && name != "hint") key += value + '\n';
  if (auto open = pairs_.find(key); open != pairs_.end()) {
    open->second.count += record.count;
    return;
  }
  if (pairs_.size() >= kMostPairs) {
    others_ += record.count;
    if (!others_since_) others_since_ = now;
    return;
  }
  LogLine first = line;
  if (!record.id.empty()) first.emplace_back("id", record.id);
  write(std::move(first), record.count);
  pairs_.emplace(std::move(key), Open{std::move(line), now, 0});
}

void DropLines::summarise(Time now) {
  for (auto at = pairs_.begin(); at != pairs_.end();) {
    Open& open = at->second;
    if (now - open.begun < kSummary) {
      ++at;
      continue;
    }
    if (open.count == 0) {
      at = pairs_.erase(at);
      continue;
    }
    write(open.line, std::exchange(open.count, 0));
    open.begun = now;
    ++at;
  }
  if (others_since_ && now - *others_since_ >= kSummary) {
    write({{"source", "others"}}, std::exchange(others_, 0));
    others_since_.reset();
  }
}

std::optional<DropLines::Time> DropLines::next() const {
  std::optional<Time> due;
  const auto note = [&due](Time begun) { due = due ? std::min(*due, begun + kSummary) : begun + kSummary; };
  for (const auto& [key, open] : pairs_) note(open.begun);
  if (others_since_) note(*others_since_);
  return due;
}

}  // namespace sluice::observe
