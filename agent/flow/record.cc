#include "agent/flow/record.h"

#include "agent/flow/reasons.h"

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

std::vector<std::pair<std::string_view, std::string>> fields(const Record& record) {
  std::vector<std::pair<std::string_view, std::string>> all;
  if (!record.pod.empty())
    all.emplace_back("pod", record.pod);
  else
    all.emplace_back("ifindex", std::to_string(record.ifindex));
  all.emplace_back("direction", std::string(to_text(record.direction)));
  if (record.remote) all.emplace_back("remote", record.remote->to_text());
  if (!record.remote_pod.empty()) all.emplace_back("remote_pod", record.remote_pod);
  if (record.local) {
    all.emplace_back("local", record.local->to_text());
    all.emplace_back("protocol", record.protocol.to_text());
  }
  if (auto port = record.destination_port()) all.emplace_back("port", std::to_string(port->host()));
  all.emplace_back("reason", std::string(reason_label(record.reason)));
  if (record.audit) all.emplace_back("audit", "true");
  return all;
}

}  // namespace sluice::flow
