// sluice_differential: random clusters of rising size; reference, native and bpf must agree on every probe,
// on every packet that a pod sends and on pings in their order. Each cluster is written in odd spellings
// first and must be read back as it was; where policies have hours, what is left of it at some moment is asked about.
#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/times/hours.h"
#include "tests/differential/agreement.h"
#include "tests/oracle/hours.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/text.h"
#include "tests/spelling/respell.h"

namespace sluice::differential {
namespace {

struct Settings {
  uint64_t seed = 1;
  uint64_t clusters = 100;
  size_t probes = 200;
  size_t sendings = 60;
  size_t echoes = 60;
  int most_pods = 60;
  std::vector<std::string> engines = {"native", "bpf"};
};

base::Result<std::vector<SwitchingEngine>> make_engines(const Settings& settings) {
  std::vector<SwitchingEngine> engines;
  for (const std::string& name : settings.engines) {
    auto runner = name == "bpf" ? engine::make_kernel_runner() : engine::make_native_runner();
    if (!runner) return runner.error().within("engine " + name);
    engines.emplace_back(name, *std::move(runner));
  }
  return engines;
}

// As it is read from files that spell it oddly. An error where that gives another cluster.
base::Result<model::Cluster> read_respelled(const model::Cluster& cluster, uint64_t seed) {
  spelling::Reading read = spelling::read_back(spelling::respell(cluster, seed));
  const std::string where = "seed " + std::to_string(seed) + ", respelled";
  if (!read.problems.empty()) return base::Error(where + ": " + read.problems.front().to_text());
  if (!(read.cluster == cluster))
    return base::Error(where + ": is read as\n" + oracle::to_yaml(read.cluster) + "and is\n" +
                       oracle::to_yaml(cluster));
  return std::move(read.cluster);
}

// As it is at a moment of the year, if some of its policies have hours. An error where the oracle leaves out others.
base::Result<model::Cluster> at_a_moment(model::Cluster cluster, uint64_t seed) {
  oracle::Random random(seed);
  const int64_t moment = oracle::random_moment(random);
  const model::Cluster left = oracle::within_hours(cluster, moment);
  const times::Instant instant{std::chrono::seconds(moment)};
  times::at(cluster, instant);
  if (cluster == left) return cluster;
  return base::Error("seed " + std::to_string(seed) + ", at " + times::to_text(instant) + " is left\n" +
                     oracle::to_yaml(cluster) + "and not\n" + oracle::to_yaml(left));
}

base::Result<Round> draw(uint64_t seed, int pods, const Settings& settings) {
  model::Cluster drawn = oracle::random_cluster(seed, pods);
  if (seed % 2 == 0) drawn = oracle::with_tiers(std::move(drawn), seed);
  if (seed % 4 == 0) drawn = oracle::with_names(std::move(drawn), seed);
  if (seed % 3 == 0) drawn = oracle::with_hours(std::move(drawn), seed);
  auto written = read_respelled(drawn, seed);
  if (!written) return written.error();
  auto cluster = at_a_moment(*std::move(written), seed);
  if (!cluster) return cluster.error();
  Round round{seed, *std::move(cluster), {}, {}, {}};
  if (seed % 4 == 0) round.cluster.resolved = oracle::random_resolved(round.cluster, seed);
  round.probes = oracle::random_probes(round.cluster, seed, settings.probes);
  round.sendings = oracle::random_sendings(round.cluster, seed, settings.sendings);
  round.echoes = oracle::random_echoes(round.cluster, seed, settings.echoes);
  return round;
}

// Do all engines agree with the reference? Says what not.
bool agree(const Round& round, std::vector<SwitchingEngine>& engines) {
  for (SwitchingEngine& engine : engines) {
    const auto agreed = agree(round, engine);
    if (!agreed)
      std::cerr << "seed " << round.seed << ", engine " << engine.name() << ": " << agreed.error().message()
                << "\n";
    if (!agreed || !*agreed) return false;
  }
  return true;
}

int run(const Settings& settings) {
  auto engines = make_engines(settings);
  if (!engines) {
    std::cerr << engines.error().message() << "\n";
    return 1;
  }
  Tally tally;
  for (uint64_t i = 0; i < settings.clusters; ++i) {
    const int pods = 1 + static_cast<int>(i * static_cast<uint64_t>(settings.most_pods) / settings.clusters);
    const auto round = draw(settings.seed + i, pods, settings);
    if (!round) std::cerr << round.error().message() << "\n";
    if (!round || !agree(*round, *engines)) return 1;
    tally.add(*round);
  }
  std::cout << tally.to_text() << ": the reference";
  for (const SwitchingEngine& engine : *engines) std::cout << " and " << engine.name();
  std::cout << " agree on all of them; seeds " << settings.seed << " to "
            << settings.seed + settings.clusters - 1 << "\n";
  return 0;
}

}  // namespace
}  // namespace sluice::differential

int main(int argc, char** argv) {
  sluice::differential::Settings settings;
  CLI::App app("Random clusters on which the reference evaluator and the packet engines must agree");
  app.add_option("--seed", settings.seed, "of the first cluster; each further one has the next")
      ->capture_default_str();
  app.add_option("--clusters", settings.clusters, "how many")->capture_default_str();
  app.add_option("--probes", settings.probes, "for each cluster")->capture_default_str();
  app.add_option("--sendings", settings.sendings, "packets of pods from any source, for each cluster")
      ->capture_default_str();
  app.add_option("--echoes", settings.echoes, "packets of pings in their order, for each cluster")
      ->capture_default_str();
  app.add_option("--most-pods", settings.most_pods, "of the last and largest cluster")->capture_default_str();
  app.add_option("--engines", settings.engines, "native, bpf or both (bpf needs root)")
      ->delimiter(',')
      ->check(CLI::IsMember({"native", "bpf"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return sluice::differential::run(settings);
}
