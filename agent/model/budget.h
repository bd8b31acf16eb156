// What the policies of one namespace may take, so that nobody's policies fill the tables of all, or keep a change of
// somebody else waiting.
//
// Laws:
//  1. Which policies are within the budget is a function of the policies of their namespace alone: neither of the order
//     in which they come, nor of the node, nor of anybody else's.
//  2. By name, one after the other, each is within it that fits into what is left and takes no more than half of all.
//  3. What is beyond it is closed, never opened: it isolates whom it selects, and allows nothing. Of more policies than
//     there may be the next one stands for all that follow, and isolates every pod of the namespace.
//  4. close() does the same to all policies of a namespace, for reasons that are not seen here (agent/node/culprits.h).
//  5. Policies of tiers have none: who may write them may decide everything (semantics 48).
//
// Not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::model {

// Of the policies of one namespace together; one alone may take half of the last two.
struct Budget {
  size_t policies = 10'000;
  size_t entries = 100'000;  // rules, their peers and ports, and the labels that selectors ask for
  size_t cidrs = 131'072;    // of ipBlocks, exceptions among them
};
// A block of a rule that lies around so many CIDRs of other rules makes a class of addresses of each with each: so many
// pairs there may be for each CIDR of the budget.
inline constexpr size_t kOverlapsOfCidr = 16;

class PolicyBudgets {
 public:
  explicit PolicyBudgets(Budget budget = {}) : budget_(budget) {}

  // What becomes of a source's changes: of policies those that are to be in force now, which may be others too, behind all
  // other changes.
  std::vector<Change> admit(std::vector<Change> changes);

  // Closes all policies of a namespace, because of `why`, until one of them changes; opens one that is closed. The changes
  // that do.
  std::vector<Change> close(const std::string& ns, std::string why);
  std::vector<Change> reopen(const std::string& ns);
  // Of these namespaces the one whose policies take the most and are not closed so, of those that changed since
  // note_in_force() if there are any; empty: none has policies.
  std::string greatest(const std::set<std::string>& namespaces) const;
  void note_in_force() { changed_.clear(); }
  uint64_t version() const { return version_; }  // another one after each change of a policy; never 0

  // Policies that are beyond it, or closed.
  size_t beyond() const;
  // Of each namespace the first ones, one line each, and how many more there are.
  std::vector<std::string> problems() const;

 private:
  enum class Place : uint8_t { kWithin, kClosed, kForAll, kHeldBack };
  struct Entry {
    NetworkPolicy policy;  // whole
    size_t entries = 0, cidrs = 0;
    Place told = Place::kHeldBack, place = Place::kHeldBack;
    bool changed = true;  // since it was told
    std::string why;      // of what is not within
  };
  using Policies = std::map<std::string, Entry>;  // by name
  struct Used {
    size_t entries = 0, cidrs = 0;
  };

  void note(Change change, std::vector<Change>& admitted);
  void decide(const std::string& ns, Policies& policies);
  std::string fault_of(const Entry& entry, const Used& used) const;
  void decide_overlaps(Policies& policies) const;
  static void tell(Policies& policies, std::vector<Change>& admitted);

  const Budget budget_;
  std::map<std::string, Policies> namespaces_;
  std::map<std::string, std::string> closed_;  // why, by namespace
  std::set<std::string> stale_, changed_;      // since they were told; since note_in_force()
  uint64_t version_ = 1;
};

}  // namespace sluice::model
