// sluice-watcher: follows a Kubernetes API server and feeds the agent. Options and wiring; what it does is in
// agent/watcher/watcher.h.
#include <csignal>
#include <cstdlib>
#include <optional>
#include <random>

#include "agent/apps/confined.h"
#include "agent/apps/watcher_options.h"
#include "agent/base/threads.h"
#include "agent/serve/socket_path.h"
#include "agent/watcher/watcher.h"
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
  return watcher_needs(
      {arguments.kubeconfig, server.ca.file, server.certificate.file, server.key.file, server.token.file},
      server.port);
}

int run(int argc, char** argv) {
  auto parsed = parse_watcher(argc, argv, environment);
  if (const auto* exit = std::get_if<Exit>(&parsed)) return leave(kProgram, *exit);
  const auto& arguments = std::get<WatcherArguments>(parsed);
  const auto server = api_server_of(arguments, environment);
  if (!server) return fail(kProgram, kExitUsage, server.error().message());
  const base::Log log = begin_daemon(arguments);
  if (auto room = base::check_thread_room(proto::client_threads()); !room)
    return fail(kProgram, kExitFailed, room.error().message());
  // Only whether the path can be a socket's: the agent may come later.
  if (auto usable = serve::agent_listens(arguments.socket); !usable && usable.error().code() == 0)
    return fail(kProgram, kExitUsage, usable.error().message());
  boost::asio::io_context loop(1);
  const auto mode = sandbox_mode(arguments, std::getenv("SLUICE_SANDBOX"));
  if (!mode) return fail(kProgram, kExitUsage, mode.error().message());
  std::optional<watcher::Watcher> watcher;
  auto http =
      listen_for_metrics(loop, arguments, [&](const auto& request) { return watcher->answer_http(request); });
  if (!http) return fail(kProgram, kExitUsage, http.error().message());
  confine(needs_of(arguments, *server), *mode, log);
  watcher.emplace(loop, *server, watcher_options(arguments), log);  // which starts threads
  watcher->run();
  end_within(kEndGrace);
  return kExitDone;
}

}  // namespace
}  // namespace sluice::apps

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  return sluice::apps::guarded([&] { return sluice::apps::run(argc, argv); });
}
