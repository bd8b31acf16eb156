// undo(): takes back what a journal says was made, last thing first.
//
// Laws: what is already gone is fine; what is there but is not what the lab made (another hardware address,
// another namespace under the name) is left alone and named. One failure does not keep the rest from being
// removed. So it can be called after up() stopped anywhere, and again after itself.
#pragma once

#include <string>
#include <vector>

#include "agent/lab/journal.h"

namespace sluice::lab {

struct Undone {
  std::vector<std::string> removed;   // one line each, in order
  std::vector<std::string> failures;  // one line each
};

Undone undo(const std::vector<Step>& steps);

}  // namespace sluice::lab
