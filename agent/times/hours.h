// The policies that have hours: which they are, and the cluster as it is without those that are outside them.
//
// Law: a policy outside its hours is as if it were not there. One whose expression cannot be read is always in force.
//
// Pure but for tzdata; any thread.
#pragma once

#include <map>
#include <string>

#include "agent/model/cluster.h"
#include "agent/times/schedule.h"

namespace sluice::times {

// Its expression; null where it is no policy, or has none.
const std::string* hours_of(const model::Object& object);

struct Outside {
  size_t with_hours = 0;                          // policies whose expression was read
  std::vector<model::ObjectId> ids;               // those that are outside
  std::vector<model::Object> policies;            // they themselves, in the same order
  std::map<model::ObjectId, std::string> unread;  // why
};

// Takes out of the cluster what is outside its hours at that moment.
Outside at(model::Cluster& cluster, Instant instant);

}  // namespace sluice::times
