#include "agent/apps/daemon.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "agent/apps/config_file.h"
#include "agent/base/descriptors.h"

namespace sluice::apps {

void add_metrics_option(CLI::App& app, DaemonOptions& options, const std::string& help) {
  app.add_option("--metrics", options.metrics, help)
      ->type_name("ADDR:PORT")
      ->check(checked_by(serve::parse_endpoint));
}

void add_daemon_options(CLI::App& app, DaemonOptions& options) {
  app.add_option("--log-level", options.log_level, "debug, info, warn or error")
      ->check(checked_by(base::parse_log_level));
  app.add_option("--log-format", options.log_format, "text or json")
      ->check(checked_by(base::parse_log_format));
  app.add_option(
         "--sandbox", options.sandbox,
         "What it no longer needs once it has started is given up: on; off: is kept, to look for a fault; "
         "kill: a system call that is not on the list ends it [$SLUICE_SANDBOX, else " SLUICE_SANDBOX_DEFAULT
         "]")
      ->check(CLI::IsMember({"on", "off", "kill"}));
  app.add_option("--config", options.config, "The same settings as YAML, key = option name; options win")
      ->type_name("FILE");
}

std::optional<Exit> parse_daemon(CLI::App& app, int argc, const char* const* argv,
                                 const DaemonOptions& options, std::set<std::string> excluded) {
  if (auto exit = parse(app, argc, argv)) return exit;
  if (options.config.empty()) return std::nullopt;
  excluded.insert({"config", "help", "version"});
  if (auto read = apply_config_file(options.config, app, excluded); !read)
    return Exit{kExitUsage, read.error().message()};
  return std::nullopt;
}

void make_absolute(std::string& path) {
  if (!path.empty()) path = std::filesystem::absolute(path).lexically_normal().string();
}

base::Log begin_daemon(const DaemonOptions& options) {
  base::Log log(base::parse_log_format(options.log_format).value(),
                base::parse_log_level(options.log_level).value());
  if (auto raised = base::raise_descriptor_limit(); !raised)
    log.warn("descriptors_not_raised", {{"error", raised.error().message()}});
  return log;
}

base::Result<serve::HttpListener> listen_for_metrics(boost::asio::io_context& loop,
                                                     const DaemonOptions& options,
                                                     serve::HttpHandler handler) {
  auto listener =
      serve::HttpListener::listen(loop, serve::parse_endpoint(options.metrics).value(), std::move(handler));
  if (!listener) return base::Error("--metrics: " + listener.error().message() + ": give another ADDR:PORT");
  return listener;
}

void end_within(std::chrono::seconds grace) {
  std::signal(SIGALRM, [](int) { std::_Exit(kExitDone); });
  ::alarm(static_cast<unsigned>(grace.count()));
}

}  // namespace sluice::apps
