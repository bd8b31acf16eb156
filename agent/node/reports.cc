#include "agent/node/reports.h"

#include <algorithm>
#include <iterator>

namespace sluice::node {
namespace {

std::vector<std::string> together(std::vector<std::string> lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
  std::sort(lines.begin(), lines.end());
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  return lines;
}

}  // namespace

void Reports::update(Lines machine, Lines objects) {
  machine_problems_.update(machine.problems, now_());
  machine_warnings_.update(machine.warnings, now_());
  objects_ = std::move(objects);
  log_changes("problem", logged_.problems, problems());
  log_changes("warning", logged_.warnings, warnings());
}

std::vector<std::string> Reports::problems() const {
  return together(machine_problems_.stood(now_()), objects_.problems);
}

std::vector<std::string> Reports::warnings() const {
  return together(machine_warnings_.stood(now_()), objects_.warnings);
}

std::optional<Reports::Time> Reports::next() const {
  const auto now = now_();
  const auto problem = machine_problems_.next(now), warning = machine_warnings_.next(now);
  return problem && warning ? std::min(problem, warning) : problem ? problem : warning;
}

void Reports::log_changes(std::string_view event, std::vector<std::string>& known,
                          std::vector<std::string> now) const {
  std::vector<std::string> come, gone;
  std::set_difference(now.begin(), now.end(), known.begin(), known.end(), std::back_inserter(come));
  std::set_difference(known.begin(), known.end(), now.begin(), now.end(), std::back_inserter(gone));
  for (const auto& text : come) log_.warn(event, {{"text", text}});
  for (const auto& text : gone) log_.info(std::string(event) + "_gone", {{"text", text}});
  known = std::move(now);
}

}  // namespace sluice::node
