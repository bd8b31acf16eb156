// NetworkPolicy of the feed (semantics 6, 9 to 16).
#include "agent/source/decode/names.h"
#include "agent/source/feed/field.h"
#include "agent/times/parse.h"

namespace sluice::source::feed {
namespace {

model::Operator decode_operator(const FeedField& field, int op) {
  switch (op) {
    case v1::LabelRequirement::OPERATOR_IN:
      return model::Operator::kIn;
    case v1::LabelRequirement::OPERATOR_NOT_IN:
      return model::Operator::kNotIn;
    case v1::LabelRequirement::OPERATOR_EXISTS:
      return model::Operator::kExists;
    case v1::LabelRequirement::OPERATOR_DOES_NOT_EXIST:
      return model::Operator::kDoesNotExist;
    default:  // an open set: whatever number stands in the message
      field.fail(std::to_string(op) + " is not an operator: use In, NotIn, Exists or DoesNotExist");
      return model::Operator::kIn;
  }
}

model::Requirement decode_requirement(const FeedField& field, const v1::LabelRequirement& from) {
  model::Requirement requirement;
  requirement.key = from.key();
  field.at("key").check(from.key(), source::decode::label_key_fault(from.key()));
  requirement.op = decode_operator(field.at("operator"), from.operator_());
  const FeedField values = field.at("values");
  requirement.values = values.set(from.values(), [](const FeedField& at, const std::string& value) {
    at.check(value, source::decode::label_value_fault(value));
    return value;
  });
  const bool wants = requirement.op == model::Operator::kIn || requirement.op == model::Operator::kNotIn;
  if (wants && requirement.values.empty()) values.fail("is empty: In and NotIn need at least one value");
  if (!wants && !requirement.values.empty())
    values.fail("must be empty: Exists and DoesNotExist take no values");
  return requirement;
}

}  // namespace

model::LabelSelector decode_selector(const FeedField& field, const v1::LabelSelector& from) {
  return {field.at("requirements").set(from.requirements(), decode_requirement)};
}

namespace {

model::IpBlock decode_ip_block(const FeedField& field, const v1::IpBlock& from) {
  model::IpBlock block;
  block.cidr = field.at("cidr").cidr(from.cidr());
  block.except =
      field.at("except").set(from.except(), [&block](const FeedField& item, const std::string& text) {
        const net::Cidr except = item.cidr(text);
        if (!block.cidr.contains(except) || except == block.cidr)
          item.fail(except.to_text() + " is not a part of " + block.cidr.to_text() +
                    ": an exception must lie inside its cidr and be smaller");
        return except;
      });
  return block;
}

model::Peer decode_peer(const FeedField& field, const v1::PolicyPeer& from) {
  const bool selects = from.has_pod_selector() || from.has_namespace_selector();
  if (!selects && !from.has_ip_block())
    field.fail("has no peer: one of ip_block, pod_selector and namespace_selector must be there");
  if (selects && from.has_ip_block())
    field.fail("has both ip_block and a selector: write them as two peers, or leave one out");
  if (from.has_ip_block()) return decode_ip_block(field.at("ip_block"), from.ip_block());
  model::SelectorPeer peer;
  if (from.has_pod_selector())
    peer.pod_selector = decode_selector(field.at("pod_selector"), from.pod_selector());
  if (from.has_namespace_selector())
    peer.namespace_selector = decode_selector(field.at("namespace_selector"), from.namespace_selector());
  return peer;
}

}  // namespace

model::PolicyPort decode_port(const FeedField& field, const v1::PolicyPort& from) {
  model::PolicyPort entry;
  entry.protocol = field.at("protocol").protocol(from.protocol());
  if (from.has_name()) entry.port = field.at("name").port_name(from.name());
  if (!from.has_range()) return entry;
  const FeedField range = field.at("range");
  const net::Port first = range.at("first").port(from.range().first());
  const net::Port last = range.at("last").port(from.range().last());
  if (last < first)
    range.fail("last " + std::to_string(last.host()) + " is less than first " + std::to_string(first.host()));
  entry.port = net::PortRange{first, last};
  return entry;
}

namespace {

model::Rule decode_rule(const FeedField& field, const v1::PolicyRule& from) {
  return {field.at("peers").each(from.peers(), decode_peer),
          field.at("ports").each(from.ports(), decode_port)};
}

}  // namespace

static model::LogLevel decode_log_level(const FeedField& field, v1::NetworkPolicy::LogLevel from) {
  if (!v1::NetworkPolicy::LogLevel_IsValid(from)) {
    field.fail(std::to_string(from) + " is no log level that is known here");
    return model::LogLevel::kUnsaid;
  }
  return static_cast<model::LogLevel>(from);
}

// What of it cannot be read here, where time zones may be others, is the calendar's to say.
std::string decode_hours(const FeedField& field, const std::string& text) {
  if (text.size() <= times::kLongestExpression) return text;
  field.fail("is longer than " + std::to_string(times::kLongestExpression) + " bytes");
  return {};
}

model::NetworkPolicy decode_policy(const FeedField& root, const v1::NetworkPolicy& from) {
  model::NetworkPolicy policy;
  policy.pod_selector = decode_selector(root.at("pod_selector"), from.pod_selector());
  policy.isolates_ingress = from.isolates_ingress();
  policy.isolates_egress = from.isolates_egress();
  policy.ingress = root.at("ingress").each(from.ingress(), decode_rule);
  policy.egress = root.at("egress").each(from.egress(), decode_rule);
  policy.audit = from.audit();
  policy.log_level = decode_log_level(root.at("log_level"), from.log_level());
  policy.metrics = from.metrics();
  policy.active = decode_hours(root.at("active"), from.active());
  return policy;
}

}  // namespace sluice::source::feed
