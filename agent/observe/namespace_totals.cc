#include "agent/observe/namespace_totals.h"

#include <set>

namespace sluice::observe {

void NamespaceTotals::forget_all_but_those_of(const std::vector<PodCounts>& pods) {
  std::set<std::string> present = {kOtherNamespaces};
  for (const PodCounts& pod : pods) present.insert(pod.ns);
  std::erase_if(totals_, [&](const auto& total) { return !present.contains(total.first); });
}

NamespaceCounts& NamespaceTotals::total_of(const std::string& ns) {
  const size_t own = totals_.size() - totals_.count(kOtherNamespaces);
  return totals_.contains(ns) || own < kMostNamespaces ? totals_[ns] : totals_[kOtherNamespaces];
}

const NamespaceTotals::Totals& NamespaceTotals::update(const std::vector<PodCounts>& pods) {
  forget_all_but_those_of(pods);
  for (auto& [ns, total] : totals_) total.flows = {};
  decltype(last_) now;
  for (const PodCounts& pod : pods) {
    const auto known = last_.find({pod.ns, pod.pod});
    const NamespaceCounts before = known == last_.end() ? NamespaceCounts() : known->second;
    NamespaceCounts& total = total_of(pod.ns);
    for (size_t i = 0; i < 2; ++i) {
      const uint64_t denied = pod.counts.denied[i];
      total.denied[i] += denied >= before.denied[i] ? denied - before.denied[i] : denied;
      total.flows[i] += pod.counts.flows[i];
    }
    now[{pod.ns, pod.pod}] = pod.counts;
  }
  last_ = std::move(now);
  return totals_;
}

}  // namespace sluice::observe
