// Flows that were recorded: lines of `sluicectl observe -o json`, or what a capture's packets opened.
//
// Laws:
//  1. Nothing of a record is believed but what its text says: a line that is wrong is named and left out.
//  2. Of a connection only what opened it counts: replies are none of their own.
//
// Pure but for read_capture(), which reads a file; any thread.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/cluster.h"

namespace sluice::replay {

struct FlowEnd {
  std::optional<net::Ip> ip;
  std::optional<net::Port> port;
  std::string ns, pod, workload;  // "shop", "web-1", "deployment/web"; empty: not said
};

struct Flow {
  std::string time;     // RFC 3339, as recorded; empty: not said
  std::string verdict;  // "allowed", "denied", "audit"; empty: of a capture
  FlowEnd source, destination;
  net::Protocol protocol;
  uint64_t count = 1;
};

struct Flows {
  std::vector<Flow> all;
  std::vector<std::string> problems;  // one line each, the first kMostProblems
  size_t wrong = 0;                   // records that could not be read, all of them
};
inline constexpr size_t kMostProblems = 10;
inline constexpr size_t kMostFlows = 1'000'000;  // of one input; what is beyond is a problem

// JSON lines.
Flows read_flows(std::string_view bytes, const std::string& name);

// Is it a capture, by its first bytes? (pcap and pcapng)
bool is_capture(std::string_view bytes);

// A capture file. An error only where nothing of it can be read; one that is cut off is a problem, and what it holds counts.
base::Result<Flows> read_capture(const std::string& path);

// Packets one after the other; `add` takes one as it was on the wire, from its IP header on.
class Connections {
 public:
  void add(std::string_view packet, const std::string& time);
  Flows take();

 private:
  struct Key {
    net::Ip from, to;
    uint8_t protocol = 0;
    uint16_t from_port = 0, to_port = 0;
    auto operator<=>(const Key&) const = default;
    Key reversed() const { return {to, from, protocol, to_port, from_port}; }
  };
  std::map<Key, size_t> known_;  // index in flows_
  Flows flows_;
};

}  // namespace sluice::replay
