// The options of sluice-watcher: command line over --config FILE over the environment over defaults.
#pragma once

#include <string>
#include <variant>

#include "agent/apps/accepting.h"
#include "agent/apps/daemon.h"
#include "agent/apps/relay_options.h"
#include "agent/source/kube/api_server.h"

namespace sluice::apps {

struct WatcherArguments : DaemonOptions {
  WatcherArguments() : DaemonOptions("127.0.0.1:9620") {}

  std::string kubeconfig, context, api_server, node_name;
  std::string encoding = "protobuf";
  Accepting accepting = {};
  RelayArguments relay = {};
};

// Every value is well-formed; paths are absolute.
std::variant<WatcherArguments, Exit> parse_watcher(int argc, const char* const* argv,
                                                   const source::kube::Environment& environment);

// The server that they name; an error is one of usage.
base::Result<source::kube::ApiServer> api_server_of(const WatcherArguments& arguments,
                                                    const source::kube::Environment& environment);

}  // namespace sluice::apps
