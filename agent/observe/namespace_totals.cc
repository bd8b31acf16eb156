#include "agent/observe/namespace_totals.h"

#include <set>

namespace sluice::observe {
namespace {

// What a counter that may have begun anew has more than before.
uint64_t more(uint64_t before, uint64_t now) {
  return now >= before ? now - before : now;
}

}  // namespace

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
      total.denied[i] += more(before.denied[i], pod.counts.denied[i]);
      total.opened[i] += more(before.opened[i], pod.counts.opened[i]);
      total.flows[i] += pod.counts.flows[i];
    }
    now[{pod.ns, pod.pod}] = pod.counts;
  }
  last_ = std::move(now);
  return totals_;
}

}  // namespace sluice::observe
