// Mix: the changes of a busy cluster, one after the other: pods come, go and are relabelled (this node's
// too), endpoints of Services go and come back, policies come, change and go, namespaces are relabelled. The
// same sequence on every machine.
//
// Laws: of 20 changes 6 are pods added or removed, 5 pods of other nodes relabelled, 2 pods of this node
// relabelled, 3 EndpointSlices, 2 policies added or removed, 1 a policy that gains or loses 1,000 addresses,
// 1 a namespace. Each is taken back kHeld changes of its kind later, so the cluster keeps its size, and one
// object's changes are seconds apart at 100 a second. One thread.
#pragma once

#include <array>
#include <deque>

#include "bench/change/events.h"

namespace sluice::bench::api {

struct Drawn {
  std::string_view kind;  // "pod-added", ...
  model::Change change;
};

class Mix {
 public:
  explicit Mix(const Size& size) : size_(size) {}
  Drawn next();

 private:
  struct OfCase {
    uint32_t made = 0;
    std::deque<model::Change> back;
  };
  Size size_;
  uint32_t turn_ = 0;
  std::array<OfCase, 7> cases_;
};

}  // namespace sluice::bench::api
