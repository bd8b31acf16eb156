#include "agent/observe/pairs.h"

#include <algorithm>

#include "agent/observe/text.h"

namespace sluice::observe {
namespace {

std::string group_of(const End& end) {
  return end.workload.empty() ? name_of(end) : end.ns + "/" + end.workload;
}

std::string policies_of(const FlowRecord& record) {
  if (!record.rule.empty()) return record.rule;
  if (record.isolated_by.empty()) return "";
  const size_t more = record.isolated_by.size() - 1;
  return record.isolated_by.front() + (more == 0 ? "" : " and " + std::to_string(more) + " more");
}

int rank_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kDenied:
      return 0;
    case Verdict::kAudit:
      return 1;
    case Verdict::kAllowed:
      return 2;
  }
  return 3;
}

}  // namespace

void Pairs::add(const FlowRecord& record) {
  lost_ += record.lost;
  const uint16_t port = record.destination.port ? record.destination.port->host() : uint16_t{0};
  Key key{record.verdict, group_of(record.source),  group_of(record.destination),
          port,           record.protocol.number(), record.direction,
          record.reason};
  auto found = pairs_.find(key);
  if (found == pairs_.end()) {
    if (pairs_.size() >= kMost) {
      others_ += record.count;
      return;
    }
    Pair pair{record.verdict,
              std::get<1>(key),
              std::get<2>(key),
              port,
              record.protocol,
              record.direction,
              record.reason,
              {},
              0,
              0,
              {}};
    found = pairs_.emplace(std::move(key), std::move(pair)).first;
  }
  Pair& pair = found->second;
  pair.count += record.count;
  pair.last = std::max(pair.last, record.time);
  pair.why = policies_of(record);
  pair.id = record.id;
}

std::vector<Pair> Pairs::busiest(size_t most) const {
  std::vector<Pair> all;
  for (const auto& [key, pair] : pairs_) all.push_back(pair);
  std::ranges::stable_sort(all, [](const Pair& a, const Pair& b) {
    return std::pair(rank_of(a.verdict), -static_cast<int64_t>(a.count)) <
           std::pair(rank_of(b.verdict), -static_cast<int64_t>(b.count));
  });
  std::vector<Pair> chosen;
  std::map<Verdict, size_t> taken;
  for (Pair& pair : all)
    if (taken[pair.verdict]++ < most) chosen.push_back(std::move(pair));
  return chosen;
}

}  // namespace sluice::observe
