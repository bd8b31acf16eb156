// policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy (semantics 48 to 66). Strict: see decode.h.
#include <algorithm>
#include <set>

#include "agent/base/excerpt.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"

namespace sluice::source::decode {

// Semantics 73.
std::string decode_domain_name(const Field& field) {
  std::string name = field.required_text();
  std::transform(name.begin(), name.end(), name.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  if (name.ends_with('.')) name.pop_back();
  std::string_view plain = name;
  if (plain.starts_with("*.")) plain.remove_prefix(2);
  std::string letters(plain);  // an underscore may stand where a letter may
  std::replace(letters.begin(), letters.end(), '_', 'a');
  if (!dns_subdomain_fault(letters).empty() || letters.find('.') == letters.npos)
    field.fail(base::excerpt(name) + " is no domain name: write one of two labels or more, or *. before one");
  return name;
}

namespace {

using model::Action;
using model::ClusterPeer;
using model::ClusterProtocol;
using model::ClusterRule;
using model::Tier;

// What the API server refuses, and what is held all the same changes no meaning (semantics 63).
constexpr size_t kMostEntries = 25, kLongestRuleName = 100;
constexpr int64_t kGreatestPriority = 1000;

model::PodsPeer decode_pods(const Field& field) {
  field.allow_only({"namespaceSelector", "podSelector"});
  const Field pods = field.get("podSelector");
  if (pods.absent()) pods.fail("is missing: write {} for every pod");
  return {decode_selector(field.get("namespaceSelector")), decode_selector(pods)};
}

// `namespaces` or `pods`.
model::PodsPeer decode_pods_of(const Field& field, std::string_view form) {
  return form == "namespaces" ? model::PodsPeer{decode_selector(field.get(form)), {}}
                              : decode_pods(field.get(form));
}

// A list that is there has entries.
void require_entries(const Field& list, std::string_view mend = "write an entry, or leave the field out") {
  if (list.tree().type() == TreeType::kSequence && list.tree().size() == 0)
    list.fail("is empty: " + std::string(mend));
}

// Of decode_cidr and its like; sorted, each once.
template <typename Value>
std::vector<Value> decode_set(const Field& list, Value (*decode)(const Field&)) {
  std::vector<Value> values;
  require_entries(list, "write an entry");
  list.each([&](const Field& item) { values.push_back(decode(item)); });
  make_set(values);
  return values;
}

ClusterPeer decode_egress_peer(const Field& field, bool may_name_domains) {
  const std::string_view form =
      the_one_field(field, "peer", {"namespaces", "pods", "nodes", "networks", "domainNames"});
  if (form == "nodes") return model::NodesPeer{decode_selector(field.get(form))};
  if (form == "networks") return model::NetworksPeer{decode_set(field.get(form), decode_cidr)};
  if (form != "domainNames") return form.empty() ? model::PodsPeer() : decode_pods_of(field, form);
  const Field names = field.get(form);
  if (!may_name_domains)
    names.fail("can stand in Accept rules of tier Admin only: write networks, or move the rule");
  return model::DomainNamesPeer{decode_set(names, decode_domain_name)};
}

ClusterPeer decode_ingress_peer(const Field& field) {
  const std::string_view form = the_one_field(field, "peer", {"namespaces", "pods"});
  return form.empty() ? model::PodsPeer() : decode_pods_of(field, form);
}

net::PortRange decode_destination_port(const Field& field) {
  const std::string_view form = the_one_field(field, "port", {"number", "range"});
  if (form == "number") return net::PortRange::one(decode_port(field.get(form)));
  if (form.empty()) return net::PortRange::all();
  const Field range = field.get(form), start = range.get("start"), end = range.get("end");
  range.allow_only({"start", "end"});
  const net::PortRange ports{decode_port(start), decode_port(end)};
  if (ports.last <= ports.first)
    end.fail(std::to_string(ports.last.host()) + " is not greater than start " +
             std::to_string(ports.first.host()) + ": write number for one port");
  return ports;
}

ClusterProtocol decode_cluster_protocol(const Field& field) {
  static constexpr std::pair<std::string_view, net::Protocol> kProtocols[] = {
      {"tcp", net::kTcp}, {"udp", net::kUdp}, {"sctp", net::kSctp}};
  const std::string_view form =
      the_one_field(field, "protocol", {"tcp", "udp", "sctp", "destinationNamedPort"});
  if (form == "destinationNamedPort") {
    const Field name = field.get(form);
    model::NamedPort named{name.required_text()};
    name.check(named.name, port_name_fault(named.name));
    return named;
  }
  model::ProtocolPorts entry;
  for (const auto& [name, protocol] : kProtocols)
    if (name == form) entry.protocol = protocol;
  if (form.empty()) return entry;
  const Field protocol = field.get(form), port = protocol.get("destinationPort");
  protocol.allow_only({"destinationPort"});
  if (!port.absent()) entry.ports = decode_destination_port(port);
  return entry;
}

std::optional<Action> decode_action(const Field& field) {
  if (field.absent()) field.fail("is missing: write Accept, Deny or Pass");
  const std::string text = field.required_text();
  for (Action action : {Action::kAccept, Action::kDeny, Action::kPass})
    if (text == model::to_text(action)) return action;
  field.fail(base::excerpt(text) + " is not an action: use Accept, Deny or Pass");
  return std::nullopt;
}

struct Surroundings {
  model::Direction direction;
  Tier tier;
  bool closes = false;  // something around the rules cannot be read (semantics 64)
};

void decode_body(const Field& field, const Surroundings& around, ClusterRule& rule) {
  const bool ingress = around.direction == model::Direction::kIngress;
  field.allow_only({"name", "action", ingress ? "from" : "to", "protocols"});
  rule.name = base::one_line(field.get("name").text());  // any text, which answers and records name
  const Field peers = field.get(ingress ? "from" : "to"), protocols = field.get("protocols");
  if (peers.absent()) peers.fail("is missing: write who the rule is about");
  require_entries(peers, "write who the rule is about");
  const bool may_name_domains = around.tier == Tier::kAdmin && rule.action == Action::kAccept;
  peers.each([&](const Field& peer) {
    rule.peers.push_back(ingress ? decode_ingress_peer(peer) : decode_egress_peer(peer, may_name_domains));
  });
  require_entries(protocols);
  protocols.each([&](const Field& entry) { rule.protocols.push_back(decode_cluster_protocol(entry)); });
}

ClusterRule closed(std::optional<Action> action) {
  ClusterRule rule;
  rule.action = action == Action::kAccept ? Action::kAccept : Action::kDeny;
  rule.closed = true;
  return rule;
}

ClusterRule decode_rule(const Field& field, const Surroundings& around) {
  std::optional<Action> action;
  const bool acts = field.reads_well([&](const Field& part) { action = decode_action(part.get("action")); });
  ClusterRule rule;
  if (action) rule.action = *action;
  const bool reads = field.reads_well([&](const Field& part) { decode_body(part, around, rule); });
  return acts && reads && !around.closes ? rule : closed(action);
}

std::vector<ClusterRule> decode_rules(const Field& field, const Surroundings& around) {
  std::vector<ClusterRule> rules;
  field.each_even_null([&](const Field& item) { rules.push_back(decode_rule(item, around)); });
  // What is no list may hold any rule.
  if (!field.absent() && field.tree().type() != TreeType::kSequence) rules.push_back(closed(std::nullopt));
  return rules;
}

// ---- what changes no meaning (semantics 61) ----

void check_count(const Field& list) {
  if (list.tree().type() == TreeType::kSequence && list.tree().size() > kMostEntries)
    list.fail("has " + std::to_string(list.tree().size()) + " entries: at most " +
              std::to_string(kMostEntries) + " may be, write a further rule or policy");
}

void check_each_once(const Field& list) {
  check_count(list);
  std::set<std::string_view> seen;
  for (Tree item : list.tree())
    if (!seen.insert(item.text()).second)
      list.fail(base::excerpt(item.text()) + " stands twice: leave one out");
}

void check_limits_of_rule(const Field& rule, std::string_view peers_key) {
  if (rule.get("name").text().size() > kLongestRuleName)
    rule.get("name").fail("is longer than " + std::to_string(kLongestRuleName) + " characters: shorten it");
  check_count(rule.get(peers_key));
  check_count(rule.get("protocols"));
  rule.get(peers_key).each([](const Field& peer) {
    check_each_once(peer.get("networks"));
    check_each_once(peer.get("domainNames"));
  });
  rule.get("protocols").each([](const Field& entry) {
    for (std::string_view protocol : {"tcp", "udp", "sctp"})
      if (const Field ports = entry.get(protocol); !ports.absent() && ports.get("destinationPort").absent())
        ports.get("destinationPort")
            .fail("is missing: write number, or range with start 1 and end 65535 for all");
  });
}

void check_limits(const Field& spec) {
  for (const auto& [rules_key, peers_key] : {std::pair("ingress", "from"), std::pair("egress", "to")}) {
    const Field rules = spec.get(rules_key);
    check_count(rules);
    rules.each([&, peers_key = peers_key](const Field& rule) { check_limits_of_rule(rule, peers_key); });
  }
  if (const auto priority = spec.get("priority").integer(); priority && *priority > kGreatestPriority)
    spec.get("priority").fail(std::to_string(*priority) + " is out of range: write 0 to 1000");
}

// ---- the whole ----

void decode_tier(const Field& field, Tier& tier) {
  if (field.absent()) field.fail("is missing: write Admin or Baseline");
  const std::string text = field.required_text();
  for (Tier known : model::kTiers)
    if (text == model::to_text(known)) {
      tier = known;
      return;
    }
  field.fail(base::excerpt(text) + " is not a tier: use Admin or Baseline");
}

void decode_priority(const Field& field, uint32_t& priority) {
  if (field.absent()) return field.fail("is missing: write 0 to 1000, 0 comes first");
  const auto number = field.integer();
  if (!number) return;
  if (*number < 0 || *number > UINT32_MAX)
    return field.fail(std::to_string(*number) + " is out of range: write 0 to 1000");
  priority = static_cast<uint32_t>(*number);
}

void decode_subject(const Field& field, model::PodsPeer& subject) {
  if (field.absent()) return field.fail("is missing: write namespaces or pods, {} for all");
  const std::string_view form = the_one_field(field, "subject", {"namespaces", "pods"});
  if (!form.empty()) subject = decode_pods_of(field, form);
}

std::string in_force(const model::ClusterNetworkPolicy& policy) {
  size_t all = 0, closed = 0;
  for (model::Direction direction : model::kDirections)
    for (const ClusterRule& rule : policy.rules(direction)) {
      ++all;
      closed += rule.closed;
    }
  if (closed == 0) return "meanwhile it is in force as it is written";
  return "meanwhile " + std::to_string(closed) + " of its " + std::to_string(all) +
         " rules close: Accept accepts nothing, anything else denies everything";
}

}  // namespace

std::optional<ClosedPolicy> decode_cluster_policy(const Field& root, model::ObjectName name) {
  model::ClusterNetworkPolicy policy;
  policy.name = std::move(name);
  policy.active = decode_active(root.get("metadata"));
  warn_of_audit(root.get("metadata"));
  const Field spec = root.get("spec");
  // A field that is not known might say anything of those that are.
  bool closes = !root.reads_well([](const Field& part) {
    allow_only_policy_fields(part, {"tier", "priority", "subject", "ingress", "egress"});
  });
  const bool selects =
      spec.reads_well([&](const Field& part) { decode_subject(part.get("subject"), policy.subject); });
  if (!spec.reads_well([&](const Field& part) { decode_tier(part.get("tier"), policy.tier); })) {
    policy.tier = Tier::kAdmin;
    closes = true;
  }
  if (!spec.reads_well([&](const Field& part) { decode_priority(part.get("priority"), policy.priority); })) {
    policy.priority = 0;
    closes = true;
  }
  policy.ingress = decode_rules(spec.get("ingress"), {model::Direction::kIngress, policy.tier, closes});
  policy.egress = decode_rules(spec.get("egress"), {model::Direction::kEgress, policy.tier, closes});
  spec.reads_well(check_limits);
  if (!selects) return std::nullopt;
  std::string meanwhile = in_force(policy);
  return ClosedPolicy{std::move(policy), std::move(meanwhile)};
}

ClosedPolicy without_rules(const model::ClusterNetworkPolicy& policy) {
  model::ClusterNetworkPolicy closes = policy;
  for (auto* rules : {&closes.ingress, &closes.egress})
    for (ClusterRule& rule : *rules) rule = closed(rule.action);
  return {closes, in_force(closes)};
}

}  // namespace sluice::source::decode
