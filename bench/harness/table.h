// Table: columns for people; as wide as what stands in them, numbers to the right. A value; any thread.
#pragma once

#include <string>
#include <vector>

namespace sluice::bench {

class Table {
 public:
  explicit Table(std::vector<std::string> head) : rows_{std::move(head)} {}
  Table& row(std::vector<std::string> cells);  // as many as the head has
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// "139000", "41.3", "0.018": three digits or one decimal, whichever is more; "-" for NaN.
std::string decimal(double value);

}  // namespace sluice::bench
