#include "agent/control/metrics.h"

#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>

#include <set>
#include <sstream>

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const MetricsReading& reading, const Metrics& metrics = Metrics()) {
  return prometheus::TextSerializer().Serialize(metrics.families(reading));
}

MetricsReading reading() {
  MetricsReading now;
  now.version = "1.2.3";
  now.node = "node-1";
  now.epoch = 5;
  now.ready = true;
  now.objects = {{"Pod", 3}};
  now.maps = {{"rules", 7, 100}};
  now.growth_failures = {{"rules", 2}};
  now.counters[SLUICE_DENIED_NO_RULE][SLUICE_EGRESS] = {4, 400};
  now.counters[SLUICE_ALLOWED_POLICY][SLUICE_INGRESS] = {9, 900};
  sluice_endpoint_stats stats{};
  stats.denied_packets[SLUICE_EGRESS] = 4;
  stats.lost = 2;
  now.drops = {{"prod", "web-\"1\"", stats, {}}};
  now.namespaces = {{"prod", {{1, 4}, {6, 8}, {2, 3}}}};
  return now;
}

TEST(MetricsText, TheNextEdgeOfHoursWhereThereIsOne) {
  MetricsReading now = reading();
  EXPECT_THAT(text_of(now), Not(HasSubstr("sluice_next_policy_edge_seconds")));
  now.policies_outside_hours = 2;
  now.policies_beyond_budget = 3;
  now.next_policy_edge = 90;
  EXPECT_THAT(text_of(now), HasSubstr("sluice_policies_inactive 2\n"));
  EXPECT_THAT(text_of(now), HasSubstr("sluice_policies_beyond_budget 3\n"));
  EXPECT_THAT(text_of(now), HasSubstr("sluice_next_policy_edge_seconds 90\n"));
}

TEST(MetricsText, SaysWhatTheReadingHolds) {
  const std::string text = text_of(reading());
  for (const char* line : {
           "sluice_build_info{version=\"1.2.3\",node=\"node-1\",mode=\"enforce\"} 1",
           "sluice_epoch 5",
           "sluice_ready 1",
           "sluice_objects{kind=\"Pod\"} 3",
           "sluice_map_entries{map=\"rules\"} 7",
           "sluice_map_entries_limit{map=\"rules\"} 100",
           "sluice_table_growth_failures_total{map=\"rules\"} 2",
           "sluice_drops_total{reason=\"no_rule\",direction=\"egress\"} 4",
           "sluice_drop_bytes_total{reason=\"no_rule\",direction=\"egress\"} 400",
           "sluice_judged_total{reason=\"policy\",direction=\"ingress\"} 9",
           "sluice_endpoint_drops_total{namespace=\"prod\",pod=\"web-\\\"1\\\"\",direction=\"egress\"} 4",
           "sluice_drop_reports{outcome=\"lost\"} 2",
           "sluice_namespace_drops_total{namespace=\"prod\",direction=\"ingress\"} 1",
           "sluice_namespace_drops_total{namespace=\"prod\",direction=\"egress\"} 4",
           "sluice_namespace_connections_total{namespace=\"prod\",direction=\"egress\"} 8",
           "sluice_namespace_flows{namespace=\"prod\",kind=\"unanswered\"} 2",
           "sluice_namespace_flows{namespace=\"prod\",kind=\"answered\"} 3",
           "sluice_apply_failures_total 0",
       })
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(MetricsText, EveryDropReasonIsThereFromTheStartAndNoAllowedOneAmongThem) {
  const std::string text = text_of({});
#define SLUICE_EXPECT(NAME, label, what) \
  EXPECT_THAT(text, HasSubstr("sluice_drops_total{reason=\"" label "\",direction=\"ingress\"} 0\n"));
  SLUICE_DENY_REASONS(SLUICE_EXPECT)
#undef SLUICE_EXPECT
  EXPECT_THAT(text, Not(HasSubstr("sluice_drops_total{reason=\"policy\"")));
}

TEST(MetricsText, OfTheFlowTablesWhatWasRead) {
  EXPECT_THAT(text_of(reading()), Not(HasSubstr("sluice_flows"))) << "unread";
  FlowReading flows;
  flows.tables.ipv4 = {262144, {3, 7}, 2, 3600};
  flows.tables.ipv6 = {131072, {}, 1, 0};
  flows.node.displaced[SLUICE_FLOWS_UNANSWERED] = 11;
  flows.node.displaced[SLUICE_FLOWS_ANSWERED] = 12;
  flows.node.refused = 13;
  auto now = reading();
  now.flows = flows;
  const std::string text = text_of(now);
  for (const char* line : {
           "sluice_flows{family=\"ipv4\",kind=\"answered\"} 7",
           "sluice_flows{family=\"ipv4\",kind=\"unanswered\"} 3",
           "sluice_flows{family=\"ipv4\",kind=\"idle\"} 2",
           "sluice_flows{family=\"ipv6\",kind=\"idle\"} 1",
           "sluice_flows_limit{family=\"ipv4\"} 262144",
           "sluice_flows_limit{family=\"ipv6\"} 131072",
           "sluice_flows_oldest_seconds{family=\"ipv4\"} 3600",
           "sluice_flows_displaced_total{kind=\"unanswered\"} 11",
           "sluice_flows_displaced_total{kind=\"answered\"} 12",
           "sluice_flows_displaced_total{kind=\"refused\"} 13",
       })
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
}

TEST(MetricsText, EachFamilyIsDescribedOnce) {
  Metrics metrics;
  metrics.observe_apply(std::chrono::milliseconds(3), std::chrono::milliseconds(2));
  auto now = reading();
  now.flows.emplace();
  std::istringstream lines(text_of(now, metrics));
  std::set<std::string> described;
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("# TYPE ", 0) == 0) {
      EXPECT_TRUE(described.insert(line.substr(7, line.find(' ', 7) - 7)).second) << line;
    }
  EXPECT_TRUE(described.contains("sluice_apply_seconds"));
}

}  // namespace
}  // namespace sluice::control
