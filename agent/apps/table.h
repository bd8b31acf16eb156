// Table: rows of text under headings, lined up. Pure; bytes are taken for columns (names here are ASCII).
#pragma once

#include <string>
#include <vector>

namespace sluice::apps {

class Table {
 public:
  explicit Table(std::vector<std::string> headings) : headings_(std::move(headings)) {}
  // As many cells as there are headings. Texts from outside: nothing in a cell moves a terminal's cursor.
  void add(std::vector<std::string> row);
  // `colour`: headings in bold.
  std::string text(bool colour) const;

 private:
  std::vector<std::string> headings_;
  std::vector<std::vector<std::string>> rows_;
};

// "a, b, c"; at most `most` of them, then "and 7 more".
std::string joined(const std::vector<std::string>& parts, size_t most = 8);

}  // namespace sluice::apps
