#include "agent/node/culprits.h"

#include <iterator>

namespace sluice::node {

bool Culprits::search(Applied applied) {
  if (applied != Applied::kFailed) {
    suspect_.clear();
    cleared_.clear();
    budgets_.note_in_force();
    return false;
  }
  if (!view_.unfit() || (suspect_.empty() && given_up_ == budgets_.version())) return false;
  std::vector<model::Change> changes;
  if (suspect_.empty()) {
    why_ = view_.last_error();
  } else {
    cleared_.insert(suspect_);
    changes = budgets_.reopen(suspect_);
  }
  suspect_ = budgets_.greatest(candidates());
  if (suspect_.empty()) {
    given_up_ = budgets_.version();
    cleared_.clear();
  } else {
    auto closing = budgets_.close(suspect_, why_);
    changes.insert(changes.end(), std::make_move_iterator(closing.begin()),
                   std::make_move_iterator(closing.end()));
  }
  if (changes.empty()) return false;
  put_(std::move(changes));
  return true;
}

std::set<std::string> Culprits::candidates() const {
  std::set<std::string> all;
  for (const auto& pod : view_.locals())
    if (!cleared_.contains(pod.name.ns)) all.insert(pod.name.ns);
  return all;
}

}  // namespace sluice::node
