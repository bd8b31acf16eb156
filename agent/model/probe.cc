#include "agent/model/probe.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "agent/base/excerpt.h"
#include "agent/model/party.h"

namespace sluice::model {
namespace {

using base::Error;
using base::Result;
using net::Family;
using net::Ip;

bool is_later(const Pod& a, const Pod& b) {
  return std::tie(a.created, a.name) > std::tie(b.created, b.name);
}

const Ip* first_of(const std::vector<Ip>& ips, Family family) {
  auto found = std::find_if(ips.begin(), ips.end(), [&](const Ip& ip) { return ip.family() == family; });
  return found == ips.end() ? nullptr : &*found;
}

Result<Family> choose_family(const std::vector<Ip>& from, const std::vector<Ip>& to, const Probe& probe) {
  if (probe.family) {
    for (const auto& [ips, party] : {std::pair(&from, &probe.from), std::pair(&to, &probe.to)})
      if (!first_of(*ips, *probe.family))
        return Error(to_text(*party) + " has no " + std::string(net::to_text(*probe.family)) +
                     " address: leave out family, or choose the other");
    return *probe.family;
  }
  for (const Ip& ip : from)
    if (first_of(to, ip.family())) return ip.family();
  return Error(to_text(probe.from) + " and " + to_text(probe.to) + " have no address family in common");
}

base::Status check_port(const Probe& probe) {
  const std::string protocol = probe.protocol.to_text();
  if (probe.protocol.has_ports() && (!probe.port || *probe.port == net::Port()))
    return Error("a " + protocol + " probe needs a port between 1 and 65535");
  if (!probe.protocol.has_ports() && probe.port)
    return Error("protocol " + protocol + " has no ports: leave out port");
  return base::done();
}

// Does a pod of the source's node have this port of the node's address?
bool goes_to_host_port(const Cluster& cluster, const PodAddresses& addresses, const ResolvedProbe& probe) {
  auto answers = [&](const HostPort& port) {
    return port.answers_at(probe.to.ip) && port.protocol == probe.protocol && port.port == *probe.port;
  };
  return std::any_of(cluster.pods.begin(), cluster.pods.end(), [&](const auto& entry) {
    const Pod& pod = entry.second;
    return pod.node_name == probe.from.pod->node_name &&
           std::any_of(pod.host_ports.begin(), pod.host_ports.end(), answers) &&
           first_of(addresses.owned_by(pod), probe.family());
  });
}

}  // namespace

Result<net::Protocol> parse_probe_protocol(std::string_view text) {
  if (text == "ICMP") return net::kIcmp;
  if (auto named = net::Protocol::parse(text)) return named;
  uint8_t number = 0;
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || code != std::errc() || end != text.data() + text.size())
    return Error(base::excerpt(text) +
                 " is not a protocol: use TCP, UDP, SCTP, ICMP or a number from 0 to 255");
  return net::Protocol(number);
}

std::string to_text(const Probe& probe) {
  std::string text = to_text(probe.from) + " -> " + to_text(probe.to) + " " + probe.protocol.to_text();
  if (probe.port) text += "/" + std::to_string(probe.port->host());
  if (probe.family) text += " " + std::string(net::to_text(*probe.family));
  return text;
}

std::string_view to_text(Side side) {
  switch (side) {
    case Side::kNone:
      return "none";
    case Side::kAllow:
      return "allow";
    case Side::kDeny:
      return "deny";
  }
  return "";
}

std::string_view to_text(Verdict verdict) {
  return verdict == Verdict::kAllow ? "allow" : "deny";
}

PodAddresses::PodAddresses(const Cluster& cluster) {
  for (const auto& [name, pod] : cluster.pods) {
    if (!pod.takes_part()) continue;
    for (const Ip& ip : pod.ips) {
      const Pod*& owner = owners_[ip];
      if (!owner || is_later(pod, *owner)) owner = &pod;
    }
  }
}

const Pod* PodAddresses::owner(const Ip& ip) const {
  auto found = owners_.find(ip);
  return found == owners_.end() ? nullptr : found->second;
}

std::vector<Ip> PodAddresses::owned_by(const Pod& pod) const {
  std::vector<Ip> owned;
  for (const Ip& ip : pod.ips)
    if (const Pod* holder = owner(ip); holder && holder->name == pod.name) owned.push_back(ip);
  return owned;
}

Result<ResolvedProbe> resolve(const Cluster& cluster, const PodAddresses& addresses, const Probe& probe) {
  if (auto port = check_port(probe); !port) return port.error();
  auto from = addresses_of(cluster, addresses, probe.from);
  if (!from) return from.error().within("from");
  auto to = addresses_of(cluster, addresses, probe.to);
  if (!to) return to.error().within("to");
  auto family = choose_family(*from, *to, probe);
  if (!family) return family.error();

  ResolvedProbe resolved;
  resolved.from.ip = *first_of(*from, *family);
  resolved.to.ip = *first_of(*to, *family);
  resolved.from.pod = addresses.owner(resolved.from.ip);
  resolved.to.pod = addresses.owner(resolved.to.ip);
  bool icmp6 = probe.protocol == net::kIcmp && *family == Family::kIpv6;
  resolved.protocol = icmp6 ? net::kIcmpv6 : probe.protocol;
  resolved.port = probe.port;
  return resolved;
}

bool goes_to_service(const Cluster& cluster, const PodAddresses& addresses, const ResolvedProbe& probe) {
  if (!probe.port) return false;
  auto holds = [](const auto& list, const auto& value) {
    return std::find(list.begin(), list.end(), value) != list.end();
  };
  auto node = cluster.nodes.find({"", probe.from.pod ? probe.from.pod->node_name : std::string()});
  bool own_node = node != cluster.nodes.end() && holds(node->second.addresses, probe.to.ip);
  for (const auto& [name, service] : cluster.services) {
    if (service.headless) continue;
    bool address = holds(service.addresses, probe.to.ip);
    bool node_port = own_node && holds(service.families, probe.family());
    for (const ServicePort& port : service.ports)
      if (port.protocol == probe.protocol &&
          ((address && port.port == *probe.port) || (node_port && port.node_port == *probe.port)))
        return true;
  }
  return own_node && goes_to_host_port(cluster, addresses, probe);
}

}  // namespace sluice::model
