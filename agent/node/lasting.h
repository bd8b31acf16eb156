// Lasting: which of the lines that hold have stood for a second. What is over sooner is no
// problem: a pod that is made or removed is for milliseconds a namespace without a pod, or a pod
// without a namespace.
//
// Laws:
//  1. A line has stood once every update() of kStands had it.
//  2. A line that one update() leaves out begins anew.
//
// The caller gives the time. Pure; one thread.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::node {

class Lasting {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kStands{1};

  // All lines that hold now.
  void update(const std::vector<std::string>& lines, Time now);
  // Those that have stood; sorted.
  std::vector<std::string> stood(Time now) const;
  // When the next of the others will have; nothing where there is none.
  std::optional<Time> next(Time now) const;

 private:
  std::map<std::string, Time> since_;
};

}  // namespace sluice::node
