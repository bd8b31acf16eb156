// v1 Pod.
#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <set>

#include "agent/model/workloads.h"
#include "agent/source/encode/encode_kinds.h"

namespace sluice::source::encode {

namespace json = boost::json;

namespace {

// Times that RFC 3339 can write: the years 0 to 9999.
constexpr int64_t kFirstSecond = -62'167'219'200, kLastSecond = 253'402'300'799;

std::string time_text(int64_t seconds) {
  using std::chrono::days;
  using std::chrono::sys_days;
  const std::chrono::seconds since(std::clamp(seconds, kFirstSecond, kLastSecond));
  const auto day = std::chrono::floor<days>(since);
  const std::chrono::year_month_day date{sys_days(day)};
  const std::chrono::hh_mm_ss time(since - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02dZ", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

const char* phase_text(model::PodPhase phase) {
  switch (phase) {
    case model::PodPhase::kPending:
      return "Pending";
    case model::PodPhase::kRunning:
      return "Running";
    case model::PodPhase::kSucceeded:
      return "Succeeded";
    case model::PodPhase::kFailed:
      return "Failed";
    case model::PodPhase::kUnknown:
      break;
  }
  return "Unknown";
}

// Of "replicaset/web-5d8b": the kind as its API spells it, where it is one that makes pods.
json::object owner_object(std::string_view controller) {
  const size_t slash = std::min(controller.find('/'), controller.size());
  const std::string_view small = controller.substr(0, slash);
  json::object owner{{"kind", small}};
  for (const model::WorkloadKind& kind : model::kWorkloadKinds)
    if (kind.name == small) owner = {{"apiVersion", kind.api_version}, {"kind", kind.kind}};
  owner["name"] = controller.substr(std::min(slash + 1, controller.size()));
  owner["controller"] = true;
  return owner;
}

// Each host port stands at the next container port that it is for; where none is, at one of its own.
json::array containers_of(const model::Pod& pod) {
  json::array containers, ports;
  std::set<std::string> names;
  const auto end_container = [&] {
    if (!ports.empty())
      containers.push_back(
          json::object{{"name", "c" + std::to_string(containers.size())}, {"ports", std::move(ports)}});
    ports = {};
    names.clear();
  };
  auto host_port = pod.host_ports.begin();
  const auto add = [&](const model::ContainerPort& port) {
    // One name may stand for several numbers of a pod, not of a container.
    if (!port.name.empty() && !names.insert(port.name).second) {
      end_container();
      names.insert(port.name);
    }
    json::object object;
    if (!port.name.empty()) object["name"] = port.name;
    object["containerPort"] = port.port.host();
    object["protocol"] = port.protocol.to_text();
    if (host_port != pod.host_ports.end() && host_port->protocol == port.protocol &&
        host_port->target == port.port) {
      object["hostPort"] = host_port->port.host();
      if (host_port->ip) object["hostIP"] = host_port->ip->to_text();
      ++host_port;
    }
    ports.push_back(std::move(object));
  };
  for (const model::ContainerPort& port : pod.ports) add(port);
  while (host_port != pod.host_ports.end()) add({"", host_port->protocol, host_port->target});
  end_container();
  return containers;
}

json::object metadata_of(const model::Pod& pod, json::object metadata) {
  if (!pod.uid.empty()) metadata["uid"] = pod.uid;
  if (pod.created != 0) metadata["creationTimestamp"] = time_text(pod.created);
  if (pod.terminating) metadata["deletionTimestamp"] = time_text(pod.created);
  if (!pod.labels.empty()) metadata["labels"] = labels_object(pod.labels);
  add_annotations({{model::kSourcePrefixesAnnotation, prefixes_text(pod.source_prefixes)},
                   {model::kObserveAnnotation, text_if(pod.observe_allowed, "allowed")},
                   {model::kFlowsAnnotation, pod.flows > 0 ? std::to_string(pod.flows) : ""}},
                  metadata);
  if (!pod.controller.empty()) metadata["ownerReferences"] = json::array{owner_object(pod.controller)};
  return metadata;
}

}  // namespace

json::object to_json_object(const model::Pod& pod) {
  json::object object = object_of("v1", "Pod", pod.name);
  object["metadata"] = metadata_of(pod, std::move(object["metadata"].as_object()));
  json::object spec, status{{"phase", phase_text(pod.phase)}};
  if (!pod.node_name.empty()) spec["nodeName"] = pod.node_name;
  if (pod.host_network) spec["hostNetwork"] = true;
  if (json::array containers = containers_of(pod); !containers.empty())
    spec["containers"] = std::move(containers);
  if (!spec.empty()) object["spec"] = std::move(spec);
  json::array ips;
  for (const net::Ip& ip : pod.ips) ips.push_back(json::object{{"ip", ip.to_text()}});
  if (!ips.empty()) status["podIPs"] = std::move(ips);
  if (!pod.ready) status["conditions"] = json::array{json::object{{"type", "Ready"}, {"status", "False"}}};
  object["status"] = std::move(status);
  return object;
}

}  // namespace sluice::source::encode
