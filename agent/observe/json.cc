#include "agent/observe/json.h"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

namespace sluice::observe {
namespace {

namespace json = boost::json;

constexpr int kMilliseconds = 3;

json::object json_end(const End& end) {
  json::object object;
  if (end.ip) object["ip"] = end.ip->to_text();
  if (end.port) object["port"] = end.port->host();
  for (const auto& [key, value] : {std::pair("namespace", &end.ns),
                                   {"pod", &end.pod},
                                   {"workload", &end.workload},
                                   {"service", &end.service},
                                   {"node", &end.node}})
    if (!value->empty()) object[key] = *value;
  return object;
}

}  // namespace

std::string json_of(const FlowRecord& record) {
  json::object object;
  object["time"] = rfc3339(record.time, kMilliseconds);
  object["node"] = record.node;
  object["id"] = record.id;
  object["verdict"] = to_text(record.verdict);
  object["reason"] = record.reason;
  object["direction"] = to_text(record.direction);
  object["protocol"] = record.family ? record.protocol.to_text() : "";
  object["flags"] = flags_text(record.tcp_flags);
  object["source"] = json_end(record.source);
  object["destination"] = json_end(record.destination);
  object["rule"] = record.rule;
  object["isolated_by"] = json::array(record.isolated_by.begin(), record.isolated_by.end());
  if (record.no_name_learnt) object["no_name_learnt"] = true;
  object["count"] = record.count;
  object["lost"] = record.lost;
  return json::serialize(object);
}

}  // namespace sluice::observe
