// Rules of Calico's policies. What cannot be said of a rule that allows is left out; a rule that denies is widened, and one
// that passes becomes one that denies.
#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/convert/calico.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using model::Direction;

const net::PortRange kEveryPort{net::Port::from_host(1), net::Port::from_host(65535)};

class CalicoRuleReader {
 public:
  CalicoRuleReader(const CalicoScope& scope, const Field& rule, Direction direction)
      : scope_(scope), rule_(rule), direction_(direction) {}

  // None: it is only logged.
  std::optional<CalicoRule> read() {
    rule_.allow_only({"action", "ipVersion", "protocol", "icmp", "notProtocol", "notICMP", "source",
                      "destination", "http", "metadata"});
    const Field action = rule_.get("action");
    const std::string text = action.required_text();
    made_.path = rule_.path();
    if (text == "Log") return std::nullopt;
    made_.action = text == "Deny"   ? CalicoAction::kDeny
                   : text == "Pass" ? CalicoAction::kPass
                                    : CalicoAction::kAllow;
    if (text != "Allow" && text != "Deny" && text != "Pass")
      action.fail(base::excerpt(text) + " is not an action: use Allow, Deny, Log or Pass");
    const bool ingress = direction_ == Direction::kIngress;
    const Field peer = rule_.get(ingress ? "source" : "destination"),
                self = rule_.get(ingress ? "destination" : "source");
    for (const Field& side : {peer, self})
      side.allow_only({"nets", "notNets", "selector", "notSelector", "namespaceSelector", "ports", "notPorts",
                       "services", "serviceAccounts"});
    read_peers(peer);
    read_protocol(ingress ? self : peer);
    refuse(rule_, {"icmp", "notICMP", "http"}, "only addresses, protocols and ports can be said");
    refuse(ingress ? peer : self, {"ports", "notPorts"},
           "the port that a connection comes from cannot be said");
    refuse(self,
           {"nets", "notNets", "selector", "notSelector", "namespaceSelector", "serviceAccounts", "services"},
           "the pod's own end is said by the policy's selector");
    return made_;
  }

 private:
  static bool says(const Field& field) {
    return field.tree().type() == decode::TreeType::kSequence ? field.tree().size() > 0
           : field.tree().type() == decode::TreeType::kScalar ? !field.tree().text().empty()
                                                              : !field.absent();
  }

  // What is asked beside all else: without it a rule would match more.
  void refuse(const Field& field, std::initializer_list<std::string_view> names, std::string_view what) {
    for (const std::string_view name : names)
      if (const Field one = field.get(name); says(one)) {
        lose(one, what);
        if (made_.action == CalicoAction::kAllow) made_.peers = {};
      }
  }

  void lose(const Field& field, std::string_view what) {
    const bool allow = made_.action == CalicoAction::kAllow;
    scope_.output.lose(
        {scope_.called, field.path(), std::string(what),
         allow ? "the rule is left out, which allows less" : "without it more is denied, which allows less"});
    if (made_.action == CalicoAction::kPass) made_.action = CalicoAction::kDeny;
  }

  std::vector<net::Cidr> read_nets(const Field& list) {
    std::vector<net::Cidr> cidrs;
    list.each([&](const Field& item) {
      const auto ip = net::Ip::parse(item.text());
      cidrs.push_back(ip ? net::Cidr::host(*ip) : decode::decode_cidr(item));
    });
    return cidrs;
  }

  // 4, 6 or 0: both.
  int64_t ip_version() {
    const Field field = rule_.get("ipVersion");
    const int64_t version = field.integer().value_or(0);
    if (!field.absent() && version != 4 && version != 6) field.fail("is neither 4 nor 6");
    return version;
  }

  void read_peers(const Field& peer) {
    const Field nets = peer.get("nets"), not_nets = peer.get("notNets"), selector = peer.get("selector"),
                namespaces = peer.get("namespaceSelector");
    const bool selects = says(selector) || says(namespaces);
    made_.peers.everyone = true;
    if (selects)
      read_selected(selector, namespaces);
    else if (says(nets) || says(not_nets) || ip_version() != 0)
      read_addresses(nets, not_nets);
    if (selects && (says(nets) || says(not_nets)))
      narrow(says(nets) ? nets : not_nets, "pods cannot be told by addresses as well");
    if (selects && ip_version() != 0)
      narrow(rule_.get("ipVersion"), "pods cannot be told by the family of their address");
    refuse(peer, {"notSelector"}, "everything but some pods cannot be said: write a rule for those before");
    refuse(peer, {"services"}, "a Service's pods cannot be named by it: write their labels in selector");
    refuse(peer, {"serviceAccounts"}, "pods cannot be selected by their service account");
    if (made_.action == CalicoAction::kDeny && widened_) made_.peers = {true, {}, {}};
  }

  void narrow(const Field& field, std::string_view what) {
    lose(field, what);
    if (made_.action == CalicoAction::kAllow) made_.peers = {};
  }

  void read_addresses(const Field& nets, const Field& not_nets) {
    std::vector<net::Cidr> all = read_nets(nets);
    const std::vector<net::Cidr> holes = read_nets(not_nets);
    if (!says(nets))
      all = {net::Cidr::everything(net::Family::kIpv4), net::Cidr::everything(net::Family::kIpv6)};
    made_.peers = {};
    for (const net::Cidr& cidr : all)
      if (ip_version() == 0 || (ip_version() == 4) == (cidr.family() == net::Family::kIpv4))
        for (const net::Cidr& left : without(cidr, holes)) made_.peers.cidrs.push_back(left);
    decode::make_set(made_.peers.cidrs);
  }

  void read_selected(const Field& selector, const Field& namespaces) {
    const CalicoSelector pods = selector.value_of(parse_selector(selector.text()));
    const CalicoSelector in = namespaces.value_of(parse_selector(namespaces.text()));
    CalicoPods read = read_calico_pods(selector, namespaces, scope_.ns);
    if (!read.why_not.empty()) {
      widened_ = true;
      return narrow(selector, read.why_not);
    }
    made_.peers = {false, std::move(read.any_of), {}};
    for (const CalicoSet& set : scope_.sets)
      if (reaches(set, in, says(namespaces)) && matches_any(pods, set.labels))
        made_.peers.cidrs.insert(made_.peers.cidrs.end(), set.cidrs.begin(), set.cidrs.end());
    decode::make_set(made_.peers.cidrs);
  }

  static bool matches_any(const CalicoSelector& selector, const model::Labels& labels) {
    return std::any_of(selector.any_of.begin(), selector.any_of.end(),
                       [&](const model::LabelSelector& one) { return model::matches(one, labels); });
  }

  // May a selector match the set? It is of a namespace, or of none.
  bool reaches(const CalicoSet& set, const CalicoSelector& in, bool says_where) const {
    if (!says_where) return scope_.ns.empty() || set.ns == scope_.ns;
    if (set.ns.empty() || in.global) return set.ns.empty() && in.global;
    model::Labels labels = scope_.objects.namespace_labels(set.ns);
    labels["projectcalico.org/name"] = set.ns;
    return matches_any(in, labels);
  }

  // The protocol that has ports; none, after a loss, where it is another.
  std::optional<net::Protocol> read_name(const Field& field) {
    const std::string text(field.tree().text());
    for (const net::Protocol protocol : net::kPortProtocols)
      if (text == protocol.to_text() || text == std::to_string(protocol.number())) return protocol;
    return std::nullopt;
  }

  void read_protocol(const Field& destination) {
    const Field is = rule_.get("protocol"), is_not = rule_.get("notProtocol"),
                ports = destination.get("ports"), not_ports = destination.get("notPorts");
    if (!is_not.absent()) refuse(rule_, {"notProtocol"}, "all protocols but one cannot be said");
    if (is.absent()) {
      if (says(ports) || says(not_ports))
        (says(ports) ? ports : not_ports).fail("needs protocol: write TCP, UDP or SCTP");
      return;
    }
    const auto protocol = read_name(is);
    if (!protocol) return refuse(rule_, {"protocol"}, "a protocol without ports cannot be told from others");
    made_.all_ports = false;
    made_.ports.clear();
    if (says(ports))
      ports.each([&](const Field& item) { made_.ports.push_back({*protocol, read_calico_port(item)}); });
    else
      made_.ports = {{*protocol, kEveryPort}};
    cut_ports(not_ports);
    decode::make_set(made_.ports);
  }

  std::variant<std::monostate, net::PortRange, std::string> read_calico_port(const Field& field) {
    const std::string text(field.tree().text());
    const size_t colon = text.find(':');
    const auto number = [&](const std::string& digits) -> std::optional<int> {
      if (digits.empty() || digits.size() > 5 ||
          !std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
      return std::stoi(digits);
    };
    const auto first = number(text.substr(0, colon)),
               last = colon == text.npos ? first : number(text.substr(colon + 1));
    if (!first || !last) {
      if (colon != text.npos || !source::decode::port_name_fault(text).empty())
        field.fail(base::excerpt(text) + " is no port: write a number, a range FIRST:LAST or a name");
      return text;
    }
    if (*last < *first || *last > 65535) field.fail(base::excerpt(text) + " is no range of ports");
    const int least = std::max(*first, 1);  // 0 is nobody's
    return net::PortRange{net::Port::from_host(static_cast<uint16_t>(least)),
                          net::Port::from_host(static_cast<uint16_t>(std::max(least, *last)))};
  }

  void cut_ports(const Field& not_ports) {
    not_ports.each([&](const Field& item) {
      const auto hole = read_calico_port(item);
      const auto* range = std::get_if<net::PortRange>(&hole);
      if (range == nullptr) return narrow(item, "all ports but one that has a name cannot be said");
      std::vector<model::PolicyPort> left;
      for (const model::PolicyPort& port : made_.ports) cut_port(port, *range, item, left);
      made_.ports = std::move(left);
    });
  }

  void cut_port(const model::PolicyPort& port, const net::PortRange& hole, const Field& field,
                std::vector<model::PolicyPort>& left) {
    const auto* range = std::get_if<net::PortRange>(&port.port);
    if (range == nullptr) {
      if (made_.action == CalicoAction::kAllow)
        return narrow(field, "a port's name cannot be told from its number");
      return left.push_back(port);
    }
    const int first = range->first.host(), last = range->last.host();
    const auto add = [&](int from, int to) {
      if (from <= to)
        left.push_back({port.protocol, net::PortRange{net::Port::from_host(static_cast<uint16_t>(from)),
                                                      net::Port::from_host(static_cast<uint16_t>(to))}});
    };
    if (last < hole.first.host() || first > hole.last.host()) return left.push_back(port);
    add(first, hole.first.host() - 1);
    add(hole.last.host() + 1, last);
  }

  const CalicoScope& scope_;
  const Field& rule_;
  const Direction direction_;
  CalicoRule made_;
  bool widened_ = false;
};

}  // namespace

std::vector<CalicoRule> read_calico_rules(const CalicoScope& scope, const Field& list, Direction direction) {
  std::vector<CalicoRule> rules;
  list.each([&](const Field& item) {
    if (auto rule = CalicoRuleReader(scope, item, direction).read(); rule && !rule->is_of_none())
      rules.push_back(std::move(*rule));
  });
  return rules;
}

}  // namespace sluice::convert
