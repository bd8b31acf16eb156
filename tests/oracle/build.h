// Worlds in a few lines, for tests: each function starts an object, each method adds one fact and returns it.
//
//   Cluster world = cluster(
//       node("n1", {"192.168.1.1"}),
//       pod("prod/web-1", "10.0.0.1").label("app", "web").port("http", 8080).on("n1"),
//       policy("prod/p").selects({{"app", "web"}}).ingress(rule().from(pods({{"app", "db"}})).tcp(80)));
//
// Laws: a builder *is* its model object, so it goes wherever one goes; lists that agent/model keeps sorted
// come out sorted. A text that is no address throws std::bad_variant_access: a slip in the test.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/model/probe.h"

namespace sluice::oracle::build {

using Texts = std::initializer_list<std::string_view>;

inline net::Ip ip(std::string_view text) {
  return net::Ip::parse(text).value();
}
inline net::Cidr cidr(std::string_view text) {
  return net::Cidr::parse(text).value();
}
inline net::Port number(uint16_t host) {
  return net::Port::from_host(host);
}

inline std::vector<net::Ip> ips(Texts texts) {
  std::vector<net::Ip> all;
  for (auto text : texts) all.push_back(ip(text));
  return all;
}

template <typename T>
void insert_sorted(std::vector<T>& list, T value) {
  auto at = std::lower_bound(list.begin(), list.end(), value);
  if (at == list.end() || *at != value) list.insert(at, std::move(value));
}

// "namespace/name", or "name" for cluster-scoped kinds.
inline model::ObjectName object_name(std::string_view text) {
  auto slash = text.find('/');
  if (slash == text.npos) return {"", std::string(text)};
  return {std::string(text.substr(0, slash)), std::string(text.substr(slash + 1))};
}

// ---- Selectors
// --------------------------------------------------------------------------------------------------

// Written {{"app", "web"}} (matchLabels), {} (everything), or with where(): labels().where("app", kNotIn,
// {"web"}).
struct Selector : model::LabelSelector {
  Selector() = default;
  Selector(std::initializer_list<model::Labels::value_type> match_labels) {
    for (const auto& [key, value] : match_labels)
      insert_sorted(requirements.edit(), {key, model::Operator::kIn, {value}});
  }
  Selector where(std::string key, model::Operator op, std::vector<std::string> values = {}) const {
    std::sort(values.begin(), values.end());
    Selector result = *this;
    insert_sorted(result.requirements.edit(), {std::move(key), op, std::move(values)});
    return result;
  }
};
inline Selector labels(Selector match_labels = {}) {
  return match_labels;
}

// ---- Cluster-scoped
// ---------------------------------------------------------------------------------------------

inline model::Node node(std::string_view name, Texts addresses = {}) {
  model::Node node{object_name(name), ips(addresses)};
  std::sort(node.addresses.begin(), node.addresses.end());
  return node;
}

inline model::Namespace ns(std::string_view name, model::Labels labels = {}) {
  labels[model::kNamespaceNameLabel] = name;
  return {object_name(name), std::move(labels)};
}

// ---- Pods
// -------------------------------------------------------------------------------------------------------

struct PodBuilder : model::Pod {
  PodBuilder& label(const std::string& key, std::string value) {
    return labels[key] = std::move(value), *this;
  }
  PodBuilder& port(std::string port_name, uint16_t port_number, net::Protocol protocol = net::kTcp) {
    return ports.push_back({std::move(port_name), protocol, number(port_number)}), *this;
  }
  PodBuilder& on(std::string node) { return node_name = std::move(node), *this; }
  PodBuilder& on_host_network() { return host_network = true, *this; }
  PodBuilder& in_phase(model::PodPhase p) { return phase = p, *this; }
  PodBuilder& not_ready() { return ready = false, *this; }
  PodBuilder& leaving() { return terminating = true, *this; }
  // The node's port `port_number` for the container port `target`; at `host_ip` where there is one.
  PodBuilder& host_port(uint16_t port_number, uint16_t target, const char* host_ip = nullptr,
                        net::Protocol protocol = net::kTcp) {
    model::HostPort entry{protocol, number(port_number), {}, number(target)};
    if (host_ip) entry.ip = ip(host_ip);
    return host_ports.push_back(entry), *this;
  }
  PodBuilder& sends_from(Texts prefixes) {
    for (auto text : prefixes) insert_sorted(source_prefixes, cidr(text));
    return *this;
  }
  PodBuilder& created_at(int64_t seconds) { return created = seconds, *this; }
};
// pod("prod/web-1", {"10.0.0.1", "fd00::1"}); without addresses it has none yet.
inline PodBuilder pod(std::string_view name, Texts addresses = {}) {
  PodBuilder pod;
  pod.name = object_name(name);
  pod.ips = ips(addresses);
  return pod;
}
inline PodBuilder pod(std::string_view name, const char* address) {
  return pod(name, Texts{address});
}

// ---- Services
// ---------------------------------------------------------------------------------------------------

struct ServiceBuilder : model::Service {
  ServiceBuilder& selects(model::Labels match) { return selector = std::move(match), *this; }
  // target: a number (0: the same as the port) or, as text, a container port's name.
  ServiceBuilder& port(uint16_t port_number, uint16_t target = 0, net::Protocol protocol = net::kTcp) {
    return named_port("", port_number, number(target ? target : port_number), protocol);
  }
  ServiceBuilder& port(uint16_t port_number, const char* target, net::Protocol protocol = net::kTcp) {
    return named_port("", port_number, std::string(target), protocol);
  }
  ServiceBuilder& named_port(std::string port_name, uint16_t port_number,
                             std::variant<net::Port, std::string> target,
                             net::Protocol protocol = net::kTcp) {
    ports.push_back({std::move(port_name), protocol, number(port_number), {}, std::move(target)});
    return *this;
  }
  // Of the port added last.
  ServiceBuilder& node_port(uint16_t port_number) {
    return ports.back().node_port = number(port_number), *this;
  }
  ServiceBuilder& is_headless() { return headless = true, *this; }
  ServiceBuilder& publishes_not_ready() { return publish_not_ready = true, *this; }
  // internalTrafficPolicy: Local; these of its addresses are the cluster IPs.
  ServiceBuilder& local_at(Texts cluster_ips) { return local_addresses = ips(cluster_ips), *this; }
};
// service("prod/web", {"10.96.0.1", "203.0.113.9"}): cluster, external and load-balancer IPs alike. It
// answers node ports on the families of these addresses.
inline ServiceBuilder service(std::string_view name, Texts addresses = {}) {
  ServiceBuilder service;
  service.name = object_name(name);
  for (const net::Ip& address : ips(addresses)) {
    insert_sorted(service.addresses, address);
    insert_sorted(service.families, address.family());
  }
  return service;
}
inline ServiceBuilder service(std::string_view name, const char* address) {
  return service(name, Texts{address});
}

struct SliceBuilder : model::EndpointSlice {
  SliceBuilder& port(uint16_t port_number, std::string port_name = "", net::Protocol protocol = net::kTcp) {
    return ports.push_back({std::move(port_name), protocol, number(port_number)}), *this;
  }
  SliceBuilder& ready(std::string_view address) { return endpoint(address, true, true, false); }
  SliceBuilder& not_ready(std::string_view address) { return endpoint(address, false, false, false); }
  SliceBuilder& leaving(std::string_view address) {
    return endpoint(address, false, true, true);
  }  // still serving
  SliceBuilder& endpoint(std::string_view address, bool is_ready, bool serving, bool terminating) {
    family = ip(address).family();
    return endpoints.push_back({{ip(address)}, is_ready, serving, terminating}), *this;
  }
  // The endpoint added last.
  SliceBuilder& on(std::string node) { return endpoints.back().node_name = std::move(node), *this; }
};
// slice("prod/web-x7", "web"): a slice of the Service prod/web.
inline SliceBuilder slice(std::string_view name, std::string service) {
  SliceBuilder slice;
  slice.name = object_name(name);
  slice.service = std::move(service);
  return slice;
}

// ---- Policies
// ---------------------------------------------------------------------------------------------------

inline model::Peer pods(Selector of) {
  return model::SelectorPeer{std::move(of), std::nullopt};
}
inline model::Peer namespaces(Selector of) {
  return model::SelectorPeer{std::nullopt, std::move(of)};
}
inline model::Peer pods_in(Selector of_namespaces, Selector of_pods) {
  return model::SelectorPeer{std::move(of_pods), std::move(of_namespaces)};
}
inline model::Peer block(std::string_view text, Texts except = {}) {
  model::IpBlock block{cidr(text), {}};
  for (auto hole : except) insert_sorted(block.except, cidr(hole));
  return block;
}

struct RuleBuilder : model::Rule {
  RuleBuilder& from(model::Peer peer) { return peers.push_back(std::move(peer)), *this; }
  RuleBuilder& to(model::Peer peer) { return from(std::move(peer)); }
  // tcp(80), tcp(80, 90) with endPort, tcp("http"), tcp() for every port.
  RuleBuilder& tcp() { return every_port(net::kTcp); }
  RuleBuilder& tcp(uint16_t first, uint16_t last = 0) { return range(net::kTcp, first, last ? last : first); }
  RuleBuilder& tcp(const char* name) { return named(net::kTcp, name); }
  RuleBuilder& udp() { return every_port(net::kUdp); }
  RuleBuilder& udp(uint16_t first, uint16_t last = 0) { return range(net::kUdp, first, last ? last : first); }
  RuleBuilder& udp(const char* name) { return named(net::kUdp, name); }
  RuleBuilder& sctp(uint16_t port) { return range(net::kSctp, port, port); }

  RuleBuilder& every_port(net::Protocol protocol) { return add(protocol, std::monostate()); }
  RuleBuilder& range(net::Protocol protocol, uint16_t first, uint16_t last) {
    return add(protocol, net::PortRange{number(first), number(last)});
  }
  RuleBuilder& named(net::Protocol protocol, const char* name) { return add(protocol, std::string(name)); }
  template <typename Numbers>
  RuleBuilder& add(net::Protocol protocol, Numbers numbers) {
    model::PolicyPort& entry = ports.emplace_back();
    entry.protocol = protocol;
    entry.port = std::move(numbers);
    return *this;
  }
};
inline RuleBuilder rule() {
  return {};
}

// policyTypes as absent (semantics 6): Ingress, and Egress from the first egress rule on; types() overrides.
struct PolicyBuilder : model::NetworkPolicy {
  PolicyBuilder& selects(Selector pods) { return pod_selector = std::move(pods), *this; }
  PolicyBuilder& ingress(model::Rule rule) {
    return NetworkPolicy::ingress.push_back(std::move(rule)), *this;
  }
  PolicyBuilder& egress(model::Rule rule) {
    isolates_egress = true;
    return NetworkPolicy::egress.push_back(std::move(rule)), *this;
  }
  PolicyBuilder& types(std::initializer_list<model::Direction> directions) {
    auto has = [&](model::Direction d) {
      return std::find(directions.begin(), directions.end(), d) != directions.end();
    };
    isolates_ingress = has(model::Direction::kIngress);
    isolates_egress = has(model::Direction::kEgress);
    return *this;
  }
};
// Selects every pod of its namespace until selects() says otherwise.
inline PolicyBuilder policy(std::string_view name) {
  PolicyBuilder policy;
  policy.name = object_name(name);
  return policy;
}

// ---- ClusterNetworkPolicies
// -----------------------------------------------------------------------------------------

inline model::ClusterPeer pods_anywhere(Selector of_pods, Selector of_namespaces = {}) {
  return model::PodsPeer{std::move(of_namespaces), std::move(of_pods)};
}
inline model::ClusterPeer namespaces_all(Selector of = {}) {
  return model::PodsPeer{std::move(of), {}};
}
inline model::ClusterPeer nodes(Selector of = {}) {
  return model::NodesPeer{std::move(of)};
}
inline model::ClusterPeer networks(Texts texts) {
  model::NetworksPeer peer;
  for (auto text : texts) insert_sorted(peer.cidrs.edit(), cidr(text));
  return peer;
}
inline model::ClusterPeer domains(std::vector<std::string> names) {
  return model::DomainNamesPeer{std::move(names)};
}

struct TierRuleBuilder : model::ClusterRule {
  TierRuleBuilder& from(model::ClusterPeer peer) { return peers.push_back(std::move(peer)), *this; }
  TierRuleBuilder& to(model::ClusterPeer peer) { return from(std::move(peer)); }
  TierRuleBuilder& tcp(uint16_t first, uint16_t last = 0) { return add(net::kTcp, first, last); }
  TierRuleBuilder& udp(uint16_t first, uint16_t last = 0) { return add(net::kUdp, first, last); }
  TierRuleBuilder& sctp(uint16_t first, uint16_t last = 0) { return add(net::kSctp, first, last); }
  TierRuleBuilder& every_port(net::Protocol protocol) {
    return protocols.push_back(model::ProtocolPorts{protocol}), *this;
  }
  TierRuleBuilder& named(const char* port) { return protocols.push_back(model::NamedPort{port}), *this; }
  TierRuleBuilder& add(net::Protocol protocol, uint16_t first, uint16_t last) {
    protocols.push_back(model::ProtocolPorts{protocol, {number(first), number(last ? last : first)}});
    return *this;
  }
};
inline TierRuleBuilder tier_rule(model::Action action) {
  TierRuleBuilder rule;
  rule.action = action;
  return rule;
}
inline TierRuleBuilder accept() {
  return tier_rule(model::Action::kAccept);
}
inline TierRuleBuilder deny() {
  return tier_rule(model::Action::kDeny);
}
inline TierRuleBuilder pass() {
  return tier_rule(model::Action::kPass);
}
// A rule in which something could not be read.
inline TierRuleBuilder closed(model::Action action) {
  TierRuleBuilder rule = tier_rule(action);
  rule.closed = true;
  return rule;
}

struct ClusterPolicyBuilder : model::ClusterNetworkPolicy {
  ClusterPolicyBuilder& selects(Selector pods, Selector namespaces = {}) {
    return subject = {std::move(namespaces), std::move(pods)}, *this;
  }
  ClusterPolicyBuilder& ingress(model::ClusterRule rule) {
    return ClusterNetworkPolicy::ingress.push_back(std::move(rule)), *this;
  }
  ClusterPolicyBuilder& egress(model::ClusterRule rule) {
    return ClusterNetworkPolicy::egress.push_back(std::move(rule)), *this;
  }
};
// Its subject is every pod until selects() says otherwise.
inline ClusterPolicyBuilder admin(const char* name, uint32_t priority = 0) {
  ClusterPolicyBuilder policy;
  policy.name = {"", name};
  policy.priority = priority;
  return policy;
}
inline ClusterPolicyBuilder baseline(const char* name, uint32_t priority = 0) {
  ClusterPolicyBuilder policy = admin(name, priority);
  policy.tier = model::Tier::kBaseline;
  return policy;
}

// ---- Worlds and probes
// ------------------------------------------------------------------------------------------

template <typename... Objects>
model::Cluster cluster(const Objects&... objects) {
  model::Cluster all;
  (all.apply(model::Change::upsert(model::Object(objects))), ...);
  return all;
}

inline model::Probe probe(std::string_view from, std::string_view to, net::Protocol protocol) {
  return {model::parse_party(from).value(), model::parse_party(to).value(), {}, protocol, {}};
}
inline model::Probe probe(std::string_view from, std::string_view to, net::Protocol protocol, uint16_t port) {
  model::Probe result = probe(from, to, protocol);
  result.port = number(port);
  return result;
}
inline model::Probe tcp(std::string_view from, std::string_view to, uint16_t port) {
  return probe(from, to, net::kTcp, port);
}

}  // namespace sluice::oracle::build
