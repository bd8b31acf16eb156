// undo(): removes what a journal says was made, last thing first.
//
// Laws:
//  1. What is already gone is fine. What is there but is not what the lab made (another hardware
//     address, another namespace under the name) is left alone and named.
//  2. One failure does not keep the rest from being removed. So undo() can be called after up()
//     stopped anywhere, and again after itself.
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
