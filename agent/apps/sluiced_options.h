// The options of sluiced: command line over --config FILE over the environment over defaults.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "agent/apps/accepting.h"
#include "agent/apps/daemon.h"
#include "agent/model/budget.h"
#include "agent/names/memory.h"

namespace sluice::apps {

struct SluicedOptions : DaemonOptions {
  SluicedOptions() : DaemonOptions("127.0.0.1:9619") {}

  std::string node_name, manifests;
  std::string netns_dir = "/run/netns";
  std::string default_verdict = "strict";
  std::string new_interfaces = "open";
  std::string mode = "enforce";
  std::string bpffs = "/sys/fs/bpf/sluice";
  std::string attach = "auto";
  std::optional<uint32_t> socket_group, feeder_uid;
  std::optional<uint32_t> flows, flows_per_pod;
  std::string history_bytes = "16M", log_drops = "on";
  std::vector<std::string> dns_servers;  // none: the usual ones
  uint64_t dns_grace = 30;               // seconds
  names::Limits name_limits;             // but for the grace
  model::Budget budget = {};
  bool detach = false, dry_run = false, preflight = false, hold_new = false;
  std::string output = "table";  // of preflight
  Accepting accepting = {};
};

// What the options fall back to.
struct Fallbacks {
  std::string node_name;  // $NODE_NAME, else the host name
};
Fallbacks fallbacks_of_host();

// "16M", "64K", a number of bytes: at least kLeastHistory.
base::Result<uint64_t> parse_history_bytes(const std::string& text);
inline constexpr uint64_t kLeastHistory = 65536, kMostHistory = 1ULL << 32;

// Every value is valid; paths are absolute.
std::variant<SluicedOptions, Exit> parse_sluiced(int argc, const char* const* argv,
                                                 const Fallbacks& fallbacks);

}  // namespace sluice::apps
