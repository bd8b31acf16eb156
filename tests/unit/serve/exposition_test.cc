#include "agent/serve/exposition.h"

#include <gmock/gmock.h>
#include <prometheus/registry.h>

#include <limits>

#include "agent/serve/metric_families.h"

namespace sluice::serve {
namespace {

TEST(OpenMetrics, WrittenOut) {
  prometheus::MetricFamily histogram{
      "a_seconds", "How \"long\".\nAt most.", prometheus::MetricType::Histogram, {}};
  auto& measured = histogram.metric.emplace_back().histogram;
  measured.sample_count = 3;
  measured.sample_sum = 1.25;
  measured.bucket = {{1, 0.0025}, {2, 1}, {3, 1e6}, {3, std::numeric_limits<double>::infinity()}};
  MetricFamilies all;
  all.counter("b_total", "Packets.", 18'000'000'000);
  all.begin("c", "Now.", prometheus::MetricType::Gauge);
  all.add(0.5, {{"pod", "a\\\"b\n"}, {"x", ""}});
  all.add(-1);
  auto families = all.drain();
  families.insert(families.begin(), histogram);
  EXPECT_EQ(open_metrics(families),
            "# TYPE a_seconds histogram\n"
            "# HELP a_seconds How \\\"long\\\".\\nAt most.\n"
            "a_seconds_bucket{le=\"0.0025\"} 1\n"
            "a_seconds_bucket{le=\"1.0\"} 2\n"
            "a_seconds_bucket{le=\"1e+06\"} 3\n"
            "a_seconds_bucket{le=\"+Inf\"} 3\n"
            "a_seconds_count 3\n"
            "a_seconds_sum 1.25\n"
            "# TYPE b counter\n"
            "# HELP b Packets.\n"
            "b_total 18000000000\n"
            "# TYPE c gauge\n"
            "# HELP c Now.\n"
            "c{pod=\"a\\\\\\\"b\\n\",x=\"\"} 0.5\n"
            "c -1\n"
            "# EOF\n");
}

TEST(OpenMetrics, OnlyWhereItIsAskedFor) {
  struct Row {
    const char* accept;
    bool wanted;
  };
  for (const Row& row : {
           Row{"", false},
           Row{"*/*", false},
           Row{"text/plain", false},
           Row{"application/openmetrics-text", true},
           Row{"Application/OpenMetrics-Text ; version=1.0.0; charset=utf-8", true},
           Row{"application/openmetrics-text;version=0.0.1", false},
           // Prometheus 2.42
           Row{"application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
               "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
               true},
           Row{"text/plain, application/openmetrics-text;q=0.5", false},
           Row{"application/openmetrics-text;q=0", false},
           Row{"application/openmetrics-text;q=much", false},
           Row{"application/openmetrics-text;q=nan", false},
           Row{",;,=;q,", false},
       })
    EXPECT_EQ(wants_open_metrics(row.accept), row.wanted) << row.accept;
}

TEST(MetricsAnswer, SaysWhichItIs) {
  MetricFamilies all;
  all.counter("b_total", "Packets.", 1);
  const auto families = all.drain();
  const auto plain = metrics_answer("*/*", families);
  EXPECT_EQ(plain.content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(plain.body, "# HELP b_total Packets.\n# TYPE b_total counter\nb_total 1\n");
  const auto open = metrics_answer("application/openmetrics-text", families);
  EXPECT_EQ(open.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
  EXPECT_TRUE(open.body.ends_with("b_total 1\n# EOF\n"));
}

}  // namespace
}  // namespace sluice::serve
