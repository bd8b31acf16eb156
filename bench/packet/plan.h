// Plan: which cases are measured in which worlds, by group. Pure.
//
// Laws: what a group compares is measured in the same rounds. One axis of Size varies at a time around the
// base; worlds of one group share the flow table's fill, and with it the reference programs.
#pragma once

#include <string>
#include <vector>

#include "bench/packet/cases.h"

namespace sluice::bench {

struct Group {
  std::string name;
  std::vector<Size> worlds;  // each case is measured in each
  std::vector<Case> cases;
};

std::vector<Group> packet_groups(bool quick);

}  // namespace sluice::bench
