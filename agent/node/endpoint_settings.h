// EndpointSettings: a number that the maps hold of each pod beside policy and no part of it: how many connections the
// node is sure to remember of it (sluice.dev/flows), whether its new allowed connections are reported
// (sluice.dev/observe).
//
// Laws:
//  1. set() writes what differs from what this agent wrote: a new agent writes every pod's.
//  2. An endpoint that has gone to another pod has another id, so that pod's number is written whatever the one
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

// By sluice_endpoint.id.
using Settings = std::map<uint32_t, uint64_t>;

// Of the pods that are in the maps. 0: as of all.
Settings shares_of(const NodeView& node);
// 1: observed, because its annotation says so, or its namespace's, or `asked`.
Settings observed_of(const NodeView& node, const std::function<bool(const model::Pod&)>& asked);

class EndpointSettings {
 public:
  using Write = std::function<base::Status(uint32_t endpoint, uint64_t number)>;

  explicit EndpointSettings(Write write) : write_(std::move(write)) {}

  // The first error; the others are written all the same.
  base::Status set(const Settings& wanted);

 private:
  const Write write_;
  Settings written_;
};

}  // namespace sluice::node
