#include "agent/control/replies.h"

#include <algorithm>

#include "agent/flow/reasons.h"
#include "agent/image/encode.h"
#include "agent/model/isolation.h"

namespace sluice::control {
namespace {

std::map<std::string, uint64_t> objects_by_kind(const model::Cluster& cluster) {
  const std::map<model::Kind, size_t> counts = {
      {model::Kind::kPod, cluster.pods.size()},
      {model::Kind::kNamespace, cluster.namespaces.size()},
      {model::Kind::kNode, cluster.nodes.size()},
      {model::Kind::kService, cluster.services.size()},
      {model::Kind::kEndpointSlice, cluster.endpoint_slices.size()},
      {model::Kind::kNetworkPolicy, cluster.policies.size()},
      {model::Kind::kClusterNetworkPolicy, cluster.cluster_policies.size()},
  };
  std::map<std::string, uint64_t> named;
  for (const auto& [kind, count] : counts) named[std::string(to_text(kind))] = count;
  return named;
}

bool isolated(const image::Endpoint& endpoint) {
  return endpoint.sides[0].ruleset || endpoint.sides[1].ruleset;
}

struct EndpointCounts {
  uint64_t in_force = 0, isolated = 0, waiting = 0;
};

// The endpoint of a pod found here, as it is in force; nullptr where it is not.
const image::Endpoint* in_force(const node::NodeView& node, const endpoint::LocalPod& local) {
  const auto& pods = node.compiler().cluster().pods;
  const auto pod = pods.find(local.name);
  if (pod == pods.end()) return nullptr;
  const auto found = node.image().endpoints.find(compile::endpoint_id(pod->second));
  return found == node.image().endpoints.end() ? nullptr : &found->second;
}

EndpointCounts count_endpoints(const node::NodeView& node) {
  EndpointCounts counts;
  for (const auto& [id, endpoint] : node.image().endpoints) {
    ++counts.in_force;
    counts.isolated += isolated(endpoint);
  }
  for (const auto& local : node.locals()) counts.waiting += in_force(node, local) == nullptr;
  return counts;
}

// The maps that policy fills: how many entries are used, and how many policy may use.
std::vector<MetricsReading::Fill> map_fill(const node::NodeView& node) {
  std::vector<MetricsReading::Fill> all;
  for (const auto& [map, fill] : node.placement().fill(node.image())) {
    const uint64_t nobodys = map == SLUICE_MAP_ENDPOINTS ? SLUICE_FIRST_ENDPOINT : 0;
    all.push_back({std::string(image::map_name(map)), fill.used, fill.limit - nobodys});
  }
  return all;
}

void add_drops(const kernel::Counters& counters, v1::StatusReply& reply) {
  for (uint32_t reason = SLUICE_FIRST_DENIED; reason < SLUICE_REASON_COUNT; ++reason)
    for (const auto direction : model::kDirections) {
      const sluice_counter& counter = counters[reason][static_cast<size_t>(direction)];
      if (counter.packets == 0) continue;
      auto* drops = reply.add_drops();
      drops->set_reason(std::string(flow::reason_label(reason)));
      drops->set_text(std::string(flow::reason_text(reason)));
      drops->set_direction(std::string(to_text(direction)));
      drops->set_packets(counter.packets);
      drops->set_bytes(counter.bytes);
    }
  std::sort(reply.mutable_drops()->begin(), reply.mutable_drops()->end(),
            [](const v1::Drops& a, const v1::Drops& b) { return a.packets() > b.packets(); });
}

void add_last_change(const node::LastChange& last, v1::LastChange& change) {
  using std::chrono::milliseconds;
  change.set_unix_milliseconds(
      std::chrono::duration_cast<milliseconds>(last.when.time_since_epoch()).count());
  change.set_what(last.what);
  change.set_entries(last.entries);
  change.set_writes(last.writes);
  change.set_seconds(last.took.count());
}

}  // namespace

v1::SyncReply sync_reply(const node::NodeView& node) {
  v1::SyncReply reply;
  reply.set_epoch(node.epoch());
  reply.set_refused(static_cast<uint32_t>(node.object_problems().size()));
  if (!node.object_problems().empty()) reply.set_first_refused(node.object_problems().front());
  return reply;
}

static void add_audit(const model::Cluster& cluster, v1::Audit& audit) {
  constexpr int kSample = 20;
  for (const auto& [name, policy] : cluster.policies) {
    if (!model::is_in_audit(cluster, policy)) continue;
    audit.set_policies(audit.policies() + 1);
    if (audit.sample_size() < kSample) audit.add_sample(name.to_text());
  }
  for (const auto& [name, ns] : cluster.namespaces)
    if (ns.audit && audit.namespaces_size() < kSample) audit.add_namespaces(name.name);
}

v1::StatusReply status_reply(const node::NodeView& node, const AgentFacts& facts,
                             const kernel::Counters& counters, const EndpointStats& stats,
                             std::chrono::duration<double> uptime) {
  v1::StatusReply reply;
  reply.set_version(facts.version);
  reply.set_node(node.name());
  reply.set_mode(facts.audit ? "audit" : "enforce");
  reply.set_default_verdict(facts.strict ? "strict" : "permissive");
  reply.set_source(facts.source);
  reply.set_new_interfaces(node.closes_new() ? "closed" : "open");
  for (const auto& interface : node.held()) reply.add_held(interface);
  reply.set_put_back(node.totals().put_back);
  reply.set_attach(facts.attach);
  for (const auto& line : facts.unconfined) reply.add_unconfined(line);
  reply.set_uptime_seconds(uptime.count());
  reply.set_ready(node.ready());
  reply.set_not_ready(node.why_not_ready());
  reply.set_started(node.started());
  reply.set_epoch(node.epoch());
  auto add_count = [](v1::Count* count, const std::string& name, uint64_t number) {
    count->set_name(name);
    count->set_count(number);
  };
  for (const auto& [kind, count] : objects_by_kind(node.compiler().cluster()))
    add_count(reply.add_objects(), kind, count);
  for (const auto& [kind, count] : node.ignored_kinds()) add_count(reply.add_ignored_kinds(), kind, count);
  const EndpointCounts endpoints = count_endpoints(node);
  reply.set_endpoints(static_cast<uint32_t>(endpoints.in_force));
  reply.set_endpoints_isolated(static_cast<uint32_t>(endpoints.isolated));
  reply.set_endpoints_waiting(static_cast<uint32_t>(endpoints.waiting));
  reply.set_policies(static_cast<uint32_t>(node.compiler().cluster().policies.size()));
  add_audit(node.compiler().cluster(), *reply.mutable_audit());
  for (const auto& problem : node.problems()) reply.add_problems(problem);
  for (const auto& warning : node.warnings()) reply.add_warnings(warning);
  if (node.last_change()) add_last_change(*node.last_change(), *reply.mutable_last_change());
  reply.set_applies(node.totals().applies);
  reply.set_apply_failures(node.totals().failures);
  reply.set_last_error(node.last_error());
  for (const auto& fill : map_fill(node)) {
    auto* entry = reply.add_maps();
    entry->set_map(fill.map);
    entry->set_used(fill.used);
    entry->set_limit(fill.limit);
  }
  add_drops(counters, reply);
  uint64_t lost = 0;
  for (const auto& [id, stat] : stats) lost += stat.lost;
  reply.set_events_lost(lost);
  return reply;
}

void add_hours(const times::Calendar& calendar, const std::string& clock_problem, v1::StatusReply& reply) {
  if (calendar.entries().empty() && calendar.unread().empty()) return;
  constexpr int kSample = 20;
  v1::Hours& hours = *reply.mutable_hours();
  hours.set_policies(static_cast<uint32_t>(calendar.entries().size()));
  hours.set_outside(static_cast<uint32_t>(calendar.outside()));
  for (const auto& [id, entry] : calendar.entries())
    if (!entry.active && hours.sample_size() < kSample) hours.add_sample(id.to_text());
  if (const auto next = calendar.next_switch()) {
    hours.set_next_policy(next->id.to_text());
    hours.set_next_unix_seconds(next->at.time_since_epoch().count());
    hours.set_next_begins(next->begins);
  }
  for (const auto& [id, why] : calendar.unread())
    if (hours.unread_size() < kSample) hours.add_unread(id.to_text() + ": sluice.dev/active: " + why);
  hours.set_clock_problem(clock_problem);
}

void add_flows(const FlowReading& reading, v1::Flows& flows) {
  for (const auto& [family, facts] : {std::pair(net::Family::kIpv4, &reading.tables.ipv4),
                                      std::pair(net::Family::kIpv6, &reading.tables.ipv6)}) {
    auto* table = flows.add_tables();
    table->set_family(std::string(net::to_text(family)));
    table->set_limit(facts->capacity);
    table->set_answered(facts->held[SLUICE_FLOWS_ANSWERED]);
    table->set_unanswered(facts->held[SLUICE_FLOWS_UNANSWERED]);
    table->set_idle(facts->idle);
    table->set_oldest_seconds(facts->oldest);
  }
  flows.set_displaced_unanswered(reading.node.displaced[SLUICE_FLOWS_UNANSWERED]);
  flows.set_displaced_answered(reading.node.displaced[SLUICE_FLOWS_ANSWERED]);
  flows.set_refused(reading.node.refused);
}

v1::MapsReply maps_reply(const node::NodeView& node, const std::vector<MapFacts>& maps,
                         const std::optional<FlowReading>& flows) {
  auto counted = map_fill(node);
  if (flows)
    for (const auto& [map, facts] : {std::pair(SLUICE_MAP_FLOWS4, &flows->tables.ipv4),
                                     std::pair(SLUICE_MAP_FLOWS6, &flows->tables.ipv6)})
      counted.push_back({std::string(image::map_name(map)),
                         facts->held[SLUICE_FLOWS_ANSWERED] + facts->held[SLUICE_FLOWS_UNANSWERED],
                         facts->capacity});
  v1::MapsReply reply;
  for (const auto& facts : maps) {
    auto* map = reply.add_maps();
    map->set_name(facts.name);
    map->set_kind(std::string(facts.kind));
    map->set_limit(facts.limit);
    if (facts.bytes) map->set_bytes(*facts.bytes);
    const auto fill = std::ranges::find(counted, facts.name, &MetricsReading::Fill::map);
    if (fill == counted.end()) continue;
    map->set_used(fill->used);
    map->set_limit(fill->limit);
  }
  return reply;
}

MetricsReading metrics_reading(const node::NodeView& node, const AgentFacts& facts,
                               const kernel::Counters& counters, const EndpointStats& stats,
                               const EndpointFlows& flows) {
  MetricsReading now;
  now.version = facts.version;
  now.node = node.name();
  now.ready = node.ready();
  now.audit = facts.audit;
  now.last_apply_failed = !node.last_error().empty();
  now.epoch = node.epoch();
  now.applies = node.totals().applies;
  now.apply_failures = node.totals().failures;
  now.entries = node.totals().entries;
  now.writes = node.totals().writes;
  now.objects = objects_by_kind(node.compiler().cluster());
  const auto compiled = node.compiler().counts();
  now.rulesets = compiled.rulesets;
  now.identities = compiled.identities;
  v1::Audit audit;
  add_audit(node.compiler().cluster(), audit);
  now.policies_in_audit = audit.policies();
  now.problems = node.problems().size();
  now.warnings = node.warnings().size();
  const EndpointCounts endpoints = count_endpoints(node);
  now.endpoints = endpoints.in_force;
  now.endpoints_isolated = endpoints.isolated;
  now.endpoints_waiting = endpoints.waiting;
  now.pods_without_namespace = node.interfaces().pods_without_namespace;
  now.namespaces_without_pod = node.interfaces().namespaces_without_pod;
  now.interfaces_kept = node.interfaces().kept.size();
  now.interfaces_unknown = node.interfaces().unknown.size();
  now.interfaces_held = node.held().size();
  now.interfaces_behind = node.behind().size();
  now.put_back = node.totals().put_back;
  now.namespaces_unseen = node.discovery().unseen.size();
  now.announced = node.announced().size();
  now.maps = map_fill(node);
  now.counters = counters;
  for (const auto& local : node.locals()) {
    const auto& pods = node.compiler().cluster().pods;
    const auto pod = pods.find(local.name);
    if (pod == pods.end()) continue;
    const auto id = compile::endpoint_id(pod->second);
    const auto found = stats.find(id);
    const auto held = flows.find(id);
    const bool again =
        !now.drops.empty() && now.drops.back().ns == local.name.ns && now.drops.back().pod == local.name.name;
    if (found == stats.end() || again) continue;
    now.drops.push_back({local.name.ns, local.name.name, found->second,
                         held == flows.end() ? sluice_flow_counts{} : held->second});
  }
  return now;
}

std::vector<observe::PodCounts> pod_counts(const std::vector<EndpointDrops>& pods) {
  std::vector<observe::PodCounts> all;
  for (const auto& pod : pods) {
    auto& counts = all.emplace_back(observe::PodCounts{pod.ns, pod.pod, {}}).counts;
    for (size_t i = 0; i < 2; ++i) {
      counts.denied[i] = pod.stats.denied_packets[i];
      counts.opened[i] = pod.flows.opened[i];
      // CPUs that count at once may leave a moment at which fewer than none are held.
      counts.flows[i] = static_cast<uint64_t>(std::max<int64_t>(pod.flows.held[i], 0));
    }
  }
  return all;
}

}  // namespace sluice::control
