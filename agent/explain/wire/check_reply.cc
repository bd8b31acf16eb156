#include "agent/explain/wire/check_reply.h"

#include "agent/base/excerpt.h"
#include "agent/source/feed/decode.h"
#include "agent/source/feed/encode.h"

namespace sluice::explain::wire {
namespace {

using model::Side;

// Texts of another process: nothing in them moves a terminal's cursor.
template <typename Texts>
std::vector<std::string> lines_of(const Texts& texts) {
  std::vector<std::string> all;
  for (const std::string& text : texts) all.push_back(base::one_line(text));
  return all;
}

void fill(const SideAnswer& side, v1::Side& to) {
  to.set_opinion(std::string(model::to_text(side.opinion)));
  to.set_elsewhere(side.elsewhere);
  to.set_reason(side.text);
  to.set_label(side.reason);
  for (const std::string& rule : side.rules) to.add_rules(rule);
  for (const std::string& policy : side.isolated_by) to.add_isolated_by(policy);
  for (const std::string& policy : side.audited_by) to.add_audited_by(policy);
  for (const std::string& name : side.names) to.add_names(name);
  for (const std::string& name : side.by_names) to.add_by_names(name);
  for (const Miss& miss : side.near) {
    v1::Miss& entry = *to.add_near();
    entry.set_rule(miss.rule);
    for (const FailedTerm& term : miss.failed) {
      v1::FailedTerm& failed = *entry.add_failed();
      failed.set_term(term.term);
      failed.set_want(term.want);
      failed.set_have(term.have);
    }
  }
  if (side.fix) *to.mutable_fix() = source::feed::encode(model::Object(*side.fix));
  for (const auto& [what, found] : side.trace) {
    v1::TraceStep& step = *to.add_trace();
    step.set_what(what);
    step.set_found(found);
  }
}

SideAnswer side_of(const v1::Side& from) {
  SideAnswer side;
  for (const Side opinion : {Side::kAllow, Side::kDeny})
    if (from.opinion() == model::to_text(opinion)) side.opinion = opinion;
  side.elsewhere = from.elsewhere();
  side.text = base::one_line(from.reason());
  side.reason = base::one_line(from.label());
  side.rules = lines_of(from.rules());
  side.isolated_by = lines_of(from.isolated_by());
  side.audited_by = lines_of(from.audited_by());
  side.names = lines_of(from.names());
  side.by_names = lines_of(from.by_names());
  for (const v1::Miss& entry : from.near()) {
    Miss miss{base::one_line(entry.rule()), {}};
    for (const v1::FailedTerm& term : entry.failed())
      miss.failed.push_back(
          {base::one_line(term.term()), base::one_line(term.want()), base::one_line(term.have())});
    side.near.push_back(std::move(miss));
  }
  if (from.has_fix())
    if (auto decoded = source::feed::decode(from.fix()))
      if (auto* policy = std::get_if<model::NetworkPolicy>(&*decoded)) side.fix = std::move(*policy);
  for (const v1::TraceStep& step : from.trace())
    side.trace.push_back({base::one_line(step.what()), base::one_line(step.found())});
  return side;
}

}  // namespace

v1::CheckReply reply_of(const Answer& answer) {
  v1::CheckReply reply;
  reply.set_verdict(std::string(model::to_text(answer.verdict())));
  reply.set_reason(answer.reason());
  reply.set_from(answer.from);
  reply.set_to(answer.to);
  reply.set_protocol(answer.protocol.number());
  if (answer.port) reply.set_port(answer.port->host());
  fill(answer.egress, *reply.mutable_egress());
  fill(answer.ingress, *reply.mutable_ingress());
  for (const EndpointAnswer& endpoint : answer.endpoints) {
    v1::EndpointSide& entry = *reply.add_endpoints();
    entry.set_name(endpoint.name);
    entry.set_ip(endpoint.ip.to_text());
    entry.set_port(endpoint.port.host());
    fill(endpoint.ingress, *entry.mutable_ingress());
  }
  return reply;
}

Answer answer_of(const v1::CheckReply& reply) {
  Answer answer;
  answer.from = base::one_line(reply.from());
  answer.to = base::one_line(reply.to());
  answer.protocol = net::Protocol(static_cast<uint8_t>(reply.protocol()));
  if (reply.port() != 0) answer.port = net::Port::from_host(static_cast<uint16_t>(reply.port()));
  answer.egress = side_of(reply.egress());
  answer.ingress = side_of(reply.ingress());
  for (const v1::EndpointSide& entry : reply.endpoints())
    if (const auto ip = net::Ip::parse(entry.ip()))
      answer.endpoints.push_back({base::one_line(entry.name()), *ip,
                                  net::Port::from_host(static_cast<uint16_t>(entry.port())),
                                  side_of(entry.ingress())});
  return answer;
}

v1::CheckReply reply_of(const NameAnswer& answer) {
  v1::CheckReply reply = reply_of(answer.deciding());
  reply.set_name(answer.name);
  for (const Answer& one : answer.answers) *reply.add_addresses() = reply_of(one);
  return reply;
}

NameAnswer name_answer_of(const v1::CheckReply& reply) {
  NameAnswer answer{base::one_line(reply.name()), {}};
  for (const v1::CheckReply& one : reply.addresses()) answer.answers.push_back(answer_of(one));
  return answer;
}

}  // namespace sluice::explain::wire
