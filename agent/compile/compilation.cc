#include "agent/compile/compilation.h"

#include <algorithm>

namespace sluice::compile {

using model::Change;
using model::Kind;
using model::ObjectName;
using model::Pod;

namespace {

void append(std::vector<net::Ip>& list, const std::vector<net::Ip>& more) {
  list.insert(list.end(), more.begin(), more.end());
}

}  // namespace

Compilation::Compilation(const model::Cluster& cluster, std::string node_name)
    : cluster_(cluster), node_name_(std::move(node_name)) {}

void Compilation::learn_all() {
  pods_.learn_all(cluster_.pods);
  for (const auto& [name, pod] : cluster_.pods) frontends_.host_ports_changed(pod);
  for (const auto& [name, node] : cluster_.nodes) node_peers_.node_changed(name);
  for (const auto& [name, service] : cluster_.services) frontends_.service_changed(service);
  for (const auto& [name, slice] : cluster_.endpoint_slices) frontends_.slice_changed(slice);
}

void Compilation::before(const Change& change) {
  const model::ObjectId id = change.id();
  const bool removal = change.is_removal();
  if (auto pod = cluster_.pods.find(id.name); id.kind == Kind::kPod && pod != cluster_.pods.end()) {
    removal ? frontends_.pod_goes(pod->second) : frontends_.pod_changed(pod->second);
    if (removal) pods_.forget(pod->second);
  }
  if (id.kind == Kind::kNamespace) {
    const auto old = cluster_.namespaces.find(id.name);
    const bool was_in_audit = old != cluster_.namespaces.end() && old->second.audit;
    const bool is_in_audit = !removal && std::get<model::Namespace>(std::get<0>(change.what)).audit;
    if (was_in_audit != is_in_audit) local_rules_.audit_changed(id.name.name);
  }
  if (!removal) return;
  auto announce = [&](const auto& objects, auto goes) {
    if (auto found = objects.find(id.name); found != objects.end()) goes(found->second);
  };
  if (id.kind == Kind::kService) announce(cluster_.services, [&](auto& it) { frontends_.service_goes(it); });
  if (id.kind == Kind::kEndpointSlice)
    announce(cluster_.endpoint_slices, [&](auto& it) { frontends_.slice_goes(it); });
  if (id.kind == Kind::kNetworkPolicy)
    announce(cluster_.policies, [&](auto& it) { local_rules_.policy_goes(it); });
  if (id.kind == Kind::kClusterNetworkPolicy)
    announce(cluster_.cluster_policies, [&](auto& it) { local_rules_.policy_goes(it); });
}

void Compilation::after(const Change& change) {
  const model::ObjectId id = change.id();
  const bool there = !change.is_removal();
  switch (id.kind) {
    case Kind::kPod:
      if (there) {
        const Pod& pod = cluster_.pods.at(id.name);
        pods_.learn(pod);
        frontends_.pod_changed(pod);
      }
      if (local_pods_.contains(id.name)) stale_locals_.insert(id.name);
      return;
    case Kind::kNamespace:
      peers_.namespace_changed(id.name.name);
      local_rules_.namespace_changed(id.name.name);
      collect_endpoints_in(id.name.name);
      return;
    case Kind::kNode:
      node_changed_ |= id.name.name == node_name_;
      node_peers_.node_changed(id.name);
      return;
    case Kind::kService:
      if (there) frontends_.service_changed(cluster_.services.at(id.name));
      return;
    case Kind::kEndpointSlice:
      if (there) frontends_.slice_changed(cluster_.endpoint_slices.at(id.name));
      return;
    case Kind::kNetworkPolicy:
      if (there) local_rules_.policy_changed(cluster_.policies.at(id.name));
      return;
    case Kind::kClusterNetworkPolicy:
      if (there) local_rules_.policy_changed(cluster_.cluster_policies.at(id.name));
      return;
  }
}

void Compilation::set_local_pods(const std::vector<LocalPod>& pods) {
  std::map<ObjectName, uint32_t> next;
  for (const LocalPod& pod : pods) next[pod.name] = pod.ifindex;
  for (const auto& [name, ifindex] : local_pods_)
    if (auto at = next.find(name); at == next.end() || at->second != ifindex) stale_locals_.insert(name);
  for (const auto& [name, ifindex] : next)
    if (!local_pods_.contains(name)) stale_locals_.insert(name);
  local_pods_ = std::move(next);
}

void Compilation::set_node_addresses(const std::vector<net::Ip>& addresses) {
  extra_node_addresses_ = addresses;
  node_changed_ = true;
}

void Compilation::set_learnt(const Learnt& learnt) {
  for (const auto& [slot, name] : learnt.names) names_.set_name(slot, name);
  for (const auto& [ip, slots] : learnt.addresses) names_.set_address(ip, slots);
}

void Compilation::reserve(const std::set<net::Ip>& addresses) {
  append(stale_addresses_, sources_.reserve(addresses));
}

void Compilation::refresh() {
  const bool node_changed = update_node();
  update_pods();
  const Rulesets rulesets = update_policies();
  const PrefixTree::Changes regions = update_peers(rulesets);
  const std::vector<net::Ip> addresses = classify(regions);
  rules_.write(rulesets, identities_.refresh());
  write_endpoints();
  services_.write(refresh_frontends(addresses, node_changed), rulesets);
  drop_empty_groups();
  first_ = false;
}

std::string Compilation::collision() const {
  for (const std::string* found : {&identities_.collision(), &writer_.collision(), &services_.collision(),
                                   &peers_.collision(), &local_rules_.collision()})
    if (!found->empty()) return *found;
  return {};
}

EndpointId Compilation::endpoint_of(const Pod& pod) const {
  auto found = endpoints_.find(pod.name);
  return found == endpoints_.end() ? EndpointId{} : found->second.id;
}

bool Compilation::update_node() {
  if (!std::exchange(node_changed_, false)) return false;
  std::set<net::Ip> own(extra_node_addresses_.begin(), extra_node_addresses_.end());
  if (auto node = cluster_.nodes.find({"", node_name_}); node != cluster_.nodes.end())
    own.insert(node->second.addresses.begin(), node->second.addresses.end());
  node_peers_.set_own_addresses(own);
  append(stale_addresses_, addresses_.set_node_addresses(std::move(own)));
  return true;
}

void Compilation::update_pods() {
  const std::vector<net::Ip> changed = pods_.drain_changed_addresses();
  for (size_t i = 0; !first_ && i < changed.size(); ++i)
    pods_.for_each_claimant(changed[i], [&](const Pod& pod) {
      if (local_pods_.contains(pod.name)) stale_locals_.insert(pod.name);
      frontends_.pod_changed(pod);
    });
  append(stale_addresses_, changed);
  for (Group* group : pods_.drain_new_groups()) peers_.group_is_new(group);
  for (const ObjectName& name : std::exchange(stale_locals_, {})) update_local(name);
}

void Compilation::update_local(const ObjectName& name) {
  auto pod = cluster_.pods.find(name);
  bool there = local_pods_.contains(name) && pod != cluster_.pods.end();
  const std::vector<net::Ip> owned =
      pod != cluster_.pods.end() ? pods_.owned_by(pod->second) : std::vector<net::Ip>();
  append(stale_addresses_, owned);
  const Local now =
      there && !owned.empty() ? Local{endpoint_id(pod->second), pods_.group_of(pod->second)} : Local{};
  auto old = endpoints_.find(name);
  if (old != endpoints_.end()) {
    if (old->second.id != now.id) {
      writer_.set_endpoint(old->second.id, std::nullopt);
      sources_.set(old->second.id, nullptr, {});
    }
    if (old->second.group != now.group) leave_group(name, old->second);
    if (!now.id) endpoints_.erase(old);
  }
  if (!now.id) return;
  endpoints_[name] = now;
  auto& in_group = endpoints_in_[now.group];
  if (in_group.empty()) local_rules_.watch(now.group);
  in_group.insert(name);
  stale_endpoints_.insert(name);
}

void Compilation::leave_group(const ObjectName& name, Local& local) {
  auto at = endpoints_in_.find(local.group);
  at->second.erase(name);
  if (!at->second.empty()) return;
  local_rules_.unwatch(local.group);
  endpoints_in_.erase(at);
}

Compilation::Rulesets Compilation::update_policies() {
  Rulesets rulesets = local_rules_.refresh();
  for (Group* group : rulesets.groups) {
    const auto& names = endpoints_in_.at(group);
    stale_endpoints_.insert(names.begin(), names.end());
  }
  return rulesets;
}

PrefixTree::Changes Compilation::update_peers(const Rulesets& rulesets) {
  // An ingress rule set has no port names left: they are those of its own pods.
  for (RulesetId id : rulesets.added)
    local_rules_.ruleset(id)->content.for_each(
        [&](PeerSetId peers, const auto& content, const PortSpec& ports) {
          peers_.use(peers, content, ports.names);
        });
  for (const auto& [id, gone] : rulesets.removed)
    gone.for_each(
        [&](PeerSetId peers, const auto&, const PortSpec& ports) { peers_.release(peers, ports.names); });

  const PeerIndex::Changes peers = peers_.refresh();
  node_peers_.peers_changed(peers);
  names_.peers_changed(peers);
  append(stale_addresses_, node_peers_.refresh());
  for (const auto& [id, content] : peers.added)
    for (const model::IpBlock& block : content->blocks) prefixes_.add(id, block);
  for (const auto& [id, content] : peers.removed)
    for (const model::IpBlock& block : content->blocks) prefixes_.remove(id, block);
  for (const auto& content : peers.renamed)
    for (const model::IpBlock& block : content->blocks) prefixes_.renew(block);
  for (Group* group : peers.groups) {
    group->identities.clear();
    if (!first_) collect(*group);  // at first every pod's address is stale anyhow
  }
  return prefixes_.refresh();
}

void Compilation::collect_endpoints_in(const std::string& ns) {
  for (auto at = endpoints_.lower_bound({ns, ""}); at != endpoints_.end() && at->first.ns == ns; ++at)
    stale_endpoints_.insert(at->first);
}

void Compilation::collect(const Group& group) {
  for (const Pod* pod : group.members) append(stale_addresses_, pods_.claimed_by(*pod));
}

void Compilation::collect(const PrefixTree::Changes& regions) {
  for (const net::Cidr& cidr : regions.changed) {
    auto add = [&](const net::Ip& ip, const auto&) { stale_addresses_.push_back(ip); };
    prefixes_.for_each_in(pods_.claims(), cidr, add);
    prefixes_.for_each_in(writer_.image().addresses, cidr, add);
    prefixes_.for_each_in(frontends_.by_endpoint(), cidr, add);
    prefixes_.for_each_in(node_peers_.addresses(), cidr, add);
    prefixes_.for_each_in(names_.addresses(), cidr, add);
  }
}

std::vector<net::Ip> Compilation::classify(const PrefixTree::Changes& regions) {
  addresses_.write(regions);
  collect(regions);
  append(stale_addresses_, names_.refresh());
  std::vector<net::Ip> addresses = std::exchange(stale_addresses_, {});
  if (!std::is_sorted(addresses.begin(), addresses.end())) std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  for (const net::Ip& ip : addresses) {
    addresses_.write(ip);
    sources_.write(ip);
    names_.write(ip);
  }
  return addresses;
}

std::set<ServiceKey> Compilation::refresh_frontends(const std::vector<net::Ip>& addresses,
                                                    bool node_changed) {
  std::set<ServiceKey> keys = frontends_.refresh();
  for (const net::Ip& ip : addresses) {
    frontends_.collect_reaching(ip, keys);
    frontends_.collect_at(ip, keys);
  }
  const auto is_node = [this](const net::Ip& ip) { return addresses_.is_node(ip); };
  const bool faces_changed = services_.whole() && std::any_of(addresses.begin(), addresses.end(), is_node);
  if (node_changed || faces_changed) frontends_.collect_node_ports(keys);
  std::set<ServiceKey> at_node;
  for (const ServiceKey& key : keys)
    for (const net::Ip& ip : addresses_.node_addresses())
      if (const ServiceKey same{false, ip, key.protocol, key.port};
          key.node_port && frontends_.is_claimed(same))
        at_node.insert(same);
  keys.merge(at_node);
  return keys;
}

void Compilation::write_sources(EndpointId endpoint, const Pod& pod) {
  std::vector<net::Cidr> prefixes = pod.source_prefixes;
  if (auto ns = cluster_.namespaces.find({"", pod.name.ns}); ns != cluster_.namespaces.end())
    prefixes.insert(prefixes.end(), ns->second.source_prefixes.begin(), ns->second.source_prefixes.end());
  sources_.set(endpoint, &pod, prefixes);
}

void Compilation::write_endpoints() {
  for (const ObjectName& name : std::exchange(stale_endpoints_, {})) {
    auto found = endpoints_.find(name);
    if (found == endpoints_.end()) continue;
    image::Endpoint endpoint;
    endpoint.name = name.to_text();
    endpoint.ifindex = local_pods_.at(name);
    const Pod& pod = cluster_.pods.at(name);
    write_sources(found->second.id, pod);
    endpoint.has_sources = sources_.has(found->second.id);
    for (const net::Ip& ip : pods_.owned_by(pod)) {
      auto& own = ip.family() == net::Family::kIpv4 ? endpoint.ipv4 : endpoint.ipv6;
      if (!own) own = ip;
    }
    const LocalRules::Sides& sides = local_rules_.sides(found->second.group);
    endpoint.sides = sides.enforced;
    endpoint.audited = sides.audited;
    image::for_each_side(endpoint, [&](const image::Side& side) {
      const LiveRuleset* live = local_rules_.ruleset(side.ruleset);
      endpoint.names |= live != nullptr && live->names_domains;
    });
    writer_.set_endpoint(found->second.id, std::move(endpoint), [this](const image::Side& side) {
      const LiveRuleset* live = local_rules_.ruleset(side.ruleset);
      return live != nullptr ? live->default_ports : image::Portset();
    });
  }
}

void Compilation::drop_empty_groups() {
  for (Group* group : pods_.empty_groups()) peers_.group_goes(group);
  pods_.drop_empty_groups();
}

}  // namespace sluice::compile
