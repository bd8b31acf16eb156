// Flow records as JSON lines.
#include "agent/replay/flows.h"

#include <algorithm>
#include <boost/json/parse.hpp>

#include "agent/base/excerpt.h"
#include "agent/model/probe.h"

namespace sluice::replay {

namespace json = boost::json;

using base::Error;
using base::Result;

namespace {

constexpr size_t kLongestLine = size_t{64} * 1024;

Error wrong(const std::string& key, const char* what) {
  return Error(key + ": " + what);
}

Result<std::string> text_of(const json::object& object, const std::string& key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || value->is_null()) return std::string();
  if (!value->is_string()) return wrong(key, "is no text");
  return std::string(value->as_string());
}

Result<FlowEnd> end_of(const json::object& record, const std::string& key) {
  const json::value* value = record.if_contains(key);
  if (value == nullptr) return wrong(key, "is missing");
  const json::object* object = value->if_object();
  if (object == nullptr) return wrong(key, "is no object");
  FlowEnd end;
  std::string ip;
  for (const auto& [name, to] :
       {std::pair("ip", &ip), {"namespace", &end.ns}, {"pod", &end.pod}, {"workload", &end.workload}}) {
    auto text = text_of(*object, name);
    if (!text) return text.error().within(key);
    *to = *std::move(text);
  }
  if (!ip.empty()) {
    auto parsed = net::Ip::parse(ip);
    if (!parsed) return parsed.error().within(key + ".ip");
    end.ip = *parsed;
  }
  if (const json::value* port = object->if_contains("port"); port != nullptr && !port->is_null()) {
    const auto* number = port->if_int64();
    if (number == nullptr || *number < 0 || *number > 65535) return wrong(key + ".port", "is no port");
    if (*number > 0) end.port = net::Port::from_host(static_cast<uint16_t>(*number));
  }
  return end;
}

Result<Flow> flow_of(std::string_view line) {
  if (line.size() > kLongestLine) return Error("the line is longer than 64 KiB");
  json::error_code code;
  const json::value value = json::parse({line.data(), line.size()}, code);
  if (code) return Error("not JSON: " + code.message());
  const json::object* record = value.if_object();
  if (record == nullptr) return Error("is no JSON object: give lines of `sluicectl observe -o json`");
  Flow flow;
  for (const auto& [key, end] : {std::pair("source", &flow.source), {"destination", &flow.destination}}) {
    auto read = end_of(*record, key);
    if (!read) return read.error();
    *end = *std::move(read);
  }
  std::string protocol;
  for (const auto& [key, to] :
       {std::pair("time", &flow.time), {"verdict", &flow.verdict}, {"protocol", &protocol}}) {
    auto text = text_of(*record, key);
    if (!text) return text.error();
    *to = *std::move(text);
  }
  if (protocol == "ICMPv6") protocol = "ICMP";
  auto parsed = model::parse_probe_protocol(protocol.empty() ? "TCP" : protocol);
  if (!parsed) return parsed.error().within("protocol");
  flow.protocol = *parsed;
  if (flow.protocol.has_ports() && !flow.destination.port)
    return wrong("destination.port", ("is missing: " + protocol + " has ports").c_str());
  if (const json::value* count = record->if_contains("count"); count != nullptr && count->is_int64())
    flow.count = static_cast<uint64_t>(std::max<int64_t>(count->as_int64(), 1));
  return flow;
}

}  // namespace

Flows read_flows(std::string_view bytes, const std::string& name) {
  Flows flows;
  size_t number = 0;
  const auto problem = [&](const std::string& what) {
    if (++flows.wrong <= kMostProblems)
      flows.problems.push_back(name + ": line " + std::to_string(number) + ": " + base::one_line(what));
  };
  while (!bytes.empty()) {
    ++number;
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    if (flows.all.size() == kMostFlows) {
      problem("and what follows is left out: more than " + std::to_string(kMostFlows) + " records");
      break;
    }
    auto flow = flow_of(line);
    if (flow)
      flows.all.push_back(*std::move(flow));
    else
      problem(flow.error().message());
  }
  return flows;
}

}  // namespace sluice::replay
