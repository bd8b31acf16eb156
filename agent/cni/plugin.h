// run(): one call of the plugin, from its environment and standard input to what it answers.
//
// Laws:
//  1. Standard output gets what the CNI specification asks for and nothing else: the result of
//     the plugins before, unchanged (ADD), the versions (VERSION), nothing (the others), or an
//     error object.
//  2. Every call ends within the configuration's time-out, and endpoint::kReplyDeadline where the
//     kernel is silent.
//  3. DEL never fails: what stood in its way is reported.
//  4. The plugin keeps no state: any number of calls may run at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/cni/call.h"

namespace sluice::cni {

struct Output {
  int exit = 0;
  std::string answer;               // for standard output
  std::vector<std::string> report;  // for standard error, one line each
};

// `input`: standard input, or why it could not be read.
Output run(const Environment& environment, const base::Result<std::string>& input);

}  // namespace sluice::cni
