// --serve, --relay and their certificates: sluice-watcher as a relay, or as one that follows relays.
#pragma once

#include <string>
#include <vector>

#include "agent/apps/command_line.h"
#include "agent/relay/tls.h"

namespace sluice::apps {

struct RelayArguments {
  std::string serve;                       // ADDR:PORT; empty: no relay
  std::string node_names = "certificate";  // relay::parse_node_names()
  std::vector<std::string> relays;         // HOST:PORT; empty: the API server is followed
  std::string fallback = "30s";            // parse_duration()
  relay::TlsFiles tls;
};
void add_relay_options(CLI::App& app, RelayArguments& arguments);
// What CLI11 cannot ask; and paths become absolute. An error is one of usage.
base::Status check_relay(RelayArguments& arguments, const std::string& node);
// The ports of HOST:PORT texts that are well-formed.
std::vector<std::string> ports_of(const std::vector<std::string>& addresses);

}  // namespace sluice::apps
