#include "agent/control/replies.h"

#include <algorithm>
#include <tuple>

#include "agent/base/excerpt.h"
#include "agent/compile/why/lists.h"
#include "agent/control/message_limits.h"
#include "agent/explain/wire/check_reply.h"
#include "agent/model/domain_name.h"
#include "agent/model/isolation.h"
#include "agent/source/feed/encode.h"
#include "agent/times/hours.h"

namespace sluice::control {

std::string side_text(const image::Endpoint* endpoint, model::Direction direction, bool strict) {
  if (endpoint == nullptr) return strict ? "closed" : "open";
  const size_t d = static_cast<size_t>(direction);
  if (endpoint->sides[d].ruleset) return "isolated";
  return endpoint->audited[d].ruleset ? "audit" : "open";
}

namespace {

constexpr size_t kObjectOverhead = 8;  // bytes of an object's tag and length in a message, at the most

using Policies = std::vector<const model::NetworkPolicy*>;

Policies policies_of(const model::Cluster& cluster, const model::Pod& pod) {
  Policies selecting;
  for (auto at = cluster.policies.lower_bound({pod.name.ns, ""});
       at != cluster.policies.end() && at->first.ns == pod.name.ns; ++at)
    if (matches(at->second.pod_selector, pod.labels)) selecting.push_back(&at->second);
  return selecting;
}

void fill_endpoint(const node::NodeView& node, const AgentFacts& facts, const EndpointStats& stats,
                   const model::Pod& pod, v1::Endpoint& reply) {
  const auto id = compile::endpoint_id(pod);
  const auto found = node.image().endpoints.find(id);
  const image::Endpoint* endpoint = found == node.image().endpoints.end() ? nullptr : &found->second;
  reply.set_namespace_(pod.name.ns);
  reply.set_pod(pod.name.name);
  reply.set_ingress(side_text(endpoint, model::Direction::kIngress, facts.strict));
  reply.set_egress(side_text(endpoint, model::Direction::kEgress, facts.strict));
  for (const auto* policy : policies_of(node.compiler().cluster(), pod))
    reply.add_policies(policy->name.to_text());
  if (const auto stat = stats.find(id); stat != stats.end()) {
    reply.set_denied_packets_ingress(stat->second.denied_packets[SLUICE_INGRESS]);
    reply.set_denied_packets_egress(stat->second.denied_packets[SLUICE_EGRESS]);
  }
}

// CPUs that count at once may leave a moment at which fewer than none are held.
void fill_flows(const sluice_flow_counts& counts, v1::Endpoint& reply) {
  const auto held = [&counts](sluice_flow_class of) {
    return static_cast<uint64_t>(std::max<int64_t>(counts.held[of], 0));
  };
  reply.set_flows_answered(held(SLUICE_FLOWS_ANSWERED));
  reply.set_flows_unanswered(held(SLUICE_FLOWS_UNANSWERED));
  reply.set_flows_displaced_answered(counts.displaced[SLUICE_FLOWS_ANSWERED]);
  reply.set_flows_displaced_unanswered(counts.displaced[SLUICE_FLOWS_UNANSWERED]);
  reply.set_flows_refused(counts.refused);
  reply.set_flows_share(counts.share);
}

void add_interface(const node::NodeView& node, const endpoint::LocalPod& local, v1::Endpoint& reply) {
  auto* interface = reply.add_interfaces();
  interface->set_index(static_cast<uint32_t>(local.host_ifindex));
  interface->set_name(local.host_ifname);
  interface->set_netns(local.netns);
  interface->set_attached(node.attached().contains(static_cast<uint32_t>(local.host_ifindex)));
  for (const auto& address : local.addresses) reply.add_addresses(address.to_text());
}

base::Result<model::Probe> probe_of(const model::Cluster& cluster, const v1::CheckRequest& request) {
  model::Probe probe;
  auto from = model::parse_party(request.from());
  if (!from) return from.error().within("from");
  auto to = model::parse_party(request.to());
  if (!to && model::domain_named(request.to()).empty()) return to.error().within("to");
  probe.from = *from;
  if (to) probe.to = *to;
  if (!request.protocol().empty()) {
    auto protocol = model::parse_probe_protocol(request.protocol());
    if (!protocol) return protocol.error().within("protocol");
    probe.protocol = *protocol;
  }
  if (request.port() != 0) {
    auto port = net::Port::from_number(request.port());
    if (!port) return port.error().within("port");
    probe.port = *port;
  }
  if (!request.port_name().empty()) {
    auto port = model::port_named(cluster, model::PodAddresses(cluster), probe.to, probe.protocol,
                                  request.port_name());
    if (!port) return port.error().within("port");
    probe.port = *port;
  }
  for (const auto family : {net::Family::kIpv4, net::Family::kIpv6})
    if (request.family() == net::to_text(family)) probe.family = family;
  if (!request.family().empty() && !probe.family)
    return base::Error("family: is " + base::excerpt(request.family()) + ", give IPv4 or IPv6");
  return probe;
}

// What this node has to say of one end.
base::Result<explain::SideAnswer> side_here(const node::NodeView& node, const model::ProbeEnd& self,
                                            const compile::why::Question& question, bool with_trace,
                                            bool mends) {
  explain::SideAnswer side;
  if (self.pod == nullptr) {
    side.text = self.ip.to_text() + " is no pod's address";
    return side;
  }
  const std::string name = self.pod->name.to_text();
  const bool here = std::any_of(node.locals().begin(), node.locals().end(),
                                [&](const auto& local) { return local.name == self.pod->name; });
  if (!here && self.pod->node_name == node.name()) {
    side.text = "nothing is enforced on " + name + ": it is of this node, and no network namespace in " +
                node.discovery().dir + " has its address";
    return side;
  }
  if (!here) {
    side.elsewhere = true;
    side.text = name + " is not on this node: ask the agent of " +
                (self.pod->node_name.empty() ? "its node" : self.pod->node_name);
    return side;
  }
  auto explained = explain::explain_side(node.compiler(), question, mends);
  if (explained && with_trace)
    explained->trace = explain::trace(node.image(), node.compiler().compilation().names(), question);
  return explained;
}

}  // namespace

v1::EndpointsReply endpoints_reply(const node::NodeView& node, const AgentFacts& facts,
                                   const EndpointStats& stats, const EndpointFlows& flows) {
  v1::EndpointsReply reply;
  const auto& pods = node.compiler().cluster().pods;
  const endpoint::LocalPod* last = nullptr;
  for (const auto& local : node.locals()) {
    const auto pod = pods.find(local.name);
    if (pod == pods.end()) continue;
    if (last == nullptr || last->name != local.name) {
      auto& endpoint = *reply.add_endpoints();
      fill_endpoint(node, facts, stats, pod->second, endpoint);
      if (const auto held = flows.find(compile::endpoint_id(pod->second)); held != flows.end())
        fill_flows(held->second, endpoint);
    }
    add_interface(node, local, *reply.mutable_endpoints(reply.endpoints_size() - 1));
    last = &local;
  }
  return reply;
}

namespace {

// Those that are in force, and those outside their hours; by name.
template <typename Policy>
std::vector<const Policy*> known(const std::map<model::ObjectName, Policy>& in_force,
                                 const times::Calendar& calendar) {
  std::map<model::ObjectName, const Policy*> all;
  for (const auto& [name, policy] : in_force) all.emplace(name, &policy);
  for (const auto& [id, entry] : calendar.entries())
    if (const auto* policy = std::get_if<Policy>(&entry.policy); policy != nullptr && !entry.active)
      all.emplace(id.name, policy);
  std::vector<const Policy*> listed;
  listed.reserve(all.size());
  for (const auto& [name, policy] : all) listed.push_back(policy);
  return listed;
}

void fill_hours(const times::Calendar& calendar, const model::ObjectId& id, v1::Policy& reply) {
  const auto found = calendar.entries().find(id);
  if (found == calendar.entries().end()) return;
  const times::Calendar::Entry& entry = found->second;
  reply.set_active(*times::hours_of(entry.policy));
  reply.set_outside_hours(!entry.active);
  if (entry.next && entry.next->changes)
    reply.set_until_unix_seconds(entry.next->at.time_since_epoch().count());
}

bool is_subject(const model::Cluster& cluster, const model::ClusterNetworkPolicy& policy,
                const model::Pod& pod) {
  return matches(policy.subject.pods, pod.labels) &&
         matches(policy.subject.namespaces, cluster.namespace_labels(pod.name.ns));
}

bool is_subject(const model::Cluster&, const model::NetworkPolicy& policy, const model::Pod& pod) {
  return policy.name.ns == pod.name.ns && matches(policy.pod_selector, pod.labels);
}

// What policies of both kinds have in common.
template <typename Policy>
void fill_policy(const node::NodeView& node, const times::Calendar& calendar, const Policy& policy,
                 v1::Policy& reply) {
  const model::Cluster& cluster = node.compiler().cluster();
  reply.set_namespace_(policy.name.ns);
  reply.set_name(policy.name.name);
  reply.set_ingress_rules(static_cast<uint32_t>(policy.ingress.size()));
  reply.set_egress_rules(static_cast<uint32_t>(policy.egress.size()));
  fill_hours(calendar, model::id_of(policy), reply);
  std::set<std::string> pods;
  for (const auto& local : node.locals())
    if (const auto pod = cluster.pods.find(local.name);
        pod != cluster.pods.end() && is_subject(cluster, policy, pod->second))
      pods.insert(local.name.to_text());
  for (const std::string& pod : pods) reply.add_local_pods(pod);
}

}  // namespace

v1::PoliciesReply policies_reply(const node::NodeView& node, const times::Calendar& calendar) {
  const model::Cluster& cluster = node.compiler().cluster();
  v1::PoliciesReply reply;
  for (const auto* policy : known(cluster.policies, calendar)) {
    auto* entry = reply.add_policies();
    fill_policy(node, calendar, *policy, *entry);
    entry->set_ingress(policy->isolates_ingress);
    entry->set_egress(policy->isolates_egress);
    entry->set_audit(model::is_in_audit(cluster, *policy));
  }
  auto tiers = known(cluster.cluster_policies, calendar);
  std::stable_sort(tiers.begin(), tiers.end(), [](const auto* a, const auto* b) {
    return std::tie(a->tier, a->priority) < std::tie(b->tier, b->priority);
  });
  for (const auto* policy : tiers) {
    auto* entry = reply.add_policies();
    fill_policy(node, calendar, *policy, *entry);
    entry->set_tier(std::string(model::to_text(policy->tier)));
    entry->set_priority(policy->priority);
    entry->set_ingress(!policy->ingress.empty());
    entry->set_egress(!policy->egress.empty());
  }
  return reply;
}

v1::IdentitiesReply identities_reply(const node::NodeView& node) {
  v1::IdentitiesReply reply;
  for (const auto& identity : compile::why::identities_of(node.compiler().compilation())) {
    auto* entry = reply.add_identities();
    entry->set_id(identity.id.to_text());
    for (const auto& peer : identity.peers) entry->add_peers(peer);
    for (const auto& port : identity.ports) entry->add_ports(port);
    entry->set_addresses(identity.addresses);
    for (const auto& address : identity.sample) entry->add_sample(address);
  }
  return reply;
}

base::Result<v1::CheckReply> check_reply(const node::NodeView& node, const times::Calendar& calendar,
                                         const v1::CheckRequest& request,
                                         const std::vector<net::Ip>& addresses) {
  const model::Cluster& cluster = node.compiler().cluster();
  auto probe = probe_of(cluster, request);
  if (!probe) return probe.error();
  explain::PolicyNames away;
  for (const auto& [id, entry] : calendar.entries())
    if (!entry.active && id.kind == model::Kind::kNetworkPolicy) away.insert(id.name);
  const model::PodAddresses pods(cluster);
  // What would mend it costs most, and a name may have a thousand addresses: that of the first which is denied.
  bool mends = true;
  const auto ask = [&](const model::Probe& one) {
    auto answer = explain::ask_both(
        cluster, pods, one,
        [&](const model::ProbeEnd& self, const compile::why::Question& question) {
          return side_here(node, self, question, request.trace(), mends);
        },
        away);
    mends = mends && !(answer && answer->verdict() == model::Verdict::kDeny);
    return answer;
  };
  const std::string name = model::domain_named(request.to());
  if (name.empty()) {
    const auto answer = ask(*probe);
    return answer ? base::Result(explain::wire::reply_of(*answer)) : answer.error();
  }
  if (addresses.empty())
    return base::Error(
        "to: " + name +
        ": no address is learnt for it: no pod with rules that name domains has asked for it of "
        "late (sluicectl names)");
  const auto answer = explain::ask_name(name, addresses, *probe, ask);
  return answer ? base::Result(explain::wire::reply_of(*answer)) : answer.error().within("to");
}

std::vector<v1::SnapshotPiece> snapshot_pieces(const model::Cluster& cluster,
                                               const times::Calendar& calendar) {
  std::vector<v1::SnapshotPiece> pieces;
  size_t bytes = 0;
  const auto add = [&](const auto& object) {
    v1::Object encoded = source::feed::encode(model::Object(object));
    const size_t size = encoded.ByteSizeLong() + kObjectOverhead;
    if (pieces.empty() || bytes + size > kLargestPiece) {
      pieces.emplace_back();
      bytes = 0;
    }
    bytes += size;
    *pieces.back().add_objects() = std::move(encoded);
  };
  const auto add_all = [&add](const auto& objects) {
    for (const auto& [name, object] : objects) add(object);
  };
  add_all(cluster.pods);
  add_all(cluster.namespaces);
  add_all(cluster.nodes);
  add_all(cluster.services);
  add_all(cluster.endpoint_slices);
  for (const auto* policy : known(cluster.policies, calendar)) add(*policy);
  for (const auto* policy : known(cluster.cluster_policies, calendar)) add(*policy);
  return pieces;
}

namespace {

// The patterns that rules of a pod name.
std::set<std::string> patterns_of(const node::NodeView& node, const image::Endpoint& endpoint) {
  std::set<std::string> patterns;
  image::for_each_side(endpoint, [&](const image::Side& side) {
    const auto* live = node.compiler().compilation().local_rules().ruleset(side.ruleset);
    if (live == nullptr || !live->names_domains) return;
    live->content.for_each([&](compile::PeerSetId, const auto& peers, const compile::PortSpec&) {
      if (peers) patterns.insert(peers->domains.begin(), peers->domains.end());
    });
  });
  return patterns;
}

}  // namespace

v1::NameFacts name_facts(const learning::NameLoop& names) {
  v1::NameFacts facts;
  const names::Memory& memory = names.learner().memory();
  facts.set_wanted(names.wanted());
  facts.set_held(names.holds());
  facts.set_names(memory.names());
  facts.set_addresses(memory.addresses());
  for (const auto& [ip, port] : names.servers())
    facts.add_servers((ip.family() == net::Family::kIpv6 ? "[" + ip.to_text() + "]" : ip.to_text()) + ":" +
                      std::to_string(port.host()));
  facts.set_most_addresses(memory.limits().addresses);
  facts.set_most_addresses_of_name(memory.limits().addresses_of_name);
  facts.set_answers_unheld(names.unheld());
  facts.set_addresses_refused(memory.counts().addresses_refused);
  facts.set_addresses_given_up(memory.counts().addresses_given_up);
  for (const std::string& problem : names.problems()) facts.add_problems(problem);
  return facts;
}

v1::NamesReply names_reply(const node::NodeView& node, const learning::NameLoop& names,
                           const learning::Connections& connections) {
  v1::NamesReply reply;
  *reply.mutable_facts() = name_facts(names);
  std::map<std::string, std::set<std::string>> patterns;  // by pod
  for (const auto& [id, endpoint] : node.image().endpoints)
    if (endpoint.names) patterns[endpoint.name] = patterns_of(node, endpoint);
  const uint64_t now = kernel::answers::boot_nanoseconds();
  for (const names::Listed& one : names.learner().memory().list()) {
    if (reply.names_size() == 0 || reply.names(reply.names_size() - 1).name() != one.name) {
      v1::LearntName& name = *reply.add_names();
      name.set_name(one.name);
      for (const auto& [pod, named] : patterns)
        if (std::ranges::any_of(
                named, [&](const auto& pattern) { return model::domain_matches(pattern, one.name); }))
          name.add_pods(pod);
      name.set_named(name.pods_size() > 0);
    }
    v1::LearntAddress& address = *reply.mutable_names(reply.names_size() - 1)->add_addresses();
    address.set_address(one.ip.to_text());
    address.set_seconds_left(one.until > now ? static_cast<double>(one.until - now) / 1e9 : 0);
    if (const auto open = connections.find(one.ip); open != connections.end())
      address.set_connections(open->second);
  }
  return reply;
}

}  // namespace sluice::control
