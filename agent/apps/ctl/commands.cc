#include "agent/apps/ctl/commands.h"

#include "agent/apps/ctl/asking.h"
#include "agent/model/probe.h"

namespace sluice::apps::ctl {

void add_manifests_option(CLI::App& command, std::vector<std::string>& manifests, bool required) {
  command
      .add_option("--manifests", manifests,
                  "YAML/JSON manifests: a folder, a file, - for standard input; may be given several times")
      ->type_name("DIR|FILE|-")
      ->allow_extra_args(false)
      ->required(required);
}

void add_asking_options(CLI::App& command, Asking& asking) {
  command.add_option("--socket", asking.socket, "The agent's control API")->type_name("PATH");
  command.add_option("--timeout", asking.timeout, "Then exit 1")
      ->type_name("DURATION")
      ->check(checked_by(parse_duration));
}

void add_output_option(CLI::App& command, std::string& output, const std::vector<std::string>& formats) {
  command.add_option("-o,--output", output, "How to print it")->check(CLI::IsMember(formats));
}

void add_protocol_option(CLI::App& command, std::string& protocol) {
  command.add_option("--protocol", protocol, "TCP, UDP, SCTP, ICMP or an IP protocol number")
      ->check(checked_by(model::parse_probe_protocol));
}

void add_port_option(CLI::App& command, int& port) {
  command.add_option("--port", port, "Destination port; none for protocols without ports")
      ->check(CLI::Range(1, 65535))
      ->type_name("N")
      ->always_capture_default(false)
      ->default_str("");
}

base::Result<ProtocolAndPort> protocol_and_port(const std::string& protocol, int port) {
  auto parsed = model::parse_probe_protocol(protocol);
  if (!parsed) return parsed.error().within("--protocol");
  if (parsed->has_ports() && port == 0) return base::Error("--port: is missing: " + protocol + " has ports");
  if (!parsed->has_ports() && port != 0)
    return base::Error("--port: " + protocol + " has no ports: leave it out");
  ProtocolAndPort both{*parsed, {}};
  if (port != 0) both.port = net::Port::from_host(static_cast<uint16_t>(port));
  return both;
}

}  // namespace sluice::apps::ctl
