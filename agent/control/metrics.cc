#include "agent/control/metrics.h"

#include <algorithm>

#include "agent/flow/reasons.h"
#include "agent/serve/metric_families.h"

namespace sluice::control {
namespace {

using prometheus::MetricType;

// From the news to the flip, seconds.
const prometheus::Histogram::BucketBoundaries kApplySeconds = {.001, .0025, .005, .01, .025, .05,
                                                               .1,   .25,   .5,   1,   2.5,  10};
// From the reading at the source to the flip, seconds; finer around 50 ms, which 99 of 100 are to keep.
const prometheus::Histogram::BucketBoundaries kChangeSeconds = {.001, .0025, .005, .01, .015, .02, .03, .04,
                                                                .05,  .075,  .1,   .25, .5,   1,   2.5, 10};
constexpr const char* kDirections[] = {"ingress", "egress"};

using Families = serve::MetricFamilies;

void add_state(const MetricsReading& now, Families& all) {
  all.begin("sluice_build_info", "Version and node of the agent; always 1.", MetricType::Gauge);
  all.add(1, {{"version", now.version}, {"node", now.node}, {"mode", now.audit ? "audit" : "enforce"}});
  all.gauge("sluice_ready",
            "1 while what is wanted is in force, on every interface, and the pods' namespaces can be seen.",
            now.ready);
  all.gauge("sluice_epoch", "The state in force; grows with every change.", static_cast<double>(now.epoch));
  all.counter("sluice_applies_total", "Changes put in force.", now.applies);
  all.counter("sluice_apply_failures_total", "Changes that failed; the state before them stood.",
              now.apply_failures);
  all.gauge("sluice_last_apply_failed", "1 while what is in force is not what is wanted.",
            now.last_apply_failed);
  all.counter("sluice_entries_changed_total", "Entries of the node's policy image that changes touched.",
              now.entries);
  all.counter("sluice_map_writes_total", "Entries written in BPF maps before and at the flip.", now.writes);
  all.begin("sluice_objects", "Kubernetes objects known, by kind.", MetricType::Gauge);
  for (const auto& [kind, count] : now.objects) all.add(static_cast<double>(count), {{"kind", kind}});
  all.gauge("sluice_rulesets", "Different sets of rules that pods of this node have, by direction.",
            static_cast<double>(now.rulesets));
  all.gauge("sluice_identities", "Classes of addresses that these rules tell apart.",
            static_cast<double>(now.identities));
  all.gauge("sluice_policies_in_audit", "Policies that isolate nobody: what they would deny is reported.",
            static_cast<double>(now.policies_in_audit));
  all.gauge("sluice_policies_inactive",
            "Policies that count as if they were not there, by their sluice.dev/active.",
            static_cast<double>(now.policies_outside_hours));
  all.gauge("sluice_policies_beyond_budget",
            "Policies that isolate and allow nothing, being more than their namespace may have.",
            static_cast<double>(now.policies_beyond_budget));
  if (now.next_policy_edge)
    all.gauge("sluice_next_policy_edge_seconds",
              "Until the hours of a policy begin or end; absent where none has an edge ahead.",
              *now.next_policy_edge);
  all.gauge("sluice_problems",
            "Problems that hold now: refused objects, unreadable files, failed attachments.",
            static_cast<double>(now.problems));
  all.gauge("sluice_warnings", "Warnings that hold now.", static_cast<double>(now.warnings));
}

// Pods, their namespaces and interfaces.
void add_pods(const MetricsReading& now, Families& all) {
  all.begin("sluice_endpoints", "Pods of this node, by state.", MetricType::Gauge);
  all.add(static_cast<double>(now.endpoints), {{"state", "in_force"}});
  all.add(static_cast<double>(now.endpoints_waiting), {{"state", "waiting"}});
  all.gauge("sluice_endpoints_isolated", "Pods of this node that some policy isolates.",
            static_cast<double>(now.endpoints_isolated));
  all.gauge("sluice_endpoints_told", "Endpoints that CNI plugins announced and have not withdrawn.",
            static_cast<double>(now.announced));
  all.gauge("sluice_pods_without_namespace",
            "Pods of this node by spec.nodeName of which no network namespace has the address.",
            static_cast<double>(now.pods_without_namespace));
  all.gauge("sluice_namespaces_without_pod", "Network namespaces whose address no Pod object has.",
            static_cast<double>(now.namespaces_without_pod));
  all.gauge("sluice_namespaces_unseen",
            "Network namespaces that cannot be looked into; a directory that cannot be read counts as one.",
            static_cast<double>(now.namespaces_unseen));
  all.gauge("sluice_interfaces_kept",
            "Interfaces held as they were since the namespace behind them is not to be seen.",
            static_cast<double>(now.interfaces_kept));
  all.gauge("sluice_interfaces_unknown", "Interfaces of pods that are not known, under the default verdict.",
            static_cast<double>(now.interfaces_unknown));
  all.gauge("sluice_interfaces_held",
            "Of these, and before a first state, those that pass nothing by --new-interfaces closed.",
            static_cast<double>(now.interfaces_held));
  all.gauge("sluice_interfaces_behind_others",
            "Interfaces on which programs of others run before ours: what these let through for good is not "
            "judged.",
            static_cast<double>(now.interfaces_behind));
  all.counter("sluice_programs_put_back_total",
              "Interfaces whose programs others took off, and that were attached to again.", now.put_back);
  all.counter("sluice_pins_put_back_total",
              "Pins of maps that others removed or replaced, and that were pinned again.", now.pins_put_back);
}

void add_feed(const source::feed::FeedReading& feed, Families& all) {
  all.gauge("sluice_feed_connected", "1 while a feeder is connected to the control API.", feed.connected);
  all.gauge("sluice_feed_caught_up", "1 while no snapshot of the feed is due or under way.", feed.caught_up);
  all.gauge("sluice_feed_stale_seconds",
            "Since a feeder was last connected with nothing of a snapshot due; 0 while that is so.",
            feed.stale_seconds);
  all.counter("sluice_feed_connections_total", "Streams that feeders began.", feed.connections);
  all.counter("sluice_feed_snapshots_total", "Whole snapshots taken from the feed.", feed.snapshots);
  all.counter("sluice_feed_events_total", "Events taken from the feed, those of snapshots included.",
              feed.events);
  all.gauge("sluice_feed_refused", "Objects of the feed that make no sense: left out, or as they last were.",
            static_cast<double>(feed.refused));
}

void add_maps(const MetricsReading& now, Families& all) {
  all.begin("sluice_map_entries", "Entries in use, by BPF map.", MetricType::Gauge);
  for (const auto& fill : now.maps) all.add(static_cast<double>(fill.used), {{"map", fill.map}});
  all.begin("sluice_map_entries_limit", "Entries that fit, by BPF map.", MetricType::Gauge);
  for (const auto& fill : now.maps) all.add(static_cast<double>(fill.limit), {{"map", fill.map}});
  all.begin("sluice_table_growth_failures_total",
            "How often a policy table was to grow and there was no memory for it.", MetricType::Counter);
  for (const auto& [map, count] : now.growth_failures) all.add(static_cast<double>(count), {{"map", map}});
}

void add_flows(const FlowReading& flows, Families& all) {
  const std::pair<const char*, const kernel::FlowTableFacts&> tables[] = {{"ipv4", flows.tables.ipv4},
                                                                          {"ipv6", flows.tables.ipv6}};
  all.begin("sluice_flows",
            "Connections that are remembered; idle: silent for so long that they are forgotten, and in "
            "nobody's way.",
            MetricType::Gauge);
  for (const auto& [family, facts] : tables) {
    const auto add = [&all, family = family](const char* kind, uint64_t count) {
      all.add(static_cast<double>(count), {{"family", family}, {"kind", kind}});
    };
    add("answered", facts.held[SLUICE_FLOWS_ANSWERED]);
    add("unanswered", facts.held[SLUICE_FLOWS_UNANSWERED]);
    add("idle", facts.idle);
  }
  all.begin("sluice_flows_limit", "Connections that the tables are made for.", MetricType::Gauge);
  for (const auto& [family, facts] : tables)
    all.add(static_cast<double>(facts.capacity), {{"family", family}});
  all.begin("sluice_flows_oldest_seconds",
            "Since the last packet of the connection that was silent for longest and is not forgotten.",
            MetricType::Gauge);
  for (const auto& [family, facts] : tables) all.add(facts.oldest, {{"family", family}});
  all.begin("sluice_flows_displaced_total",
            "Connections that gave way to another before their time; refused: new ones that found no place.",
            MetricType::Counter);
  const auto add = [&all](const char* kind, uint64_t count) {
    all.add(static_cast<double>(count), {{"kind", kind}});
  };
  add("unanswered", flows.node.displaced[SLUICE_FLOWS_UNANSWERED]);
  add("answered", flows.node.displaced[SLUICE_FLOWS_ANSWERED]);
  add("refused", flows.node.refused);
}

void add_names(const MetricsReading::Names& names, Families& all) {
  all.gauge("sluice_names", "Names that DNS answers taught and that are remembered.",
            static_cast<double>(names.names));
  all.gauge("sluice_names_addresses", "Addresses of these names that are not expired.",
            static_cast<double>(names.addresses));
  all.begin("sluice_names_answers_total",
            "DNS answers to pods with rules that name domains: held until in force, or gone on before.",
            MetricType::Counter);
  all.add(static_cast<double>(names.packets.held), {{"kind", "held"}});
  all.add(static_cast<double>(names.unheld), {{"kind", "unheld"}});
  all.add(static_cast<double>(names.packets.too_late), {{"kind", "too_late"}});
  all.add(static_cast<double>(names.packets.not_sent), {{"kind", "not_sent"}});
  all.begin("sluice_names_messages_total", "What became of DNS questions and answers.", MetricType::Counter);
  for (size_t i = 0; i < names.events.size(); ++i)
    all.add(static_cast<double>(names.events.at(i)), {{"outcome", std::string(dns::to_text(dns::Event(i)))}});
  all.begin("sluice_names_refused_total", "What was not learnt since a limit was met and all else is in use.",
            MetricType::Counter);
  all.add(static_cast<double>(names.memory.addresses_refused), {{"what", "address"}});
  all.add(static_cast<double>(names.memory.names_refused), {{"what", "name"}});
  all.begin("sluice_names_given_up_total", "What made room for others before it expired.",
            MetricType::Counter);
  all.add(static_cast<double>(names.memory.addresses_given_up), {{"what", "address"}});
  all.add(static_cast<double>(names.memory.names_given_up), {{"what", "name"}});
  all.counter("sluice_names_failures_total",
              "What was learnt and could not be written or put in force at once.", names.packets.failed);
}

// Reasons of one verdict; `part` takes packets or bytes out of a counter.
template <typename Part>
void add_reasons(const MetricsReading& now, bool denied, Part part, Families& all) {
  for (uint32_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason) {
    // Packets of established flows are not counted (include/sluice/layout.h).
    if (flow::is_denied(reason) != denied || reason == SLUICE_ALLOWED_FLOW) continue;
    for (int direction = 0; direction < 2; ++direction)
      all.add(static_cast<double>(part(now.counters[reason][direction])),
              {{"reason", std::string(flow::reason_label(reason))}, {"direction", kDirections[direction]}});
  }
}

void add_packets(const MetricsReading& now, Families& all) {
  const auto packets = [](const sluice_counter& counter) { return counter.packets; };
  const auto bytes = [](const sluice_counter& counter) { return counter.bytes; };
  all.begin("sluice_drops_total", "Packets denied (in audit mode: that would be), by reason.",
            MetricType::Counter);
  add_reasons(now, true, packets, all);
  all.begin("sluice_drop_bytes_total", "Bytes of these packets, Ethernet header included.",
            MetricType::Counter);
  add_reasons(now, true, bytes, all);
  all.begin("sluice_judged_total",
            "Packets allowed after being judged, by reason; those of established flows are "
            "not counted.",
            MetricType::Counter);
  add_reasons(now, false, packets, all);
}

void add_policies(const MetricsReading& now, Families& all) {
  all.begin("sluice_policy_connections_total",
            "Connections that policies with metrics-enabled allowed, denied or, in audit, would have denied.",
            MetricType::Counter);
  for (const auto& [policy, counts] : now.policy_counts)
    for (const observe::Verdict verdict : observe::kVerdicts)
      all.add(
          static_cast<double>(counts[static_cast<size_t>(verdict)]),
          {{"namespace", policy.ns}, {"policy", policy.name}, {"verdict", std::string(to_text(verdict))}});
}

void add_endpoints(const MetricsReading& now, Families& all) {
  all.begin("sluice_endpoint_drops_total", "Packets denied, by pod of this node.", MetricType::Counter);
  for (const auto& drops : now.drops)
    for (int direction = 0; direction < 2; ++direction)
      all.add(static_cast<double>(drops.stats.denied_packets[direction]),
              {{"namespace", drops.ns}, {"pod", drops.pod}, {"direction", kDirections[direction]}});
  uint64_t denied = 0, suppressed = 0, lost = 0;
  for (const auto& drops : now.drops) {
    denied += drops.stats.denied_packets[0] + drops.stats.denied_packets[1];
    suppressed += drops.stats.suppressed[SLUICE_REPORT_DENIED];
    lost += drops.stats.lost;
  }
  // They are read one after the other, while packets go on being counted.
  const uint64_t reports = denied - std::min(denied, suppressed + lost);
  all.begin("sluice_drop_reports",
            "Reports of drops since the pods of this node were found: sent, suppressed by the "
            "rate limit, lost because the ring was full.",
            MetricType::Gauge);
  all.add(static_cast<double>(reports), {{"outcome", "sent"}});
  all.add(static_cast<double>(suppressed), {{"outcome", "suppressed"}});
  all.add(static_cast<double>(lost), {{"outcome", "lost"}});
}

void add_namespaces(const observe::NamespaceTotals::Totals& namespaces, Families& all) {
  all.begin("sluice_namespace_drops_total",
            "Packets denied, by namespace of the pod of this node; other: of namespaces beyond 64.",
            MetricType::Counter);
  for (const auto& [ns, counts] : namespaces)
    for (size_t direction = 0; direction < 2; ++direction)
      all.add(static_cast<double>(counts.denied[direction]),
              {{"namespace", ns}, {"direction", kDirections[direction]}});
  all.begin("sluice_namespace_connections_total",
            "New connections allowed, by namespace of the pod of this node; a repeated SYN counts again.",
            MetricType::Counter);
  for (const auto& [ns, counts] : namespaces)
    for (size_t direction = 0; direction < 2; ++direction)
      all.add(static_cast<double>(counts.opened[direction]),
              {{"namespace", ns}, {"direction", kDirections[direction]}});
  all.begin(
      "sluice_namespace_flows",
      "Allowed connections that are remembered of its pods, idle ones too until another takes their place.",
      MetricType::Gauge);
  for (const auto& [ns, counts] : namespaces) {
    const auto add = [&all, &ns = ns](const char* kind, uint64_t count) {
      all.add(static_cast<double>(count), {{"namespace", ns}, {"kind", kind}});
    };
    add("answered", counts.flows[SLUICE_FLOWS_ANSWERED]);
    add("unanswered", counts.flows[SLUICE_FLOWS_UNANSWERED]);
  }
}

}  // namespace

Metrics::Metrics()
    : apply_seconds_(&prometheus::BuildHistogram()
                          .Name("sluice_apply_seconds")
                          .Help("From the news of a change to the flip that puts it in force.")
                          .Register(registry_)
                          .Add({}, kApplySeconds)),
      compile_seconds_(
          &prometheus::BuildHistogram()
               .Name("sluice_compile_seconds")
               .Help("Of sluice_apply_seconds: from reading the change to knowing which entries of "
                     "the image differ.")
               .Register(registry_)
               .Add({}, kApplySeconds)),
      change_seconds_(
          &prometheus::BuildHistogram()
               .Name("sluice_change_seconds")
               .Help("From a change's being read whole at its source (Event.observed of the feed) to its "
                     "being in force.")
               .Register(registry_)
               .Add({}, kChangeSeconds)) {}

std::vector<prometheus::MetricFamily> Metrics::families(const MetricsReading& reading) const {
  Families all;
  add_state(reading, all);
  add_pods(reading, all);
  if (reading.feed) add_feed(*reading.feed, all);
  add_maps(reading, all);
  if (reading.flows) add_flows(*reading.flows, all);
  add_names(reading.names, all);
  add_packets(reading, all);
  add_policies(reading, all);
  add_endpoints(reading, all);
  add_namespaces(reading.namespaces, all);
  auto families = all.drain();
  for (auto& family : registry_.Collect()) families.push_back(std::move(family));
  return families;
}

}  // namespace sluice::control
