// Statistics of repeated samples. Pure; any thread.
//
// Laws: quantiles interpolate linearly between order statistics (type 7 of Hyndman & Fan 1996); of nothing
// they are NaN. The order of the samples matters only to net_ratio(), which pairs them by round.
#pragma once

#include <span>
#include <vector>

namespace sluice::bench {

// 0 <= p <= 1.
double quantile(std::span<const double> samples, double p);

struct Spread {
  double median = 0, p10 = 0, p90 = 0;
};
Spread spread(std::span<const double> samples);

// a[i] - b[i]: what a series costs beyond the empty program's, round by round. As long as the shorter one.
std::vector<double> net(std::span<const double> a, std::span<const double> b);

// (x - x_base) / (y - y_base), round by round; rounds whose denominator is not above zero are left out.
std::vector<double> net_ratio(std::span<const double> x, std::span<const double> x_base,
                              std::span<const double> y, std::span<const double> y_base);

}  // namespace sluice::bench
