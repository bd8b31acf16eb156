// Diff: what one state of a cluster lets through and another does not, exactly, by classes of pods and of
// addresses, all ports at once.
//
// Laws:
//  1. A connection between two pods, or a pod and an address that is no pod's, is in exactly one of opened,
//     closed and neither, as the two clusters judge it.
//  2. What holds for all pods of a workload is one change, by the workload's name; a workload to itself is
//     two of its pods.
//  3. Same clusters, same changes, in the same order.
//
// Pure; any thread.
#pragma once

#include "agent/rehearse/ends.h"

namespace sluice::rehearse {

struct Change {
  std::string from,
      to;  // "shop/deployment/web", "shop/web-1", "10.0.0.0/8": addresses outside, in no smaller one named
  Share share;
  // Rules; of what closed, also the policies that isolate now, "shop/default-deny", and the rules of ClusterNetworkPolicies
  // that deny now, "Admin/no-mail:egress[0]".
  std::vector<std::string> by;
  auto operator<=>(const Change&) const = default;
};

struct Changes {
  std::vector<Change> opened, closed;  // sorted
  std::vector<std::string> left_out;   // pods that are in one of the two alone
  // Policies that make a difference when their hours come (other_times.h); the caller's to fill.
  std::vector<std::string> at_other_times = {};
  bool empty() const { return opened.empty() && closed.empty(); }
};

Changes difference_of(const model::Cluster& before, const model::Cluster& after);

std::string traffic_text(const Share& share);  // "TCP 80,443", "everything"
// "NetworkPolicy shop/days differs at other times: compare with --at TIME"; empty where none does.
std::string other_times_text(const Changes& changes);
// {"opened": [...], "closed": [...]}, a change a line; and "at_other_times" where there are any.
std::string to_json(const Changes& changes);
std::string to_markdown(const Changes& changes);

}  // namespace sluice::rehearse
