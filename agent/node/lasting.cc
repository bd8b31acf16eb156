#include "agent/node/lasting.h"

namespace sluice::node {

void Lasting::update(const std::vector<std::string>& lines, Time now) {
  std::map<std::string, Time> held;
  for (const std::string& line : lines) {
    const auto before = since_.find(line);
    held.emplace(line, before != since_.end() ? before->second : now);
  }
  since_ = std::move(held);
}

std::vector<std::string> Lasting::stood(Time now) const {
  std::vector<std::string> lines;
  for (const auto& [line, since] : since_)
    if (since + kStands <= now) lines.push_back(line);
  return lines;
}

std::optional<Lasting::Time> Lasting::next(Time now) const {
  std::optional<Time> first;
  for (const auto& [line, since] : since_)
    if (since + kStands > now && (!first || since + kStands < *first)) first = since + kStands;
  return first;
}

}  // namespace sluice::node
