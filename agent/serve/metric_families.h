// MetricFamilies: metrics read at the moment of asking, gathered for the Prometheus text format. One thread.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <vector>

namespace sluice::serve {

class MetricFamilies {
 public:
  using Labels = std::vector<prometheus::ClientMetric::Label>;

  void gauge(const std::string& name, const std::string& help, double value) {
    begin(name, help, prometheus::MetricType::Gauge);
    add(value);
  }
  void counter(const std::string& name, const std::string& help, uint64_t value) {
    begin(name, help, prometheus::MetricType::Counter);
    add(static_cast<double>(value));
  }
  void begin(const std::string& name, const std::string& help, prometheus::MetricType type) {
    families_.emplace_back();
    families_.back().name = name;
    families_.back().help = help;
    families_.back().type = type;
  }
  // One more series of the family begun last.
  void add(double value, Labels labels = {}) {
    prometheus::ClientMetric metric;
    metric.label = std::move(labels);
    if (families_.back().type == prometheus::MetricType::Counter)
      metric.counter.value = value;
    else
      metric.gauge.value = value;
    families_.back().metric.push_back(std::move(metric));
  }
  std::vector<prometheus::MetricFamily> drain() { return std::move(families_); }

 private:
  std::vector<prometheus::MetricFamily> families_;
};

}  // namespace sluice::serve
