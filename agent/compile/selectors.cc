#include "agent/compile/selectors.h"

namespace sluice::compile {

SelectorTable::Number SelectorTable::use(const model::LabelSelector& selector) {
  const auto [at, is_new] = numbers_.try_emplace(selector, bound());
  if (is_new && !free_.empty()) {
    at->second = free_.back();
    free_.pop_back();
    entries_[at->second].at = at;
  } else if (is_new) {
    entries_.push_back({at});
  }
  ++entries_[at->second].uses;
  return at->second;
}

void SelectorTable::release(Number number) {
  Entry& entry = entries_[number];
  if (--entry.uses > 0) return;
  numbers_.erase(entry.at);
  free_.push_back(number);
}

}  // namespace sluice::compile
