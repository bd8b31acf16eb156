// Metrics: what /metrics says (agent/serve/exposition.h writes it). Names and help texts stand in one
// table (metrics.cc); pages and alerts rely on them.
//
// Laws:
//  1. Labels are bounded: reasons, directions, maps and kinds are closed sets; namespace and pod
//     are those of this node's pods, of what is by namespace at most observe::kMostNamespaces; policies those that ask
//     for it, PolicyAsks::kMostCounted at most.
//  2. Counters that the kernel keeps are read when /metrics is asked for.
//
// One thread.
#pragma once

#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/kernel/counters.h"
#include "agent/kernel/flows.h"
#include "agent/learn/learner.h"
#include "agent/observe/namespace_totals.h"
#include "agent/source/feed/stream_source.h"
#include "agent/stream/policy_asks.h"

namespace sluice::control {

struct EndpointDrops {
  std::string ns, pod;
  sluice_endpoint_stats stats{};
  sluice_flow_counts flows{};
};

// The connections that the node remembers.
struct FlowReading {
  kernel::FlowFacts tables;
  sluice_flow_counts node{};  // what the whole node displaced and refused
};

// Everything at one moment.
struct MetricsReading {
  std::string version, node;
  bool ready = false, audit = false, last_apply_failed = false;
  uint64_t epoch = 0, applies = 0, apply_failures = 0, entries = 0, writes = 0;
  std::map<std::string, uint64_t> objects;  // by kind
  uint64_t problems = 0, warnings = 0;
  uint64_t rulesets = 0, identities = 0, policies_in_audit = 0, policies_outside_hours = 0,
           policies_beyond_budget = 0;
  std::optional<double> next_policy_edge;  // seconds until then; none: no policy with hours begins or ends
  uint64_t endpoints = 0, endpoints_isolated = 0, endpoints_waiting = 0;
  uint64_t pods_without_namespace = 0, namespaces_without_pod = 0, namespaces_unseen = 0;
  uint64_t interfaces_kept = 0, interfaces_unknown = 0, interfaces_held = 0, interfaces_behind = 0;
  uint64_t put_back = 0, pins_put_back = 0;
  struct Fill {
    std::string map;
    uint64_t used = 0, limit = 0;
  };
  std::vector<Fill> maps;
  std::map<std::string, uint64_t> growth_failures;  // by policy table
  kernel::Counters counters{};
  std::vector<EndpointDrops> drops;
  std::map<model::ObjectName, stream::PolicyAsks::Counts> policy_counts;
  observe::NamespaceTotals::Totals namespaces;
  uint64_t announced = 0;            // endpoints that CNI plugins announced
  std::optional<FlowReading> flows;  // none: they could not be read
  struct Names {
    bool wanted = false;
    uint64_t names = 0, addresses = 0, unheld = 0;
    learn::Counts packets{};
    names::Counts memory{};
    std::array<uint64_t, dns::kEvents> events{};
  };
  Names names;
  std::optional<source::feed::FeedReading> feed;  // where objects come through the control API
};

class Metrics {
 public:
  Metrics();
  void observe_apply(std::chrono::duration<double> took, std::chrono::duration<double> compiled) {
    apply_seconds_->Observe(took.count());
    compile_seconds_->Observe(compiled.count());
  }
  // From a change's reading at its source to its being in force.
  void observe_change(std::chrono::duration<double> took) { change_seconds_->Observe(took.count()); }
  std::vector<prometheus::MetricFamily> families(const MetricsReading& reading) const;

 private:
  prometheus::Registry registry_;
  prometheus::Histogram* apply_seconds_;
  prometheus::Histogram* compile_seconds_;
  prometheus::Histogram* change_seconds_;
};

}  // namespace sluice::control
