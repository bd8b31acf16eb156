#include "agent/apps/ctl/commands.h"

#include <algorithm>

#include "agent/apps/ctl/asking.h"
#include "agent/model/probe.h"

namespace sluice::apps::ctl {

void add_held_option(CLI::App& command, bool& held) {
  command.add_flag("--held", held,
                   "As an API server holds it: what of a policy cannot be read closes, and opens nothing");
}

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

bool is_port_number(const std::string& text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A number from 1 to 65535, or a name of the form that container ports have (Kubernetes API: IANA_SVC_NAME).
std::string port_fault(const std::string& text) {
  if (is_port_number(text))
    return text.size() <= 5 && std::stoi(text) >= 1 && std::stoi(text) <= 65535
               ? ""
               : text + " is not between 1 and 65535";
  const bool name = text.size() <= 15 && std::ranges::all_of(text, [](char c) {
                      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                    });
  return name ? "" : text + " is neither a port nor the name of one";
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

base::Result<std::optional<net::Port>> port_of(const model::Cluster& cluster, const model::Party& to,
                                               net::Protocol protocol, const std::string& text) {
  if (text.empty()) return std::optional<net::Port>();
  if (is_port_number(text))
    return std::optional(net::Port::from_host(static_cast<uint16_t>(std::stoi(text))));
  const auto named = model::port_named(cluster, model::PodAddresses(cluster), to, protocol, text);
  if (!named) return named.error();
  return std::optional(*named);
}

std::optional<v1::CheckRequest> question_of(const v1::Flow& flow) {
  const auto party_of = [](const v1::FlowEnd& end) {
    return end.pod().empty() ? end.ip() : end.namespace_() + "/" + end.pod();
  };
  const net::Protocol protocol(static_cast<uint8_t>(flow.protocol()));
  v1::CheckRequest request;
  request.set_from(party_of(flow.source()));
  request.set_to(party_of(flow.destination()));
  if (request.from().empty() || request.to().empty()) return std::nullopt;
  // ICMP of either family is ICMP in a probe.
  request.set_protocol(protocol.has_ports() ? protocol.to_text()
                       : protocol == net::kIcmp || protocol == net::kIcmpv6
                           ? "ICMP"
                           : std::to_string(protocol.number()));
  if (protocol.has_ports()) request.set_port(flow.destination().port());
  request.set_family(flow.family());
  return request;
}

void set_port(v1::CheckRequest& request, const std::string& text) {
  if (is_port_number(text))
    request.set_port(static_cast<uint32_t>(std::stoi(text)));
  else
    request.set_port_name(text);
}

}  // namespace sluice::apps::ctl
