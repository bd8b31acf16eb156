// The printed form of images and differences: one line an entry, tables in the order of Image, entries
// sorted.
#include <map>

#include "agent/image/image.h"

namespace sluice::image {
namespace {

std::string id_or_dash(uint64_t value) {
  return value == 0 ? "-" : hex(value);
}

std::string side_text(const char* direction, const Side& side) {
  if (!side.ruleset) return std::string(" ") + direction + " open";
  return std::string(" ") + direction + " ruleset " + side.ruleset.to_text() + " default " +
         to_text(side.default_ref) + (side.whole ? " whole" : "");
}

std::string line(const net::Ip& ip, const Address& address) {
  return "address " + ip.to_text() + " identity " + id_or_dash(address.identity.value) +
         (address.node ? " node" : "") + (address.service ? " service" : "");
}

std::string line(const net::Cidr& cidr, const IdentityId& identity) {
  return "prefix " + cidr.to_text() + " identity " + id_or_dash(identity.value);
}

std::string line(const SourceKey& key, sluice_source_value value) {
  return "source " + key.endpoint.to_text() + " " + key.prefix.to_text() +
         (value == SLUICE_SOURCE_ALLOWED ? " allowed" : " foreign");
}

std::string line(const ServiceKey& key, const IdentityId& identity) {
  std::string where =
      key.node_port ? "node-port " + std::string(net::to_text(key.address.family())) : key.address.to_text();
  return "service " + where + " " + key.protocol.to_text() + " " + std::to_string(key.port.host()) +
         " identity " + identity.to_text();
}

std::string line(NameSlot slot, const NameClassId& name_class) {
  return "name " + std::to_string(slot) + " class " + name_class.to_text();
}

std::string line(const RuleKey& key, const Ref& ref) {
  return "rule " + key.ruleset.to_text() + " identity " + key.identity.to_text() + " " + to_text(ref);
}

std::string line(const PortsetId& id, const Portset& portset) {
  return "portset " + id.to_text() + " " + to_text(portset);
}

std::string line(const EndpointId& id, const Endpoint& endpoint) {
  std::string text = "endpoint " + id.to_text() + " " + endpoint.name;
  if (endpoint.ipv4) text += " " + endpoint.ipv4->to_text();
  if (endpoint.ipv6) text += " " + endpoint.ipv6->to_text();
  if (endpoint.ifindex != 0) text += " interface " + std::to_string(endpoint.ifindex);
  if (endpoint.names) text += " names";
  text += side_text("ingress", endpoint.sides[SLUICE_INGRESS]) +
          side_text("egress", endpoint.sides[SLUICE_EGRESS]);
  for (const auto& [direction, name] :
       {std::pair(SLUICE_INGRESS, "audited ingress"), {SLUICE_EGRESS, "audited egress"}})
    if (endpoint.audited[direction].ruleset) text += side_text(name, endpoint.audited[direction]);
  return text;
}

// Rules are printed by rule set, as people ask for them.
template <typename Value>
auto by_ruleset(const Sorted<RuleKey, Value>& rules) {
  std::map<std::pair<RulesetId, IdentityId>, Value> sorted;
  for (const auto& [key, value] : rules) sorted.emplace(std::pair(key.ruleset, key.identity), value);
  return sorted;
}

std::string line(const std::pair<RulesetId, IdentityId>& key, const Ref& ref) {
  return line(RuleKey{key.first, key.second}, ref);
}

template <typename Map>
std::string table_text(const Map& table) {
  std::string text;
  for (const auto& [key, value] : table) text += line(key, value) + "\n";
  return text;
}

// "+" added, "-" removed, "~" changed: what was, then what is.
template <typename Map>
std::string change_text(const Map& changes) {
  std::string text;
  for (const auto& [key, change] : changes) {
    if (change.before && change.after)
      text += "~ " + line(key, *change.before) + " -> " + line(key, *change.after) + "\n";
    else if (change.after)
      text += "+ " + line(key, *change.after) + "\n";
    else if (change.before)
      text += "- " + line(key, *change.before) + "\n";
  }
  return text;
}

}  // namespace

std::string to_text(const Ref& ref) {
  switch (ref.kind) {
    case Ref::Kind::kNone:
      return "none";
    case Ref::Kind::kAll:
      return "all";
    case Ref::Kind::kPorts:
      return "ports " + ref.portset.to_text();
    case Ref::Kind::kPartial:
      return "partial";
    case Ref::Kind::kSelfElsePartial:
      return "self " + ref.endpoint.to_text() + " else partial";
    case Ref::Kind::kSelfElseNone:
      return "self " + ref.endpoint.to_text() + " else none";
    case Ref::Kind::kNothing:
      return "nothing";
  }
  return "";
}

std::string to_text(const Portset& portset) {
  std::string text;
  for (size_t i = 0; i < portset.ranges.size(); ++i) {
    if (portset.ranges[i].empty()) continue;
    text += (text.empty() ? "" : " ") + net::kPortProtocols[i].to_text();
    char before = ' ';
    for (const net::PortRange& range : portset.ranges[i]) {
      text += before + std::to_string(range.first.host());
      if (range.first != range.last) text += "-" + std::to_string(range.last.host());
      before = ',';
    }
  }
  if (portset.others) text += text.empty() ? "others" : " others";
  return text.empty() ? "none" : text;
}

std::string to_text(const Image& image) {
  return table_text(image.addresses) + table_text(image.prefixes) + table_text(image.sources) +
         table_text(image.services) + table_text(image.names) + table_text(by_ruleset(image.rules)) +
         table_text(image.portsets) + table_text(image.endpoints);
}

std::string to_text(const Difference& difference) {
  return change_text(difference.addresses) + change_text(difference.prefixes) +
         change_text(difference.sources) + change_text(difference.services) + change_text(difference.names) +
         change_text(by_ruleset(difference.rules)) + change_text(difference.portsets) +
         change_text(difference.endpoints);
}

}  // namespace sluice::image
