#include "agent/convert/output.h"

#include <algorithm>
#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

#include "agent/base/excerpt.h"

namespace sluice::convert {

namespace {

constexpr size_t kMostEntries = 25, kLongestName = 253, kRoomForANumber = 8;

// `all` in lists of at most 25; one empty list where there is none.
template <typename Value>
std::vector<std::vector<Value>> portions(const std::vector<Value>& all) {
  std::vector<std::vector<Value>> cut(1);
  for (const Value& value : all) {
    if (cut.back().size() == kMostEntries) cut.emplace_back();
    cut.back().push_back(value);
  }
  return cut;
}

std::vector<model::ClusterPeer> short_peers(const std::vector<model::ClusterPeer>& peers) {
  std::vector<model::ClusterPeer> cut;
  for (const model::ClusterPeer& peer : peers) {
    if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
      for (auto& cidrs : portions(networks->cidrs.all())) cut.emplace_back(model::NetworksPeer{cidrs});
    else if (const auto* domains = std::get_if<model::DomainNamesPeer>(&peer))
      for (auto& names : portions(domains->names)) cut.emplace_back(model::DomainNamesPeer{names});
    else
      cut.push_back(peer);
  }
  return cut;
}

std::vector<model::ClusterRule> short_rules(const std::vector<model::ClusterRule>& rules) {
  std::vector<model::ClusterRule> cut;
  for (const model::ClusterRule& rule : rules)
    for (auto& peers : portions(short_peers(rule.peers)))
      for (auto& protocols : portions(rule.protocols.all())) {
        model::ClusterRule part = rule;
        part.peers = peers;
        part.protocols = protocols;
        cut.push_back(std::move(part));
      }
  return cut;
}

// "-01", so that names stand in the order of the parts.
std::string number_text(size_t number, size_t width) {
  std::string text = std::to_string(number);
  return "-" + std::string(width > text.size() ? width - text.size() : 0, '0') + text;
}

// A name of at most this length, which ends as one may.
std::string cut_name(const std::string& name, size_t length) {
  std::string text = name.substr(0, length);
  while (text.size() < name.size() && (text.ends_with('.') || text.ends_with('-'))) text.pop_back();
  return text;
}

// The same for the same name, and for no other that differs later: one that is too long ends in its UUID (RFC 9562 5.5,
// of 122 bits of its SHA-1).
std::string shorten(const std::string& name) {
  constexpr size_t kLongest = kLongestName - kRoomForANumber, kLongestUuid = 36;
  if (name.size() <= kLongest) return name;
  const boost::uuids::name_generator_sha1 named(boost::uuids::ns::dns());
  return cut_name(name, kLongest - kLongestUuid - 1) + "-" + boost::uuids::to_string(named(name));
}

}  // namespace

std::string Output::numbered(const std::string& name, const std::string& number) const {
  std::string text = form_.kept_names ? shorten(name) : cut_name(name, kLongestName - kRoomForANumber);
  return text.insert(form_.kept_names ? std::min(text.find('.'), text.size()) : text.size(), number);
}

std::string Output::free_name(model::Kind kind, const std::string& ns, const std::string& wanted) {
  // What is numbered already is short enough.
  std::string name =
      form_.kept_names && wanted.size() > kLongestName ? shorten(wanted) : cut_name(wanted, kLongestName);
  for (size_t number = 2; !taken_.insert({kind, {ns, name}}).second; ++number)
    name = numbered(wanted, number_text(number, 1));
  return name;
}

void Output::add(model::NetworkPolicy policy) {
  policy.name.name = free_name(model::Kind::kNetworkPolicy, policy.name.ns, policy.name.name);
  conversion_.objects.emplace_back(std::move(policy));
}

void Output::add(const model::ClusterNetworkPolicy& policy) {
  const auto ingress = portions(short_rules(policy.ingress)), egress = portions(short_rules(policy.egress));
  const size_t parts = std::max(ingress.size(), egress.size());
  for (size_t i = 0; i < parts; ++i) {
    model::ClusterNetworkPolicy part = policy;
    const std::string wanted =
        parts == 1 ? policy.name.name
                   : numbered(policy.name.name, number_text(i, std::to_string(parts - 1).size()));
    part.name.name = free_name(model::Kind::kClusterNetworkPolicy, "", wanted);
    part.ingress = i < ingress.size() ? ingress[i] : std::vector<model::ClusterRule>();
    part.egress = i < egress.size() ? egress[i] : std::vector<model::ClusterRule>();
    conversion_.objects.emplace_back(std::move(part));
  }
}

void Output::note(const std::string& object, const source::decode::Decoding& decoding) {
  const auto text = [&](const source::decode::Decoding::Remark& remark) {
    return base::one_line(object + ": " + (remark.field.empty() ? "" : remark.field + ": ") + remark.message);
  };
  if (decoding.fault()) problem(text(*decoding.fault()));
  for (const auto& warning : decoding.warnings()) remark(text(warning));
}

Conversion Output::conversion() && {
  std::stable_sort(conversion_.objects.begin(), conversion_.objects.end(),
                   [](const model::Object& one, const model::Object& other) {
                     return model::id_of(one) < model::id_of(other);
                   });
  return std::move(conversion_);
}

}  // namespace sluice::convert
