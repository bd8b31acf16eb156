#include "agent/apps/watcher_options.h"

namespace sluice::apps {
namespace {

const char kAboutWatcher[] =
    "Follows a Kubernetes API server and feeds Sluice's agent on this node with what it holds.\n"
    "In a pod it takes the service account; elsewhere give --kubeconfig. It needs no privilege.";

void add_options(CLI::App& app, WatcherArguments& arguments) {
  app.option_defaults()->always_capture_default();
  app.add_option("--socket", arguments.socket, "The agent's control API")->type_name("PATH");
  app.add_option("--kubeconfig", arguments.kubeconfig, "Where the API server is [the pod's service account]")
      ->type_name("FILE");
  app.add_option("--context", arguments.context, "Context of the kubeconfig [its current-context]")
      ->type_name("NAME");
  app.add_option("--api-server", arguments.api_server,
                 "Go there instead, as long as Services do not work; its certificate must have HOST")
      ->type_name("HOST:PORT")
      ->check(checked_by(source::kube::parse_host_port));
  app.add_option("--node-name", arguments.node_name,
                 "The agent's node, to say so where it is another [$NODE_NAME]");
  add_accepting_options(app, arguments.accepting);
  add_relay_options(app, arguments.relay);
  add_metrics_option(app, arguments, "Prometheus metrics, /livez, /readyz");
  app.add_option("--encoding", arguments.encoding, "What to ask the server for; JSON is taken all the same")
      ->check(CLI::IsMember({"protobuf", "json"}));
  add_daemon_options(app, arguments);
}

}  // namespace

std::variant<WatcherArguments, Exit> parse_watcher(int argc, const char* const* argv,
                                                   const source::kube::Environment& environment) {
  WatcherArguments arguments;
  CLI::App app(kAboutWatcher, "sluice-watcher");
  set_up(app);
  add_options(app, arguments);
  if (auto exit = parse_daemon(app, argc, argv, arguments)) return *exit;
  if (!arguments.context.empty() && arguments.kubeconfig.empty())
    return Exit{kExitUsage, "--context: there is no kubeconfig to choose from: give --kubeconfig FILE"};
  if (arguments.node_name.empty()) arguments.node_name = environment("NODE_NAME").value_or("");
  if (auto checked = check_relay(arguments.relay, arguments.node_name); !checked)
    return Exit{kExitUsage, checked.error().message()};
  for (std::string* path : {&arguments.socket, &arguments.kubeconfig}) make_absolute(*path);
  return arguments;
}

base::Result<source::kube::ApiServer> api_server_of(const WatcherArguments& arguments,
                                                    const source::kube::Environment& environment) {
  auto server = arguments.kubeconfig.empty()
                    ? source::kube::in_cluster(environment, source::kube::kServiceAccountDir)
                    : source::kube::from_kubeconfig(arguments.kubeconfig, arguments.context);
  if (!server) {
    const bool overridden = arguments.kubeconfig.empty() && !arguments.api_server.empty();
    return overridden ? server.error().within("--api-server goes with a service account or --kubeconfig")
                      : server.error();
  }
  if (arguments.api_server.empty()) return server;
  auto address = source::kube::parse_host_port(arguments.api_server);
  if (!address) return address.error();
  server->host = address->host;
  server->port = address->port;
  return server;
}

}  // namespace sluice::apps
