#include "agent/rehearse/traffic.h"

namespace sluice::rehearse {
namespace {

using Interval = Traffic::interval_type;

constexpr uint32_t kPorts = 65536, kProtocols = std::size(net::kPortProtocols);
constexpr uint32_t kIcmpPoint = kProtocols * kPorts, kOtherPoint = kIcmpPoint + 1;

// Where a protocol's ports begin; kProtocols * kPorts: it has none.
uint32_t base_of(net::Protocol protocol) {
  uint32_t index = 0;
  while (index < kProtocols && net::kPortProtocols[index] != protocol) ++index;
  return index * kPorts;
}

Interval ports_of(net::Protocol protocol, uint32_t first, uint32_t last) {
  const uint32_t base = base_of(protocol);
  return Interval(base + std::max(first, uint32_t{1}), base + last + 1);
}

// Of each interval of the protocol's ports, "80", "8000-8999".
std::string ports_text(const Traffic& traffic) {
  std::string text;
  for (const Interval& interval : traffic) {
    const uint32_t first = interval.lower() % kPorts, last = (interval.upper() - 1) % kPorts;
    if (first == 1 && last == kPorts - 1) return "all";
    text +=
        (text.empty() ? "" : ",") + std::to_string(first) + (first == last ? "" : "-" + std::to_string(last));
  }
  return text;
}

}  // namespace

Traffic everything() {
  Traffic all;
  for (const net::Protocol protocol : net::kPortProtocols) all += ports_of(protocol, 1, kPorts - 1);
  all += Interval(kIcmpPoint, kOtherPoint + 1);
  return all;
}

Traffic one(net::Protocol protocol, net::Port port) {
  Traffic traffic;
  if (protocol.has_ports())
    traffic += ports_of(protocol, port.host(), port.host());
  else if (protocol == net::kIcmp || protocol == net::kIcmpv6)
    traffic += Interval(kIcmpPoint, kIcmpPoint + 1);
  else
    traffic += Interval(kOtherPoint, kOtherPoint + 1);
  return traffic;
}

Traffic traffic_of(const std::vector<model::PolicyPort>& ports, const model::Pod* destination) {
  if (ports.empty()) return everything();
  Traffic traffic;
  for (const model::PolicyPort& entry : ports) {
    if (const auto* range = std::get_if<net::PortRange>(&entry.port)) {
      traffic += ports_of(entry.protocol, range->first.host(), range->last.host());
    } else if (const auto* name = std::get_if<std::string>(&entry.port)) {
      if (destination == nullptr) continue;
      for (const model::ContainerPort& port : destination->ports)
        if (port.name == *name && port.protocol == entry.protocol) traffic += one(entry.protocol, port.port);
    } else {
      traffic += ports_of(entry.protocol, 1, kPorts - 1);
    }
  }
  return traffic;
}

Traffic traffic_of(const model::ClusterProtocols& protocols, const model::Pod* destination) {
  if (protocols.empty()) return everything();
  Traffic traffic;
  for (const model::ClusterProtocol& entry : protocols) {
    if (const auto* ports = std::get_if<model::ProtocolPorts>(&entry)) {
      traffic += ports_of(ports->protocol, ports->ports.first.host(), ports->ports.last.host());
    } else if (destination != nullptr) {
      for (const model::ContainerPort& port : destination->ports)
        if (port.name == std::get<model::NamedPort>(entry).name) traffic += one(port.protocol, port.port);
    }
  }
  return traffic;
}

std::vector<Share> shares_of(const Traffic& traffic) {
  if (traffic == everything()) return {{"any", "all"}};
  std::vector<Share> shares;
  for (const net::Protocol protocol : net::kPortProtocols) {
    Traffic ports = traffic;
    ports &= ports_of(protocol, 1, kPorts - 1);
    if (!ports.empty()) shares.push_back({protocol.to_text(), ports_text(ports)});
  }
  if (boost::icl::contains(traffic, kIcmpPoint)) shares.push_back({"ICMP", ""});
  if (boost::icl::contains(traffic, kOtherPoint)) shares.push_back({"other", ""});
  return shares;
}

}  // namespace sluice::rehearse
