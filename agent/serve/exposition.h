// /metrics: one list of families, as Prometheus' own text or, where the Accept header prefers it, as OpenMetrics 1.0
// (prometheus-cpp writes the first alone).
//
// Laws of the second (OpenMetrics 1.0.0):
//  1. A counter's family is named without _total, its sample with it.
//  2. Bounds of buckets are canonical: "1.0", "0.0025", "+Inf".
//  3. It ends with # EOF, without which it was cut off.
//
// Pure.
#pragma once

#include <prometheus/metric_family.h>

#include <string>
#include <string_view>
#include <vector>

#include "agent/serve/http.h"

namespace sluice::serve {

// RFC 9110, 12.5.1: whether application/openmetrics-text, in version 1.0.0 or in any, is wanted at least as much as
// text/plain.
bool wants_open_metrics(std::string_view accept);

std::string open_metrics(const std::vector<prometheus::MetricFamily>& families);

// What the Accept header of who asks makes of them.
HttpAnswer metrics_answer(std::string_view accept, const std::vector<prometheus::MetricFamily>& families);

}  // namespace sluice::serve
