#include "bench/harness/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sluice::bench {
namespace {

double of_sorted(const std::vector<double>& sorted, double p) {
  if (sorted.empty()) return std::numeric_limits<double>::quiet_NaN();
  const double at = p * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<size_t>(std::floor(at));
  const size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - static_cast<double>(below));
}

std::vector<double> sort(std::span<const double> samples) {
  std::vector<double> sorted(samples.begin(), samples.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace

double quantile(std::span<const double> samples, double p) {
  return of_sorted(sort(samples), p);
}

Spread spread(std::span<const double> samples) {
  const auto sorted = sort(samples);
  return {of_sorted(sorted, 0.5), of_sorted(sorted, 0.1), of_sorted(sorted, 0.9)};
}

std::vector<double> net(std::span<const double> a, std::span<const double> b) {
  std::vector<double> difference;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) difference.push_back(a[i] - b[i]);
  return difference;
}

std::vector<double> net_ratio(std::span<const double> x, std::span<const double> x_base,
                              std::span<const double> y, std::span<const double> y_base) {
  const auto above = net(x, x_base), below = net(y, y_base);
  std::vector<double> ratios;
  for (size_t i = 0; i < std::min(above.size(), below.size()); ++i)
    if (below[i] > 0) ratios.push_back(above[i] / below[i]);
  return ratios;
}

}  // namespace sluice::bench
