#include "bench/api/report.h"

#include <algorithm>
#include <set>

#include "bench/harness/statistics.h"

namespace sluice::bench::api {
namespace {

constexpr double kMilli = 1e3, kPercent = 100;
constexpr double kTarget = 0.05;  // seconds

using Moment = Clock::time_point Sample::*;
struct Stage {
  const char* name;
  Moment from, to;
};
constexpr Stage kStages[] = {{"all: API to in force", &Sample::made, &Sample::in_force},
                             {"1: API server", &Sample::made, &Sample::written},
                             {"2: watcher", &Sample::written, &Sample::fed},
                             {"3: agent, and its word", &Sample::fed, &Sample::in_force}};
struct Quantile {
  const char* name;
  double p;
};
constexpr Quantile kQuantiles[] = {{"p50", .5}, {"p90", .9}, {"p99", .99}, {"max", 1}};

class Adding {
 public:
  Adding(const std::string& encoding, uint64_t checked, Document& document)
      : encoding_(encoding), checked_(checked), document_(document) {}

  void add(const std::string& group, const std::string& name, const std::string& unit, double value) {
    auto& all = document_.series;
    auto found = std::find_if(all.begin(), all.end(), [&](const Series& one) {
      return one.group == group && one.contender == encoding_ && one.case_name == name;
    });
    if (found == all.end()) found = all.insert(all.end(), {"api", group, encoding_, name, {}, unit, {}, 0});
    found->rounds.push_back(value);
    found->checked += checked_;
  }

 private:
  const std::string& encoding_;
  const uint64_t checked_;
  Document& document_;
};

std::vector<double> milliseconds(const Measured& measured, const Stage& stage, std::string_view kind) {
  std::vector<double> all;
  for (const Sample& sample : measured.samples)
    if (kind.empty() || sample.kind == kind)
      all.push_back(std::chrono::duration<double, std::milli>(sample.*stage.to - sample.*stage.from).count());
  return all;
}

}  // namespace

void add_round(const Measured& measured, const std::string& encoding, uint64_t checked, Document& document) {
  Adding to(encoding, checked, document);
  for (const Stage& stage : kStages) {
    const auto took = milliseconds(measured, stage, {});
    for (const Quantile& q : kQuantiles) to.add(stage.name, q.name, "ms", quantile(took, q.p));
  }
  std::set<std::string_view> kinds;
  for (const Sample& sample : measured.samples) kinds.insert(sample.kind);
  for (const std::string_view kind : kinds) {
    const auto took = milliseconds(measured, kStages[0], kind);
    for (const Quantile& q : {kQuantiles[0], kQuantiles[2]})
      to.add("all, of " + std::string(kind), q.name, "ms", quantile(took, q.p));
  }
  const Histogram& own = measured.change_seconds;
  for (const Quantile& q : kQuantiles)
    if (q.p < 1) to.add("sluice_change_seconds", q.name, "ms", own.quantile(q.p) * kMilli);
  if (const auto within = own.up_to.find(kTarget); within != own.up_to.end())
    to.add("sluice_change_seconds", "within 50 ms", "%", within->second / own.count() * kPercent);
  to.add("load", "changes a second", "", static_cast<double>(measured.samples.size()) / measured.seconds);
  to.add("load", "CPU of the watcher", "%", measured.watcher_cpu / measured.seconds * kPercent);
  to.add("load", "CPU of the agent", "%", measured.agent_cpu / measured.seconds * kPercent);
  to.add("load", "CPU of strangers", "%",
         std::max(0.0, measured.others_cpu) / measured.seconds * kPercent);  // ticks are counted to 4 ms
}

}  // namespace sluice::bench::api
