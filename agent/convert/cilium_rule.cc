// Whom a rule of Cilium matches.
#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/convert/cilium.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using model::Direction;

class RuleReader {
 public:
  RuleReader(const Scope& scope, const Field& rule, Direction direction, bool allow)
      : scope_(scope), rule_(rule), direction_(direction), allow_(allow) {}

  CiliumPeers peers() {
    read_endpoints(member("Endpoints"));
    read_cidrs(member("CIDR"), member("CIDRSet"));
    read_entities(member("Entities"));
    for (const char* name : {"Nodes", "Groups"})
      if (const Field field = member(name); is_there(field))
        scope_.lose(field,
                    std::string(name == std::string_view("Nodes") ? "nodes by their labels"
                                                                  : "groups of a cloud's provider") +
                        " cannot be said",
                    allow_);
    if (const Field field = member("Requires"); is_there(field))
      scope_.lose(field, "it narrows what other rules allow", false);
    if (direction_ == Direction::kEgress) {
      read_names(member("FQDNs"));
      if (const Field field = member("Services"); is_there(field))
        scope_.lose(field, "a Service's pods cannot be named by it: write their labels in toEndpoints",
                    allow_);
    }
    if (members_ > 1) rule_.fail("names peers in more than one way, which Cilium refuses: write a rule each");
    // A rule of ports alone is of everyone; one with neither matches nobody, and only isolates.
    peers_.everyone |= members_ == 0 && (is_there(rule_.get("toPorts")) || is_there(rule_.get("icmps")));
    return peers_;
  }

 private:
  static bool is_there(const Field& field) {
    return field.tree().type() == decode::TreeType::kSequence && field.tree().size() > 0;
  }

  Field member(std::string_view name) {
    Field field = rule_.get((direction_ == Direction::kIngress ? "from" : "to") + std::string(name));
    // A list without an entry matches nobody.
    if (!field.absent() && name != "Requires") counted_.push_back(field.path());
    std::sort(counted_.begin(), counted_.end());
    counted_.erase(std::unique(counted_.begin(), counted_.end()), counted_.end());
    members_ = counted_.size();
    return field;
  }

  void read_endpoints(const Field& list) {
    list.each([&](const Field& item) {
      if (auto pods = read_endpoint_selector(scope_, item, false, allow_))
        peers_.pods.push_back(std::move(*pods));
    });
  }

  net::Cidr read_prefix(const Field& field) {
    const std::string text = field.required_text();
    if (const auto ip = net::Ip::parse(text)) return net::Cidr::host(*ip);
    return decode::decode_cidr(field);
  }

  void read_cidrs(const Field& plain, const Field& sets) {
    plain.each([&](const Field& item) { peers_.outside.push_back({read_prefix(item), {}}); });
    sets.each([&](const Field& item) {
      item.allow_only({"cidr", "except", "cidrGroupRef", "cidrGroupSelector"});
      if (item.get("cidr").absent())
        return scope_.lose(item, "a CiliumCIDRGroup is not read: write its prefixes", allow_);
      model::IpBlock block{decode::decode_cidr(item.get("cidr")), {}};
      item.get("except").each([&](const Field& hole) {
        block.except.push_back(decode::decode_cidr(hole));
        if (!block.cidr.contains(block.except.back())) hole.fail("is no part of " + block.cidr.to_text());
      });
      decode::make_set(block.except);
      if (std::find(block.except.begin(), block.except.end(), block.cidr) == block.except.end())
        peers_.outside.push_back(std::move(block));
    });
  }

  void add_world(net::Family family) { peers_.outside.push_back({net::Cidr::everything(family), {}}); }

  void read_entity(const Field& field) {
    const std::string entity = field.required_text();
    const bool cluster = entity == "cluster";
    if (entity == "all") peers_.everyone = true;
    if (entity == "world" || entity == "world-ipv4") add_world(net::Family::kIpv4);
    if (entity == "world" || entity == "world-ipv6") add_world(net::Family::kIpv6);
    if (cluster) peers_.pods.emplace_back();
    if (cluster || entity == "remote-node") peers_.nodes = true;
    if (cluster || entity == "host") peers_.own_node = true;
    if (entity == "kube-apiserver" || entity == "ingress")
      scope_.lose(field, base::excerpt(entity) + " has no address that is known: name it by a prefix",
                  allow_);
    // health, init, unmanaged, none: endpoints that only Cilium has.
    static constexpr std::string_view kKnown[] = {
        "all",     "world",  "world-ipv4", "world-ipv6", "cluster", "remote-node", "host", "kube-apiserver",
        "ingress", "health", "init",       "unmanaged",  "none"};
    if (std::find(std::begin(kKnown), std::end(kKnown), entity) == std::end(kKnown))
      field.fail(base::excerpt(entity) + " is no entity of Cilium");
  }

  void read_entities(const Field& list) {
    list.each([&](const Field& item) { read_entity(item); });
  }

  void read_names(const Field& list) {
    list.each([&](const Field& item) {
      item.allow_only({"matchName", "matchPattern"});
      const Field name = item.get("matchName"), pattern = item.get("matchPattern");
      const Field given = name.absent() ? pattern : name;
      std::string text = given.required_text();
      // "**." is Cilium's word for what "*." is here; its "*" stands for one label or a part of one.
      const bool deep = name.absent() && text.starts_with("**.");
      if (deep) text.erase(0, 1);
      if (text.find('*') != text.npos && (!deep || text.find('*', 1) != text.npos))
        return scope_.lose(
            given, "a * that is not \"**.\" before a name matches fewer names than can be said", allow_);
      decode::Decoding alone;
      const std::string read = decode::decode_domain_name(Field(alone, given.tree(), given.path()));
      if (!deep && alone.fault()) return scope_.lose(given, "it is no name of two labels or more", allow_);
      peers_.names.push_back(deep ? lower(text) : read);
    });
  }

  static std::string lower(std::string text) {
    for (char& c : text)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (text.ends_with('.')) text.pop_back();
    return text;
  }

  const Scope& scope_;
  const Field& rule_;
  const Direction direction_;
  const bool allow_;
  CiliumPeers peers_;
  std::vector<std::string> counted_;
  size_t members_ = 0;
};

void allow_only_rule_fields(const Field& field, Direction direction) {
  if (direction == Direction::kIngress)
    field.allow_only({"fromEndpoints", "fromRequires", "fromCIDR", "fromCIDRSet", "fromEntities",
                      "fromGroups", "fromNodes", "toPorts", "icmps", "authentication"});
  else
    field.allow_only({"toEndpoints", "toRequires", "toCIDR", "toCIDRSet", "toEntities", "toServices",
                      "toFQDNs", "toGroups", "toNodes", "toPorts", "icmps", "authentication"});
}

}  // namespace

CiliumRule read_cilium_rule(const Scope& scope, const Field& field, Direction direction, bool allow) {
  allow_only_rule_fields(field, direction);
  CiliumRule rule;
  rule.peers = RuleReader(scope, field, direction, allow).peers();
  rule.ports = read_cilium_ports(scope, field, allow);
  const Field mode = field.get("authentication").get("mode");
  if (!mode.absent() && mode.text() != "disabled") {
    scope.lose(mode, "connections cannot be authenticated", allow);
    if (allow) rule.ports = {};
  }
  return rule;
}

}  // namespace sluice::convert
