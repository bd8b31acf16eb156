#include "bench/packet/run.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <iostream>
#include <set>

#include "bench/packet/measured.h"
#include "bench/packet/reference.h"
#include "bench/packet/summary.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr char kSuite[] = "packet";
constexpr int kRounds = 15, kQuickRounds = 7;

// One group at work: what is loaded for it, and its contenders beside the series that they fill.
class Stage {
 public:
  explicit Stage(const Group& group) : group_(group) {}

  Status build() {
    for (const Size& size : group_.worlds) {
      if (auto added = add_world(size); !added) return added;
    }
    return add_floors();
  }
  Status measure(int rounds, Document& document) {
    auto samples = run_rounds(contenders_, {rounds, 1, 1});
    if (!samples) return samples.error();
    for (size_t i = 0; i < series_.size(); ++i) {
      series_[i].rounds = (*samples)[i];
      document.series.push_back(series_[i]);
    }
    return base::done();
  }

 private:
  Status add_world(const Size& size) {
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

  Status add_case(Node& node, const Case& c, Referee& referee) {
    auto measured = Measured::make(node, c);
    if (!measured) return measured.error();
    auto checked = measured->check(referee);
    if (!checked) return checked.error();
    Measured& kept = measured_.emplace_back(std::move(*measured));
    add("sluice", c.name, c.all_labels(node.size()), *checked, [&kept] { return kept.sample(); });
    return base::done();
  }

  void add(const std::string& contender, const std::string& name, const Labels& labels, uint64_t checked,
           std::function<Result<Nanoseconds>()> sample) {
    series_.push_back({kSuite, group_.name, contender, name, labels, "ns", {}, checked});
    std::string aloud = contender + " " + name;
    for (const auto& [label, value] : labels) aloud += " " + label + "=" + value;
    contenders_.push_back({aloud, std::move(sample)});
  }

  // The driver's own cost for each way in which it is used, the plain ways first; the other floors for each
  // number of tuples.
  Status add_floors() {
    unsigned addresses = 0;
    for (const Size& size : group_.worlds) addresses = std::max(addresses, size.addresses);
    auto programs = ReferencePrograms::load(addresses, group_.worlds.front().fill);
    if (!programs) return programs.error();
    programs_ = std::make_unique<ReferencePrograms>(std::move(*programs));
    std::vector<Case> cases;
    for (const Case& c : group_.cases) {
      cases.push_back(plain_cases().front());
      cases.back().tuples = c.tuples;
    }
    cases.insert(cases.end(), group_.cases.begin(), group_.cases.end());
    std::stable_partition(cases.begin(), cases.end(), [](const Case& c) { return c.driver() == "plain"; });
    std::set<std::tuple<net::Family, size_t, std::string>> drivers;
    std::set<size_t> sizes;
    for (const Case& c : cases) {
      if (!drivers.insert({c.family, c.tuples, c.driver()}).second) continue;
      if (auto added = add_floor(Floor::kF0, c); !added) return added;
      if (c.driver() != "plain" || c.family != net::Family::kIpv4 || !sizes.insert(c.tuples).second) continue;
      for (Floor floor : {Floor::kF1, Floor::kF2, Floor::kF3, Floor::kLpm})
        if (auto added = add_floor(floor, c); !added) return added.error().within(to_text(floor));
    }
    return base::done();
  }

  Status add_floor(Floor floor, const Case& c) {
    Node& node = *nodes_.front();
    const Reports reports{node.stats_fd(), node.index_of(c.pod)};
    auto contender = FloorContender::make(*programs_, floor, c, c.reports ? &reports : nullptr);
    if (!contender) return contender.error();
    FloorContender& kept = floors_.emplace_back(std::move(*contender));
    const Labels labels = {{"driver", c.driver()},
                           {"family", std::string(net::to_text(c.family))},
                           {"tuples", std::to_string(c.tuples)}};
    add(to_text(floor), "", labels, 0, [&kept] { return kept.sample(); });
    return base::done();
  }

  const Group& group_;
  std::vector<std::unique_ptr<Node>> nodes_;
  std::unique_ptr<ReferencePrograms> programs_;
  std::deque<Measured> measured_;
  std::deque<FloorContender> floors_;
  std::vector<Contender> contenders_;
  std::vector<Series> series_;
};

Status run_group(const Group& group, int rounds, Document& document) {
  const auto start = std::chrono::steady_clock::now();
  const size_t before = document.series.size();
  auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  Stage stage(group);
  if (auto built = stage.build(); !built) return built;
  const double building = seconds();
  if (auto measured = stage.measure(rounds, document); !measured) return measured;
  std::cerr << group.name << ": " << document.series.size() - before << " series, " << rounds << " rounds, "
            << static_cast<int>(building) << " s to load and check, "
            << static_cast<int>(seconds() - building) << " s to measure\n";
  return base::done();
}

}  // namespace

Status run(const Options& options, const std::vector<Group>& groups) {
  stay_on_one_cpu();
  const int rounds = options.rounds_or(kRounds, kQuickRounds);
  auto document = start_document(options, rounds);
  if (!document) return document.error();
  for (const Group& group : groups) {
    if (!options.wants(group.name)) continue;
    if (auto done = run_group(group, rounds, *document); !done) return done.error().within(group.name);
  }
  std::cout << summary(*document);
  return options.out.empty() ? base::done() : write(*document, options.out);
}

}  // namespace sluice::bench
