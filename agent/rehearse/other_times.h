// Other times: policies with hours of two states of a cluster that make a difference, but not, or not only, at the moment
// at which the states were compared.
//
// Laws:
//  1. A policy is named where it is outside its hours in either state and is not the same in both, or where it is in both
//     and its hours are not the same.
//  2. Of a policy that begins, ends or changes within its hours in both states difference_of() tells.
//
// Pure; any thread.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "agent/model/cluster.h"

namespace sluice::rehearse {

struct AtOneMoment {
  const model::Cluster& cluster;           // as it is then
  std::span<const model::Object> outside;  // its policies that are outside their hours, which it has not
};

// "NetworkPolicy shop/days", sorted.
std::vector<std::string> changed_at_other_times(const AtOneMoment& before, const AtOneMoment& after);

}  // namespace sluice::rehearse
