// What open connections refer to, of names and of addresses that were learnt. Goes through the flow tables whole, whose time
// bench/names measures. Any thread; `programs` and `log` must outlive the call.
#pragma once

#include <unordered_map>

#include "agent/base/log.h"
#include "agent/kernel/loader.h"
#include "agent/learn/learner.h"

namespace sluice::control::learning {

net::Ip remote_of(const sluice_flow_edit& flow);

// Every name; of addresses those among `wanted`.
learn::Host::InUse in_use_of(const kernel::Programs& programs, const std::vector<net::Ip>& wanted,
                             const base::Log& log);

// How many open connections each address has, of those that are keys. Where flows cannot be read: none, and a line in the log.
using Connections = std::unordered_map<net::Ip, uint64_t>;
void count_connections(const kernel::Programs& programs, Connections& of, const base::Log& log);

}  // namespace sluice::control::learning
