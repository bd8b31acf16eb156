#include "agent/apps/relay_options.h"

#include "agent/apps/daemon.h"
#include "agent/source/kube/api_server.h"

namespace sluice::apps {

using source::kube::parse_host_port;

void add_relay_options(CLI::App& app, RelayArguments& arguments) {
  CLI::Option* serve =
      app.add_option(
             "--serve", arguments.serve,
             "Be a relay: feed nodes that come here, in place of the agent of this one; needs --tls-…")
          ->type_name("ADDR:PORT")
          ->check(checked_by(parse_host_port));
  app.add_option("--relay-node-names", arguments.node_names,
                 "Who may ask for a node: whose certificate names it, or any of the authority (with --serve)")
      ->check(CLI::IsMember({"certificate", "any"}))
      ->needs(serve);
  app.add_option(
         "--relay", arguments.relays,
         "Follow one of these relays in place of the API server, which is followed while none answers; "
         "separated by commas, or given several times; needs --tls-…")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->check(checked_by(parse_host_port))
      ->excludes(serve);
  app.add_option(
         "--relay-fallback", arguments.fallback,
         "How long relays are asked in vain before the API server is followed, up to twice that by chance")
      ->type_name("DURATION")
      ->check(checked_by(parse_duration));
  app.add_option("--tls-cert", arguments.tls.certificate, "The relay's certificate, or the node's")
      ->type_name("FILE");
  app.add_option("--tls-key", arguments.tls.key, "Its key")->type_name("FILE");
  app.add_option("--tls-ca", arguments.tls.ca, "The authority that the other side's certificate is of")
      ->type_name("FILE");
}

base::Status check_relay(RelayArguments& arguments, const std::string& node) {
  relay::TlsFiles& tls = arguments.tls;
  const bool is_any = !arguments.serve.empty() || !arguments.relays.empty();
  const bool has_all = !tls.certificate.empty() && !tls.key.empty() && !tls.ca.empty();
  const bool has_some = !tls.certificate.empty() || !tls.key.empty() || !tls.ca.empty();
  if (is_any && !has_all)
    return base::Error("--serve and --relay go with --tls-cert, --tls-key and --tls-ca: give all three");
  if (!is_any && has_some) return base::Error("--tls-…: there is no --serve or --relay that they are for");
  if (!arguments.relays.empty() && node.empty())
    return base::Error("--relay: which node is it? give --node-name NAME");
  for (std::string* path : {&tls.certificate, &tls.key, &tls.ca}) make_absolute(*path);
  return is_any ? relay::check_files(tls) : base::done();
}

std::vector<std::string> ports_of(const std::vector<std::string>& addresses) {
  std::vector<std::string> ports;
  for (const std::string& address : addresses)
    if (auto parsed = parse_host_port(address)) ports.push_back(parsed->port);
  return ports;
}

}  // namespace sluice::apps
