// Referee: what the reference engine says of a case's tuples. No agreement, no number. One thread.
#pragma once

#include <map>
#include <tuple>

#include "agent/reference/reference.h"
#include "bench/packet/cases.h"

namespace sluice::bench {

class Referee {
 public:
  // The Cluster must outlive it unchanged.
  explicit Referee(const model::Cluster& cluster) : reference_(cluster) {}

  // Does the pod's own side let the connection pass, in the direction in which it is opened? Connections that
  // differ only in the opener's port are one question.
  base::Result<bool> passes(const Case& c, const Tuple& tuple);

 private:
  using Question = std::tuple<TestPod, sluice_direction, net::Ip, net::Protocol, net::Port>;
  reference::Reference reference_;
  std::map<Question, bool> answers_;
};

}  // namespace sluice::bench
