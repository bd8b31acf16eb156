// Histogram: one histogram of the agent's /metrics, as Prometheus reads it. Values; any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "agent/base/result.h"

namespace sluice::bench::api {

struct Histogram {
  std::map<double, double> up_to;  // seconds -> observations that took no longer; the last is infinity

  double count() const { return up_to.empty() ? 0 : up_to.rbegin()->second; }
  // As histogram_quantile() of Prometheus: between two bounds, a straight line. Seconds; 0 < p < 1.
  double quantile(double p) const;
  // What came after `before`.
  Histogram since(const Histogram& before) const;
};

// By HTTP from 127.0.0.1.
base::Result<Histogram> read_histogram(uint16_t port, const std::string& name);

}  // namespace sluice::bench::api
