// Culprits: where what is wanted cannot be compiled or does not fit into the tables, it looks for the namespace whose
// policies are behind it and closes them, so that changes of all others go on being put in force.
//
// Laws:
//  1. One namespace after the other is closed for one attempt, those that have pods on this node, first those whose
//     policies changed since all was in force, of these the one that asks for the most. The first with which the attempt
//     succeeds stays closed; the others are as they were.
//  2. A change of any of its policies opens it again, for that may be what mends it.
//  3. Where none of them is it, none stays closed, and none is looked for again before some policy changes.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "agent/model/budget.h"
#include "agent/node/reconciler.h"

namespace sluice::node {

class Culprits {
 public:
  // `put`: hands what becomes of the budgets' changes to the reconciler.
  using Put = std::function<void(std::vector<model::Change>)>;
  Culprits(model::PolicyBudgets& budgets, const NodeView& view, Put put)
      : budgets_(budgets), view_(view), put_(std::move(put)) {}

  // After an attempt. True: something was put that is to be tried now.
  bool search(Applied applied);

 private:
  std::set<std::string> candidates() const;

  model::PolicyBudgets& budgets_;
  const NodeView& view_;
  const Put put_;
  std::string suspect_, why_;      // whose policies are closed for the attempt under way, and because of what
  std::set<std::string> cleared_;  // of this search
  uint64_t given_up_ = 0;          // when, by PolicyBudgets::version()
};

}  // namespace sluice::node
