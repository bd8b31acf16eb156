#include "agent/flow/record.h"

namespace sluice::flow {
namespace {

std::optional<net::Ip> address(const sluice_event& event, const __u8 (&bytes)[16]) {
  const size_t length = event.family == 4 ? 4 : event.family == 6 ? 16 : 0;
  if (length == 0) return std::nullopt;
  auto ip = net::Ip::from_bytes({bytes, length});
  return ip ? std::optional(*ip) : std::nullopt;
}

std::string pod_of(const Names& names, uint64_t pod) {
  if (pod == 0) return "";
  std::string name = names.pod ? names.pod(pod) : "";
  return name.empty() ? "#" + std::to_string(pod) : name;
}

}  // namespace

Record decode(const sluice_event& event, const Names& names) {
  Record record;
  record.time = event.time;
  record.epoch = event.epoch;
  record.pod = pod_of(names, event.pod);
  record.direction =
      event.direction == SLUICE_EGRESS ? model::Direction::kEgress : model::Direction::kIngress;
  record.local = address(event, event.local);
  record.remote = address(event, event.remote);
  if (record.remote && names.pod_of_address) record.remote_pod = names.pod_of_address(*record.remote);
  record.protocol = net::Protocol(event.protocol);
  if (record.local && record.protocol.has_ports()) {
    record.local_port = net::Port::from_network(event.local_port);
    record.remote_port = net::Port::from_network(event.remote_port);
  }
  record.reason = event.reason;
  record.ifindex = event.ifindex;
  record.length = event.length;
  record.audit = event.audit != 0;
  record.against = event.against != 0;
  record.tcp_flags = event.tcp_flags;
  return record;
}

}  // namespace sluice::flow
