// sluice-watcher: follows a Kubernetes API server, or a relay, and feeds the agent, or is a relay itself. Options and
// wiring; what it does is in agent/watcher/.
#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>

#include "agent/apps/confined.h"
#include "agent/apps/watcher_options.h"
#include "agent/base/threads.h"
#include "agent/serve/socket_path.h"
#include "agent/watcher/relay_audience.h"
#include "agent/watcher/relayed_feed.h"
#include "proto/rpc_threads.h"

namespace sluice::apps {
namespace {

constexpr char kProgram[] = "sluice-watcher";

std::optional<std::string> environment(std::string_view name) {
  const char* value = std::getenv(std::string(name).c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
}

watcher::WatcherOptions watcher_options(const WatcherArguments& arguments) {
  watcher::WatcherOptions options;
  options.version = SLUICE_VERSION;
  options.socket = arguments.socket;
  options.node = arguments.node_name;
  options.following.protobuf = arguments.encoding == "protobuf";
  options.following.seed = std::random_device()();
  options.translator = translator_of(arguments.accepting);
  return options;
}

sandbox::Needs needs_of(const WatcherArguments& arguments, const source::kube::ApiServer& server) {
  const relay::TlsFiles& tls = arguments.relay.tls;
  WatcherPorts ports{ports_of(arguments.relay.relays), {}};
  ports.connects.push_back(server.port);
  if (!arguments.relay.serve.empty()) ports.binds = ports_of({arguments.relay.serve});
  return watcher_needs({arguments.kubeconfig, server.ca.file, server.certificate.file, server.key.file,
                        server.token.file, tls.certificate, tls.key, tls.ca},
                       ports);
}

// What runs: whichever the options ask for, once it is started.
struct Running {
  std::optional<watcher::Watcher> watcher;      // feeds the agent, or nodes
  std::optional<watcher::RelayedFeed> relayed;  // follows relays

  serve::HttpAnswer answer_http(const serve::HttpRequest& request) {
    return relayed ? relayed->answer_http(request) : watcher->answer_http(request);
  }
};

watcher::RelayedFeed::Options relayed_options(const WatcherArguments& arguments) {
  watcher::RelayedFeed::Options options;
  options.version = SLUICE_VERSION;
  options.socket = arguments.socket;
  options.node = arguments.node_name;
  options.relays = arguments.relay.relays;
  options.fallback_after =
      std::chrono::duration_cast<std::chrono::milliseconds>(*parse_duration(arguments.relay.fallback));
  return options;
}

// Until it is told to stop.
int follow_relays(boost::asio::io_context& loop, const source::kube::ApiServer& server,
                  const WatcherArguments& arguments, const base::Log& log, Running& running) {
  const auto make_watcher = [&](std::vector<std::string> notes) {
    watcher::WatcherOptions options = watcher_options(arguments);
    options.notes = std::move(notes);
    return std::make_unique<watcher::Watcher>(loop, server, std::move(options), log);
  };
  running.relayed.emplace(loop, relayed_options(arguments), relay::channel_credentials(arguments.relay.tls),
                          make_watcher, log);
  running.relayed->run();
  return kExitDone;
}

int serve_nodes(boost::asio::io_context& loop, const source::kube::ApiServer& server,
                const WatcherArguments& arguments, const base::Log& log, Running& running) {
  watcher::WatcherOptions options = watcher_options(arguments);
  watcher::RelayAudience* nodes = nullptr;
  options.audience = [&](const source::kube::Mirror& mirror) {
    auto made = std::make_unique<watcher::RelayAudience>(
        loop, relay::Relay::Names{"sluice-watcher " SLUICE_VERSION, server.url()}, mirror);
    nodes = made.get();
    return made;
  };
  running.watcher.emplace(loop, server, std::move(options), log);
  const auto listening = nodes->listen(
      {arguments.relay.serve, arguments.relay.tls, *relay::parse_node_names(arguments.relay.node_names)});
  if (!listening) return fail(kProgram, kExitUsage, listening.error().message());
  log.info("serve", {{"address", arguments.relay.serve}});
  running.watcher->run();
  return kExitDone;
}

int feed_agent(boost::asio::io_context& loop, const source::kube::ApiServer& server,
               const WatcherArguments& arguments, const base::Log& log, Running& running) {
  running.watcher.emplace(loop, server, watcher_options(arguments), log);
  running.watcher->run();
  return kExitDone;
}

int run(int argc, char** argv) {
  auto parsed = parse_watcher(argc, argv, environment);
  if (const auto* exit = std::get_if<Exit>(&parsed)) return leave(kProgram, *exit);
  const auto& arguments = std::get<WatcherArguments>(parsed);
  const auto server = api_server_of(arguments, environment);
  if (!server) return fail(kProgram, kExitUsage, server.error().message());
  const base::Log log = begin_daemon(arguments);
  const bool serves = !arguments.relay.serve.empty();
  if (auto room = base::check_thread_room(serves ? proto::server_threads() : proto::client_threads()); !room)
    return fail(kProgram, kExitFailed, room.error().message());
  // Only whether the path can be a socket's: the agent may come later.
  if (auto usable = serve::agent_listens(arguments.socket); !usable && usable.error().code() == 0)
    return fail(kProgram, kExitUsage, usable.error().message());
  boost::asio::io_context loop(1);
  const auto mode = sandbox_mode(arguments, std::getenv("SLUICE_SANDBOX"));
  if (!mode) return fail(kProgram, kExitUsage, mode.error().message());
  Running running;
  auto http =
      listen_for_metrics(loop, arguments, [&](const auto& request) { return running.answer_http(request); });
  if (!http) return fail(kProgram, kExitUsage, http.error().message());
  confine(needs_of(arguments, *server), *mode, log);
  // Each starts threads.
  const auto act = serves ? serve_nodes : arguments.relay.relays.empty() ? feed_agent : follow_relays;
  const int code = act(loop, *server, arguments, log, running);
  end_within(kEndGrace);
  return code;
}

}  // namespace
}  // namespace sluice::apps

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return sluice::apps::guarded([&] { return sluice::apps::run(argc, argv); });
}
