// FlowShares: how many connections the node is sure to remember of each pod, as its annotation
// sluice.dev/flows says. The maps hold the shares, beside policy and no part of it.
//
// Laws:
//  1. set() writes what differs from what this agent wrote: a new agent writes every pod's.
//  2. An endpoint that has gone to another pod has another id, so that pod's share is written whatever the one
//     before it had.
//  3. What could not be written is tried by the next set().
//
// One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "agent/base/result.h"
#include "agent/node/node_view.h"

namespace sluice::node {

// By sluice_endpoint.id; 0: as of all.
using Shares = std::map<uint32_t, uint64_t>;

// Of the pods that are in the maps.
Shares shares_of(const NodeView& node);

class FlowShares {
 public:
  using Write = std::function<base::Status(uint32_t endpoint, uint64_t flows)>;

  explicit FlowShares(Write write) : write_(std::move(write)) {}

  // The first error; the others are written all the same.
  base::Status set(const Shares& wanted);

 private:
  const Write write_;
  Shares written_;
};

}  // namespace sluice::node
