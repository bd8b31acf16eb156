#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "agent/model/tiers.h"
#include "agent/observe/json.h"

namespace sluice::observe {
namespace {

namespace json = boost::json;

constexpr int kHubbleNanoseconds = 9;

struct DropReason {
  std::string_view reason, text;
  int number;  // of cilium's enum DropReason
};
constexpr std::array<DropReason, 9> kDropReasons = {
    {{"no_rule", "POLICY_DENIED", 133},
     {"service_partial", "POLICY_DENIED", 133},
     {"source_not_own", "INVALID_SOURCE_IP", 132},
     {"fragment_without_first", "FIRST_LOGICAL_DATAGRAM_FRAGMENT_NOT_FOUND", 175},
     {"truncated", "CT_TRUNCATED_OR_INVALID_HEADER", 135},
     {"malformed", "INVALID_PACKET_DROPPED", 134},
     {"extension_chain", "INVALID_IPV6_EXTENSION_HEADER", 156},
     {"not_ip", "UNSUPPORTED_L3_PROTOCOL", 139},
     {"not_ready", "DROP_EP_NOT_READY", 203}}};

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kAllowed:
      return "FORWARDED";
    case Verdict::kDenied:
      return "DROPPED";
    case Verdict::kAudit:
      return "AUDIT";
  }
  return "VERDICT_UNKNOWN";
}

// "shop/api" as {"name", "namespace"}.
json::object named(std::string_view text) {
  const size_t slash = text.find('/');
  json::object object;
  object["name"] = slash == text.npos ? text : text.substr(slash + 1);
  if (slash != text.npos) object["namespace"] = text.substr(0, slash);
  return object;
}

// "Admin/deny-metadata" as a policy without namespace.
json::object policy_named(std::string_view text) {
  if (!model::tier_of(text)) return named(text);
  return {{"name", text.substr(text.find('/') + 1)}, {"kind", "ClusterNetworkPolicy"}};
}

json::object hubble_end(const End& end) {
  json::object object;
  if (!end.ns.empty()) object["namespace"] = end.ns;
  if (!end.pod.empty()) object["pod_name"] = end.pod;
  if (end.pod.empty() && !end.node.empty()) object["labels"] = json::array{"reserved:host"};
  if (end.pod.empty() && end.node.empty() && end.service.empty())
    object["labels"] = json::array{"reserved:world"};
  if (const size_t slash = end.workload.find('/'); slash != std::string::npos) {
    std::string_view kind = "Job";
    const std::string_view given = std::string_view(end.workload).substr(0, slash);
    for (const auto& [small, large] :
         {std::pair<std::string_view, std::string_view>("deployment", "Deployment"),
          {"statefulset", "StatefulSet"},
          {"daemonset", "DaemonSet"},
          {"replicaset", "ReplicaSet"},
          {"cronjob", "CronJob"},
          {"replicationcontroller", "ReplicationController"}})
      if (given == small) kind = large;
    object["workloads"] = json::array{json::object{{"name", end.workload.substr(slash + 1)}, {"kind", kind}}};
  }
  return object;
}

json::object layer4(const FlowRecord& record) {
  json::object ports;
  if (record.source.port) ports["source_port"] = record.source.port->host();
  if (record.destination.port) ports["destination_port"] = record.destination.port->host();
  if (record.protocol == net::kTcp) {
    json::object flags;
    for (std::string text = flags_text(record.tcp_flags); !text.empty();) {
      const size_t comma = text.find(',');
      flags[text.substr(0, comma)] = true;
      text = comma == text.npos ? "" : text.substr(comma + 1);
    }
    ports["flags"] = std::move(flags);
  }
  for (const auto& [protocol, key] : {std::pair(net::kTcp, "TCP"),
                                      {net::kUdp, "UDP"},
                                      {net::kSctp, "SCTP"},
                                      {net::kIcmp, "ICMPv4"},
                                      {net::kIcmpv6, "ICMPv6"}})
    if (record.protocol == protocol) return {{key, std::move(ports)}};
  return {};
}

void add_policies(const FlowRecord& record, json::object& flow) {
  const std::string direction(to_text(record.direction));
  const std::string rule = record.rule.substr(0, record.rule.find(':'));
  json::array policies;
  for (const std::string& policy : record.isolated_by) policies.push_back(named(policy));
  if (!rule.empty()) policies.push_back(policy_named(rule));
  if (policies.empty()) return;
  const bool allowed = record.verdict == Verdict::kAllowed;
  flow[direction + (allowed ? "_allowed_by" : "_denied_by")] = std::move(policies);
}

}  // namespace

std::string hubble_json_of(const FlowRecord& record) {
  const std::string time = rfc3339(record.time, kHubbleNanoseconds);
  json::object flow;
  flow["time"] = time;
  flow["uuid"] = record.id;
  flow["verdict"] = verdict_name(record.verdict);
  if (record.verdict != Verdict::kAllowed)
    for (const DropReason& reason : kDropReasons)
      if (reason.reason == record.reason) {
        flow["drop_reason"] = reason.number;
        flow["drop_reason_desc"] = reason.text;
      }
  if (record.family) {
    json::object ip;
    if (record.source.ip) ip["source"] = record.source.ip->to_text();
    if (record.destination.ip) ip["destination"] = record.destination.ip->to_text();
    ip["ipVersion"] = net::to_text(*record.family);
    flow["IP"] = std::move(ip);
    if (json::object l4 = layer4(record); !l4.empty()) flow["l4"] = std::move(l4);
  }
  flow["source"] = hubble_end(record.source);
  flow["destination"] = hubble_end(record.destination);
  flow["Type"] = "L3_L4";
  flow["node_name"] = record.node;
  if (!record.source.service.empty()) flow["source_service"] = named(record.source.service);
  if (!record.destination.service.empty()) flow["destination_service"] = named(record.destination.service);
  flow["traffic_direction"] = record.direction == model::Direction::kIngress ? "INGRESS" : "EGRESS";
  flow["is_reply"] = false;  // the source opened the connection
  add_policies(record, flow);
  if (record.tcp_flags != 0) flow["Summary"] = "TCP Flags: " + flags_text(record.tcp_flags);
  return json::serialize(json::object{{"flow", std::move(flow)}, {"node_name", record.node}, {"time", time}});
}

}  // namespace sluice::observe
