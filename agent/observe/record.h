// FlowRecord: what an operator is told of one packet, or of a burst: when, what became of it and why, and who its two
// ends are.
//
// Laws:
//  1. `source` opened the connection, `destination` was asked: of an answer that is denied too, where its connection
//     is. `direction` is that in which it was judged, as the pod of this node sees it.
//  2. `count` is the packet itself and those of the same pod, processor and second that were not reported for the
//     rate: mostly its own kind, for what is reported of a flood is drawn from it. Summed up, nothing is left out.
//  3. `lost` is what a reader was not given since the record before in its stream: packets whose report found the
//     ring full, and records that were gone from the history before it came to read them.
//
// Values; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flow/record.h"

namespace sluice::observe {

enum class Verdict : uint8_t { kAllowed, kDenied, kAudit };
inline constexpr Verdict kVerdicts[] = {Verdict::kAllowed, Verdict::kDenied, Verdict::kAudit};
std::string_view to_text(Verdict verdict);  // "allowed", "denied", "audit"

// What is not known, or does not apply, is empty.
struct End {
  std::optional<net::Ip> ip;
  std::optional<net::Port> port;
  std::string ns, pod;
  std::string workload;  // "deployment/web", of `ns`
  std::string service;   // "namespace/name" whose address it is
  std::string node;      // whose address it is
  bool operator==(const End&) const = default;
};

struct FlowRecord {
  std::string id;    // names it among those of its node
  int64_t time = 0;  // nanoseconds since 1970
  std::string node;  // that saw it
  Verdict verdict = Verdict::kDenied;
  // "no_rule": a label of sluice_drops_total; of what is allowed, and of what policies in audit would deny ("audit"), one
  // of sluice_judged_total.
  std::string reason;
  model::Direction direction = model::Direction::kIngress;
  std::optional<net::Family> family;  // absent: no readable IP, and then there are no addresses
  net::Protocol protocol;
  uint8_t tcp_flags = 0;
  End source, destination;
  // That allows it: "namespace/policy:ingress[0]"; that of a ClusterNetworkPolicy that denies it: "Admin/policy:egress[0]".
  std::string rule;
  // Of what is denied, by no such rule: the policies that isolate the pod, sorted; with reason "audit", those in audit.
  std::vector<std::string> isolated_by;
  // Of what is denied: a rule would allow it by a name of the destination, and no name is learnt for that (semantics 87).
  bool no_name_learnt = false;
  uint64_t count = 1, lost = 0;
  bool operator==(const FlowRecord&) const = default;

  // The pod that judged it.
  const End& judged() const { return direction == model::Direction::kIngress ? destination : source; }
};

// Who is who now. Each may give "".
struct Names {
  std::function<std::string(const model::ObjectName& pod)> workload;
  std::function<std::string(const net::Ip&address)> service, node;
};

// Without id, rule and policies; `time` in nanoseconds since 1970.
FlowRecord describe(const flow::Record& record, int64_t time, const Names& names);

// "no name learnt for 203.0.113.9"; empty where that is not why.
std::string names_text(const FlowRecord& record);
std::string flags_text(uint8_t tcp_flags);      // "SYN,ACK"
size_t memory_of(const FlowRecord& record);     // bytes that it takes
std::string rfc3339(int64_t time, int digits);  // "2026-11-29T08:00:00.123Z" with 3 digits

}  // namespace sluice::observe
