#include "bench/packet/stage.h"

#include <algorithm>
#include <set>

#include "bench/packet/facts.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr char kSuite[] = "packet";
constexpr uint64_t kOrderSeed = 1;

Labels driver_labels(const Case& c) {
  return {{"driver", c.driver()},
          {"family", std::string(net::to_text(c.family))},
          {"tuples", std::to_string(c.tuples)}};
}

// A series shares these with the F0 that is to be taken off it.
Labels driver_of(const Series& series) {
  Labels labels;
  for (const char* name : {"driver", "family", "tuples"}) {
    const auto found = series.labels.find(name);
    labels[name] = found == series.labels.end() ? "plain" : found->second;
  }
  return labels;
}

}  // namespace

Result<std::unique_ptr<Stage>> Stage::build(const Group& group) {
  std::unique_ptr<Stage> stage(new Stage(group));
  for (const Size& size : group.worlds) {
    if (auto added = stage->add_world(size); !added) return added.error();
  }
  if (auto added = stage->add_floors(); !added) return added.error();
  return stage;
}

Status Stage::add_world(const Size& size) {
  auto node = Node::load(size);
  if (!node) return node.error();
  nodes_.push_back(std::move(*node));
  Referee referee(nodes_.back()->cluster());
  for (const Case& c : group_.cases) {
    if (interrupted()) return Error("interrupted");
    if (auto added = add_case(*nodes_.back(), c, referee); !added) return added.error().within(c.name);
  }
  return base::done();
}

Status Stage::add_case(Node& node, const Case& c, Referee& referee) {
  auto measured = Measured::make(node, c);
  if (!measured) return measured.error();
  auto checked = measured->check(referee);
  if (!checked) return checked.error();
  Measured& kept = measured_.emplace_back(std::move(*measured));
  add("sluice", c.name, c.all_labels(node.size()), *checked, kept);
  return base::done();
}

// The driver's own cost for each way in which it is used, the plain ways first; the other floors for each
// number of tuples.
Status Stage::add_floors() {
  unsigned addresses = 0;
  for (const Size& size : group_.worlds) addresses = std::max(addresses, size.addresses);
  size_t tuples = 0;
  for (const Case& c : group_.cases) tuples = std::max(tuples, c.tuples);
  auto programs = ReferencePrograms::load(addresses, group_.worlds.front().fill, tuples);
  if (!programs) return programs.error();
  programs_ = std::make_unique<ReferencePrograms>(std::move(*programs));
  std::vector<Case> cases;
  for (const Case& c : group_.cases) {
    cases.push_back(plain_cases().front());
    cases.back().tuples = c.tuples;
  }
  cases.insert(cases.end(), group_.cases.begin(), group_.cases.end());
  std::stable_partition(cases.begin(), cases.end(), [](const Case& c) { return c.driver() == "plain"; });
  std::set<Labels> drivers;
  for (const Case& c : cases) {
    if (!drivers.insert(driver_labels(c)).second) continue;
    if (auto added = add_floor(Floor::kF0, c); !added) return added;
    if (c.driver() != "plain" || c.family != net::Family::kIpv4) continue;
    for (Floor floor : {Floor::kF1, Floor::kF2, Floor::kF3, Floor::kLpm})
      if (auto added = add_floor(floor, c); !added) return added.error().within(to_text(floor));
  }
  return base::done();
}

Status Stage::add_floor(Floor floor, const Case& c) {
  const Node& node = *nodes_.front();
  const Reports reports{node.stats_fd(), node.index_of(c.pod)};
  auto contender = FloorContender::make(*programs_, floor, c, c.reports ? &reports : nullptr);
  if (!contender) return contender.error();
  FloorContender& kept = floors_.emplace_back(std::move(*contender));
  add(to_text(floor), "", driver_labels(c), 0, kept);
  return base::done();
}

template <typename T>
void Stage::add(const std::string& contender, const std::string& name, const Labels& labels, uint64_t checked,
                T& kept) {
  series_.push_back({kSuite, group_.name, contender, name, labels, "ns", {}, checked});
  std::string aloud = contender + " " + name;
  for (const auto& [label, value] : labels) aloud += " " + label + "=" + value;
  contenders_.push_back({aloud, [&kept] { return kept.sample(); }});
  counted_.push_back([&kept](const InstructionCounter& counter) { return kept.instructions(counter); });
}

Status Stage::measure(int rounds, Document& document) {
  constexpr int kWarmUps = 1;
  auto samples = run_rounds(contenders_, {rounds, kWarmUps, kOrderSeed});
  if (!samples) return samples.error();
  for (size_t i = 0; i < series_.size(); ++i) {
    series_[i].rounds = (*samples)[i];
    document.series.push_back(series_[i]);
  }
  return base::done();
}

Status Stage::count_instructions(const InstructionCounter& counter, Document& document) {
  std::vector<double> counts;
  std::map<Labels, double> of_drivers;
  for (size_t i = 0; i < series_.size(); ++i) {
    auto count = counted_[i](counter);
    if (!count) return count.error().within(contenders_[i].name);
    counts.push_back(*count);
    if (series_[i].contender == "F0") of_drivers[driver_of(series_[i])] = *count;
  }
  for (size_t i = 0; i < series_.size(); ++i) {
    Labels labels = series_[i].labels;
    labels["case"] = series_[i].case_name;
    labels["contender"] = series_[i].contender;
    const double net = counts[i] - of_drivers[driver_of(series_[i])];
    document.facts.push_back({kSuite, "run_instructions", labels, net, "instructions"});
  }
  return base::done();
}

Result<std::vector<Fact>> Stage::program_facts() const {
  std::vector<Fact> facts;
  auto add = [&](int fd, const std::string& name) -> Status {
    auto more = bench::program_facts(fd, name);
    if (!more) return more.error();
    facts.insert(facts.end(), more->begin(), more->end());
    return base::done();
  };
  const Node& node = *nodes_.front();
  if (auto added = add(node.program_fd(SLUICE_EGRESS), "sluice_from_pod"); !added) return added.error();
  if (auto added = add(node.program_fd(SLUICE_INGRESS), "sluice_to_pod"); !added) return added.error();
  for (Floor floor : kFloors)
    if (auto added = add(programs_->program_fd(floor), to_text(floor)); !added) return added.error();
  return facts;
}

}  // namespace sluice::bench
