// What sluiced and sluice-watcher have in common, as programs that serve until they are ended: some options, a log, a
// listener for metrics, and how they begin and end.
#pragma once

#include <CLI/App.hpp>
#include <chrono>
#include <optional>
#include <set>
#include <string>

#include "agent/apps/command_line.h"
#include "agent/base/default_socket.h"
#include "agent/base/log.h"
#include "agent/serve/http.h"

namespace sluice::apps {

inline constexpr std::chrono::seconds kEndGrace{2};

struct DaemonOptions {
  explicit DaemonOptions(std::string metrics_at) : metrics(std::move(metrics_at)) {}

  std::string socket = base::kDefaultSocket;  // the agent's
  std::string metrics;                        // ADDR:PORT
  std::string log_level = "info", log_format = "text";
  std::string config;   // a file of settings
  std::string sandbox;  // empty: $SLUICE_SANDBOX, else what the build has
};

void add_metrics_option(CLI::App& app, DaemonOptions& options, const std::string& help);
// --log-level, --log-format and --config.
void add_daemon_options(CLI::App& app, DaemonOptions& options);

// Parses the command line, and the file that --config names. `excluded`: options that no file of settings has, besides
// --config, --help and --version. An Exit where the program is not to run.
std::optional<Exit> parse_daemon(CLI::App& app, int argc, const char* const* argv,
                                 const DaemonOptions& options, std::set<std::string> excluded = {});
// An empty path stays empty.
void make_absolute(std::string& path);

// Makes the log that valid options ask for, and raises the limit of descriptors; that it could not is logged. Before
// threads are started.
base::Log begin_daemon(const DaemonOptions& options);

// Listens where --metrics says. `loop` must outlive it.
base::Result<serve::HttpListener> listen_for_metrics(boost::asio::io_context& loop,
                                                     const DaemonOptions& options,
                                                     serve::HttpHandler handler);

// From here on the process ends with kExitDone within `grace`, whatever it still waits for: gRPC, as it is
// shut down, waits for ever for a thread of its pool that a limit kept from being started. For when all is
// done.
void end_within(std::chrono::seconds grace);

}  // namespace sluice::apps
