// SelectorTable: the distinct label selectors that are in use, each under a number. Policies spell the same few again and
// again: what is asked of many selectors about one set of labels is found out once for each distinct one.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "agent/model/objects.h"

namespace sluice::compile {

class SelectorTable {
 public:
  using Number = uint32_t;  // below bound(); of a released selector it is given again

  Number use(const model::LabelSelector& selector);  // once more
  void release(Number number);
  const model::LabelSelector& selector(Number number) const { return entries_[number].at->first; }
  Number bound() const { return static_cast<Number>(entries_.size()); }

 private:
  using Numbers = std::map<model::LabelSelector, Number>;
  struct Entry {
    Numbers::iterator at;
    size_t uses = 0;
  };

  Numbers numbers_;
  std::vector<Entry> entries_;
  std::vector<Number> free_;
};

// Which selectors of a table match some labels; nothing is used or released meanwhile.
class Matching {
 public:
  explicit Matching(const SelectorTable& table) : table_(table), known_(table.bound()) {}
  // From here on it is asked of these labels, which must outlive the questions.
  void about(const model::Labels& labels) {
    labels_ = &labels;
    ++turn_;
  }
  bool operator()(SelectorTable::Number number) {
    Known& known = known_[number];
    if (known.turn != turn_) known = {turn_, model::matches(table_.selector(number), *labels_)};
    return known.matches;
  }

 private:
  struct Known {
    uint32_t turn = 0;
    bool matches = false;
  };
  const SelectorTable& table_;
  const model::Labels* labels_ = nullptr;
  std::vector<Known> known_;
  uint32_t turn_ = 0;
};

}  // namespace sluice::compile
