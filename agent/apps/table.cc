#include "agent/apps/table.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::apps {
namespace {

constexpr size_t kGap = 2;

std::string line_of(const std::vector<std::string>& cells, const std::vector<size_t>& widths) {
  std::string line;
  for (size_t i = 0; i < widths.size(); ++i) {
    const std::string cell = i < cells.size() ? cells[i] : "";
    line += cell;
    if (i + 1 < widths.size()) line += std::string(widths[i] - cell.size() + kGap, ' ');
  }
  while (!line.empty() && line.back() == ' ') line.pop_back();
  return line;
}

}  // namespace

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = base::one_line(cell);
  rows_.push_back(std::move(row));
}

std::string Table::text(bool colour) const {
  std::vector<size_t> widths;
  for (const auto& heading : headings_) widths.push_back(heading.size());
  for (const auto& row : rows_)
    for (size_t i = 0; i < std::min(row.size(), widths.size()); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  std::string text = line_of(headings_, widths);
  text = colour ? "\x1b[1m" + text + "\x1b[0m\n" : text + "\n";
  for (const auto& row : rows_) text += line_of(row, widths) + "\n";
  return text;
}

std::string joined(const std::vector<std::string>& parts, size_t most) {
  std::string text;
  for (size_t i = 0; i < parts.size() && i < most; ++i) text += (i == 0 ? "" : ", ") + parts[i];
  if (parts.size() > most) text += ", and " + std::to_string(parts.size() - most) + " more";
  return text;
}

}  // namespace sluice::apps
