// What the commands that read flow records are asked for: options, and the request that they make.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "agent/apps/ctl/commands.h"
#include "agent/base/default_socket.h"
#include "sluice/v1/flow.pb.h"

namespace sluice::apps::ctl {

struct FlowQuestion {
  std::string socket = base::kDefaultSocket;
  std::vector<std::string> namespaces, pods, from, to, protocols, directions, verdicts, policies, labels;
  std::vector<uint32_t> ports;
  std::string since, allowed;  // empty: not given
  std::optional<uint64_t> last;
};

void add_flow_options(CLI::App& command, FlowQuestion& question);

// `now` in nanoseconds since 1970. A pod without a namespace is in the only one of --namespace.
base::Result<v1::ObserveRequest> request_of(const FlowQuestion& question, int64_t now);

// A time, in nanoseconds since 1970: "10m" before `now`, or "2026-11-29T08:00:00Z".
base::Result<int64_t> parse_since(const std::string& text, int64_t now);

}  // namespace sluice::apps::ctl
