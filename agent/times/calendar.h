// Calendar: between a source of objects and the compiler. It lets policies through while their hours last, and keeps
// them back otherwise.
//
// Laws:
//  1. What it lets through, applied in order, is the cluster as times::at() leaves it at the moment of the last call.
//  2. All policies that switch at one moment do so in one answer of turn(), and so in one change.
//  3. A clock that was set, forward or back, is one moment as any other: turn() answers what is different then.
//  4. An expression that cannot be read has the policy always in force; unread() says why.
//
// Without clock and timer of its own: whoever has it calls turn() at next(), and when the clock was set. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/times/schedule.h"

namespace sluice::times {

class Calendar {
 public:
  // A policy with hours, as its source has it.
  struct Entry {
    model::Object policy;
    Schedule schedule;
    bool active = false;
    std::optional<Edge> next;
  };
  struct Switch {
    model::ObjectId id;
    Instant at;
    bool begins = false;
  };

  // What becomes of a source's changes at `now`, after what begins or ends by then.
  std::vector<model::Change> admit(std::vector<model::Change> changes, Instant now);
  // What begins or ends between the last call, of either, and `now`.
  std::vector<model::Change> turn(Instant now);

  // When turn() is due; none: never, while nothing is admitted and the clock is not set.
  std::optional<Instant> next() const;
  // The first policy to begin or to end.
  std::optional<Switch> next_switch() const;
  const std::map<model::ObjectId, Entry>& entries() const { return entries_; }
  const std::map<model::ObjectId, std::string>& unread() const { return unread_; }
  size_t outside() const;

 private:
  std::optional<model::Change> admit_one(model::Change change, Instant now);
  std::optional<model::Change> take(const model::ObjectId& id, model::Object policy, Instant now);

  std::map<model::ObjectId, Entry> entries_;
  std::map<model::ObjectId, std::string> unread_;
  std::optional<Instant> seen_;  // `now` of the last call
};

}  // namespace sluice::times
