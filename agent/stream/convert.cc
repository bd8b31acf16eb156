#include "agent/stream/convert.h"

#include "agent/base/excerpt.h"
#include "agent/model/probe.h"

namespace sluice::stream {
namespace {

using base::Error;
using base::Result;

constexpr int kMostOfAList = 256;

void fill(const observe::End& end, v1::FlowEnd& to) {
  if (end.ip) to.set_ip(end.ip->to_text());
  if (end.port) to.set_port(end.port->host());
  to.set_namespace_(end.ns);
  to.set_pod(end.pod);
  to.set_workload(end.workload);
  to.set_service(end.service);
  to.set_node(end.node);
}

observe::End end_from(const v1::FlowEnd& from) {
  observe::End end;
  if (auto ip = net::Ip::parse(from.ip())) end.ip = *ip;
  if (auto port = net::Port::from_number(from.port())) end.port = *port;
  end.ns = from.namespace_();
  end.pod = from.pod();
  end.workload = from.workload();
  end.service = from.service();
  end.node = from.node();
  return end;
}

// Of a closed set, by its text.
template <typename Values>
auto named(const Values& values, const std::string& text, const char* choice)
    -> Result<std::decay_t<decltype(values[0])>> {
  for (const auto& value : values)
    if (to_text(value) == text) return value;
  return Error(base::excerpt(text) + ": give " + choice);
}

Result<std::string> policy_name(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == text.npos || slash == 0 || slash + 1 == text.size())
    return Error(base::excerpt(text) + " is no policy: give NAMESPACE/NAME");
  return text;
}

template <typename From, typename To, typename Parse>
base::Status each(const char* option, const From& from, std::vector<To>& to, Parse parse) {
  if (from.size() > kMostOfAList)
    return Error(std::string(option) + ": is given " + std::to_string(from.size()) +
                 " times: give it at most " + std::to_string(kMostOfAList) + " times");
  for (const auto& text : from) {
    auto parsed = parse(text);
    if (!parsed) return parsed.error().within(option);
    to.push_back(std::move(*parsed));
  }
  return base::done();
}

}  // namespace

v1::Flow encode(const observe::FlowRecord& record) {
  v1::Flow flow;
  flow.set_id(record.id);
  flow.set_unix_nanoseconds(record.time);
  flow.set_node(record.node);
  flow.set_verdict(std::string(to_text(record.verdict)));
  flow.set_reason(record.reason);
  flow.set_direction(std::string(to_text(record.direction)));
  if (record.family) flow.set_family(std::string(net::to_text(*record.family)));
  flow.set_protocol(record.protocol.number());
  flow.set_tcp_flags(record.tcp_flags);
  fill(record.source, *flow.mutable_source());
  fill(record.destination, *flow.mutable_destination());
  flow.set_rule(record.rule);
  flow.mutable_isolated_by()->Add(record.isolated_by.begin(), record.isolated_by.end());
  flow.set_no_name_learnt(record.no_name_learnt);
  flow.set_count(record.count);
  flow.set_lost(record.lost);
  return flow;
}

observe::FlowRecord decode(const v1::Flow& flow) {
  observe::FlowRecord record;
  record.id = flow.id();
  record.time = flow.unix_nanoseconds();
  record.node = flow.node();
  if (auto verdict = named(observe::kVerdicts, flow.verdict(), "")) record.verdict = *verdict;
  record.reason = flow.reason();
  if (auto direction = named(model::kDirections, flow.direction(), "")) record.direction = *direction;
  for (const net::Family family : {net::Family::kIpv4, net::Family::kIpv6})
    if (flow.family() == net::to_text(family)) record.family = family;
  record.protocol = net::Protocol(static_cast<uint8_t>(flow.protocol()));
  record.tcp_flags = static_cast<uint8_t>(flow.tcp_flags());
  record.source = end_from(flow.source());
  record.destination = end_from(flow.destination());
  record.rule = flow.rule();
  record.isolated_by.assign(flow.isolated_by().begin(), flow.isolated_by().end());
  record.no_name_learnt = flow.no_name_learnt();
  record.count = flow.count();
  record.lost = flow.lost();
  return record;
}

Result<observe::Filter> decode(const v1::FlowFilter& from) {
  observe::Filter filter;
  const auto text = [](const std::string& given) { return Result<std::string>(given); };
  std::vector<std::vector<model::Requirement>> labels;
  for (const base::Status& read : {
           each("--namespace", from.namespaces(), filter.namespaces, text),
           each("--pod", from.either(), filter.either, observe::Party::parse),
           each("--from", from.from(), filter.from, observe::Party::parse),
           each("--to", from.to(), filter.to, observe::Party::parse),
           each("--port", from.ports(), filter.ports, net::Port::from_number),
           each("--protocol", from.protocols(), filter.protocols, model::parse_probe_protocol),
           each("--direction", from.directions(), filter.directions,
                [](const auto& word) { return named(model::kDirections, word, "ingress or egress"); }),
           each("--verdict", from.verdicts(), filter.verdicts,
                [](const auto& word) { return named(observe::kVerdicts, word, "allowed, denied or audit"); }),
           each("--policy", from.policies(), filter.policies, policy_name),
           each("--label", from.labels(), labels, observe::parse_labels),
       })
    if (!read) return read.error();
  for (auto& some : labels) filter.labels.insert(filter.labels.end(), some.begin(), some.end());
  filter.since = from.since_unix_nanoseconds();
  return filter;
}

}  // namespace sluice::stream
