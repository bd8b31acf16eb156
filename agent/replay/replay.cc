#include "agent/replay/replay.h"

#include <boost/json/serialize.hpp>
#include <map>

#include "agent/base/excerpt.h"

namespace sluice::replay {

namespace json = boost::json;

namespace {

// What tells flows apart here.
std::string key_of(const Flow& flow) {
  const auto end = [](const FlowEnd& one) {
    const std::string name = !one.pod.empty() ? one.pod : one.workload;
    return name.empty() ? (one.ip ? one.ip->to_text() : "") : one.ns + "/" + name;
  };
  return end(flow.source) + " " + end(flow.destination) + " " + flow.protocol.to_text() + " " +
         (flow.destination.port ? std::to_string(flow.destination.port->host()) : "");
}

json::object to_json_object(const FlowEnd& end) {
  json::object object;
  if (end.ip) object["ip"] = end.ip->to_text();
  if (end.port) object["port"] = end.port->host();
  for (const auto& [key, text] :
       {std::pair("namespace", &end.ns), {"pod", &end.pod}, {"workload", &end.workload}})
    if (!text->empty()) object[key] = *text;
  return object;
}

json::object to_json_object(const Judged& judged, bool denied) {
  const Flow& flow = judged.flow;
  const bool egress = judged.answer.egress.opinion == model::Side::kDeny;
  const explain::SideAnswer& side = judged.answer.denying();
  const std::string rule = explain::denying_rule(side);
  json::object object;
  if (!flow.time.empty()) object["time"] = flow.time;
  object["verdict"] = denied ? "denied" : flow.verdict;
  object["reason"] = denied ? side.reason : judged.why;
  if (denied) object["direction"] = egress ? "egress" : "ingress";
  object["protocol"] = flow.protocol.to_text();
  object["source"] = to_json_object(flow.source);
  object["destination"] = to_json_object(flow.destination);
  object["rule"] = rule;
  object["isolated_by"] =
      rule.empty() ? json::array(side.isolated_by.begin(), side.isolated_by.end()) : json::array();
  object["count"] = flow.count;
  return object;
}

std::string lines_of(const std::vector<Judged>& all, bool denied) {
  std::string text;
  for (const Judged& judged : all)
    text += (text.empty() ? "\n  " : ",\n  ") + json::serialize(to_json_object(judged, denied));
  return "[" + text + "]";
}

}  // namespace

Replayed replay(const model::Cluster& cluster, const std::vector<Flow>& flows, const AskVerdict& verdict,
                const AskWhy& why) {
  const Names names(cluster);
  Replayed replayed;
  replayed.flows = flows.size();
  std::map<std::string, Flow> distinct;
  for (const Flow& flow : flows)
    if (const auto [known, is_new] = distinct.emplace(key_of(flow), flow); !is_new)
      known->second.count += flow.count;
  for (auto& [key, flow] : distinct) {
    const auto unknown = [&, &one = flow](const std::string& reason) {
      replayed.unknown.push_back({one, {}, base::one_line(reason)});
    };
    const auto probe = names.probe_of(flow);
    if (!probe) {
      unknown("an end is neither a pod nor a workload of the manifests, and no address was recorded");
      continue;
    }
    const auto judged = verdict(*probe);
    if (!judged) {
      unknown(judged.error().message());
    } else if (*judged == model::Verdict::kDeny) {
      auto answer = why(*probe);
      replayed.denied.push_back({flow, answer ? *std::move(answer) : explain::Answer(), {}});
    }
  }
  return replayed;
}

std::string to_json(const Replayed& replayed) {
  return "{\"flows\": " + std::to_string(replayed.flows) +
         ",\n\"unknown\": " + lines_of(replayed.unknown, false) +
         ",\n\"denied\": " + lines_of(replayed.denied, true) + "}\n";
}

std::string to_text(const FlowEnd& end) {
  const std::string name = !end.pod.empty() ? end.pod : end.workload, ip = end.ip ? end.ip->to_text() : "";
  const std::string text = name.empty() ? ip : end.ns + "/" + name + (ip.empty() ? "" : " (" + ip + ")");
  return base::one_line(text);
}

}  // namespace sluice::replay
