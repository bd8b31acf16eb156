// Suggest: the policies that would have allowed what was recorded, and no more than it takes.
//
// Laws:
//  1. Replayed through them, no flow that went into them is denied.
//  2. A policy for each class of pods with equal labels that had a part; it isolates the directions in which
//     something was recorded of them.
//  3. Pods are named by their labels, controllers' left out; everything else by its address.
//  4. What tier Admin denies no policy can allow, nor what the Baseline does where policies are in audit: it is left
//     out, and said.
//  5. Where it isolates egress, the cluster's DNS is allowed.
//
// Pure; any thread.
#pragma once

#include "agent/explain/answer.h"
#include "agent/replay/ends.h"

namespace sluice::replay {

struct Suggested {
  std::vector<model::NetworkPolicy> policies;  // by namespace and name
  size_t used = 0, denied = 0;        // records that went in; those that were denied, which do not count
  std::vector<std::string> left_out;  // one line each: what no policy can say
};

// `answer` says what is behind a Service's address; as explain::Checker does.
using AskAnswer = std::function<base::Result<explain::Answer>(const model::Probe&)>;
Suggested suggest(const model::Cluster& cluster, const std::vector<Flow>& flows, const AskAnswer& answer);

std::string to_yaml(const std::vector<model::NetworkPolicy>& policies);

}  // namespace sluice::replay
