#include "agent/control/learning/in_use.h"

#include <algorithm>
#include <unordered_set>

#include "agent/image/encode.h"
#include "agent/kernel/flows.h"

namespace sluice::control::learning {

net::Ip remote_of(const sluice_flow_edit& flow) {
  sluice_learnt_address key{};
  std::copy(std::begin(flow.remote), std::end(flow.remote), std::begin(key.word));
  key.family = flow.family;
  return image::decode_learnt(key);
}

learn::Host::InUse in_use_of(const kernel::Programs& programs, const std::vector<net::Ip>& wanted,
                             const base::Log& log) {
  learn::Host::InUse in_use;
  const std::unordered_set<net::Ip> asked(wanted.begin(), wanted.end());
  const auto read = kernel::for_each_flow(programs, [&](const sluice_flow_edit& flow) {
    if (flow.name == 0 && asked.empty()) return;
    const net::Ip remote = remote_of(flow);
    if (asked.contains(remote)) in_use.addresses.insert(remote);
    if (flow.name == 0) return;
    in_use.slots.insert(flow.name);
    in_use.opened.emplace(flow.name, remote);
  });
  in_use.is_whole = read.ok();
  if (!read) log.error("flows_unreadable", {{"error", read.error().message()}});
  return in_use;
}

void count_connections(const kernel::Programs& programs, Connections& of, const base::Log& log) {
  if (of.empty()) return;
  const auto read = kernel::for_each_flow(programs, [&](const sluice_flow_edit& flow) {
    if (const auto address = of.find(remote_of(flow)); address != of.end()) ++address->second;
  });
  if (!read) log.error("flows_unreadable", {{"error", read.error().message()}});
}

}  // namespace sluice::control::learning
