// sluice_differential: random clusters of rising size; reference, native and bpf must agree on every probe. A
// disagreement is shrunk and printed as a manifest and a probe, with its seed.
#include <CLI/CLI.hpp>
#include <iostream>

#include "tests/differential/switching_engine.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/reference.h"
#include "tests/oracle/shrink.h"
#include "tests/oracle/text.h"

namespace sluice::differential {
namespace {

struct Settings {
  uint64_t seed = 1;
  uint64_t clusters = 100;
  size_t probes = 200;
  size_t sendings = 60;
  int most_pods = 60;
  std::vector<std::string> engines = {"native", "bpf"};
};

struct Disagreement {
  model::Probe probe;
  model::Answer reference;
  std::optional<model::Answer> other;
};

struct Tally {
  uint64_t clusters = 0, probes = 0, senseless = 0, denied = 0, sendings = 0, withheld = 0;
};

bool same(const model::Answer& a, const model::Answer& b) {
  return a.egress == b.egress && a.ingress == b.ingress;
}

std::string sides(const std::optional<model::Answer>& answer) {
  if (!answer) return "no answer";
  return "egress " + std::string(to_text(answer->egress)) + ", ingress " +
         std::string(to_text(answer->ingress));
}

// The first probe on which the engine and the reference differ.
base::Result<std::optional<Disagreement>> compare(const model::Cluster& cluster,
                                                  const std::vector<model::Probe>& probes,
                                                  SwitchingEngine& engine, Tally* tally) {
  oracle::Reference reference(cluster);
  auto answers = engine.evaluate(cluster, probes);
  if (!answers) return answers.error();
  for (size_t i = 0; i < probes.size(); ++i) {
    auto expected = reference.evaluate(probes[i]);
    const auto& got = (*answers)[i];
    if (tally) {
      ++tally->probes;
      tally->senseless += !expected.ok();
      tally->denied += expected.ok() && expected->verdict() == model::Verdict::kDeny;
    }
    if (!expected.ok()) {
      if (got) return std::optional(Disagreement{probes[i], {}, got});
      continue;
    }
    if (!got || !same(*expected, *got)) return std::optional(Disagreement{probes[i], *expected, got});
  }
  return std::optional<Disagreement>();
}

void report(const Disagreement& found, const model::Cluster& cluster, SwitchingEngine& engine,
            uint64_t seed) {
  model::Cluster small = oracle::shrink(
      cluster,
      [&](const model::Cluster& candidate) {
        auto again = compare(candidate, {found.probe}, engine, nullptr);
        return again.ok() && again->has_value();
      },
      2000);
  auto again = compare(small, {found.probe}, engine, nullptr);
  const Disagreement& shown = again.ok() && *again ? **again : found;
  std::cout << "DISAGREEMENT seed " << seed << ", engine " << engine.name() << "\n  probe     "
            << oracle::to_json(shown.probe) << "\n  reference " << sides(shown.reference) << "\n  "
            << engine.name() << "    " << sides(shown.other) << "\nsmallest cluster that shows it:\n"
            << oracle::to_yaml(small) << std::flush;
}

std::string to_text(const oracle::Sending& sending) {
  std::string text = sending.pod.to_text() + " as " + sending.source.to_text() + " -> " +
                     sending.to.to_text() + " " + sending.protocol.to_text();
  return sending.port ? text + "/" + std::to_string(sending.port->host()) : text;
}

// The first sending that the engine and the reference do not agree on.
base::Result<std::optional<oracle::Sending>> compare(const model::Cluster& cluster,
                                                     const std::vector<oracle::Sending>& sendings,
                                                     SwitchingEngine& engine, Tally* tally) {
  const oracle::Reference reference(cluster);
  auto verdicts = engine.evaluate(cluster, sendings);
  if (!verdicts) return verdicts.error();
  for (size_t i = 0; i < sendings.size(); ++i) {
    const model::Verdict expected = reference.evaluate(sendings[i]);
    if (tally) {
      ++tally->sendings;
      tally->withheld += expected == model::Verdict::kDeny;
    }
    if ((*verdicts)[i] != expected) return std::optional(sendings[i]);
  }
  return std::optional<oracle::Sending>();
}

void report(const oracle::Sending& found, const model::Cluster& cluster, SwitchingEngine& engine,
            uint64_t seed) {
  const model::Cluster small = oracle::shrink(
      cluster,
      [&](const model::Cluster& candidate) {
        const auto pod = candidate.pods.find(found.pod);
        if (pod == candidate.pods.end() || model::PodAddresses(candidate).owned_by(pod->second).empty())
          return false;
        auto again = compare(candidate, std::vector{found}, engine, nullptr);
        return again.ok() && again->has_value();
      },
      2000);
  std::cout << "DISAGREEMENT seed " << seed << ", engine " << engine.name() << "\n  sending   "
            << to_text(found) << "\n  reference " << model::to_text(oracle::Reference(small).evaluate(found))
            << "\nsmallest cluster that shows it:\n"
            << oracle::to_yaml(small) << std::flush;
}

base::Result<std::vector<SwitchingEngine>> make_engines(const Settings& settings) {
  std::vector<SwitchingEngine> engines;
  for (const std::string& name : settings.engines) {
    auto runner = name == "bpf" ? control::make_kernel_runner() : control::make_native_runner();
    if (!runner) return runner.error().within("engine " + name);
    engines.emplace_back(name, *std::move(runner));
  }
  return engines;
}

// Do all engines agree on this cluster? Says what not.
bool agree(uint64_t seed, const model::Cluster& cluster, const Settings& settings,
           std::vector<SwitchingEngine>& engines, Tally& tally) {
  const auto probes = oracle::random_probes(cluster, seed, settings.probes);
  const auto sendings = oracle::random_sendings(cluster, seed, settings.sendings);
  for (SwitchingEngine& engine : engines) {
    Tally* counted = &engine == &engines.front() ? &tally : nullptr;
    const auto probe = compare(cluster, probes, engine, counted);
    const auto sending = compare(cluster, sendings, engine, counted);
    if (!probe || !sending) {
      std::cerr << "seed " << seed << ", engine " << engine.name() << ": "
                << (probe ? sending.error() : probe.error()).message() << "\n";
      return false;
    }
    if (*probe) report(**probe, cluster, engine, seed);
    if (*sending) report(**sending, cluster, engine, seed);
    if (*probe || *sending) return false;
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
    uint64_t seed = settings.seed + i;
    int pods = 1 + static_cast<int>(i * static_cast<uint64_t>(settings.most_pods) / settings.clusters);
    ++tally.clusters;
    if (!agree(seed, oracle::random_cluster(seed, pods), settings, *engines, tally)) return 1;
  }
  std::cout << tally.clusters << " clusters, " << tally.probes << " probes (" << tally.denied << " denied, "
            << tally.senseless << " without sense), " << tally.sendings << " sendings (" << tally.withheld
            << " withheld): the reference";
  for (const SwitchingEngine& engine : *engines) std::cout << " and " << engine.name();
  std::cout << " agree on all of them; first seed " << settings.seed << "\n";
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
  app.add_option("--most-pods", settings.most_pods, "of the last and largest cluster")->capture_default_str();
  app.add_option("--engines", settings.engines, "native, bpf or both (bpf needs root)")
      ->delimiter(',')
      ->check(CLI::IsMember({"native", "bpf"}))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return sluice::differential::run(settings);
}
