#include "bench/harness/rounds.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <random>

#include "bench/harness/options.h"

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;

// Collects what Google Benchmark measured, by the number that is the benchmark's name; prints nothing.
class Collector final : public benchmark::BenchmarkReporter {
 public:
  explicit Collector(size_t contenders) : samples_(contenders) {}
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      if (run.error_occurred && !failure_) failure_ = run.error_message;
      if (!run.error_occurred) samples_[std::stoul(run.run_name.function_name)] = run.GetAdjustedRealTime();
    }
  }
  const std::vector<double>& samples() const { return samples_; }
  const std::optional<std::string>& failure() const { return failure_; }

 private:
  std::vector<double> samples_;
  std::optional<std::string> failure_;
};

void enlist(const Contender& contender, size_t number) {
  benchmark::RegisterBenchmark(
      std::to_string(number).c_str(),
      [&contender](benchmark::State& state) {
        for (auto _ : state) {
          auto sample = contender.sample();
          if (!sample) {
            state.SkipWithError((contender.name + ": " + sample.error().message()).c_str());
            break;
          }
          state.SetIterationTime(std::chrono::duration<double>(*sample).count());
        }
      })
      ->Iterations(1)
      ->UseManualTime()
      ->Unit(benchmark::kNanosecond);
}

}  // namespace

Result<std::vector<std::vector<double>>> run_rounds(const std::vector<Contender>& contenders,
                                                    const RoundOptions& options) {
  std::mt19937_64 random(options.seed);
  std::vector<size_t> order(contenders.size());
  std::iota(order.begin(), order.end(), 0);
  std::vector<std::vector<double>> samples(contenders.size());
  for (int round = -options.warm_ups; round < options.rounds; ++round) {
    if (interrupted()) return Error("interrupted");
    std::shuffle(order.begin(), order.end(), random);
    for (size_t number : order) enlist(contenders[number], number);
    Collector collector(contenders.size());
    benchmark::RunSpecifiedBenchmarks(&collector, "all");
    benchmark::ClearRegisteredBenchmarks();
    if (collector.failure()) return Error(*collector.failure());
    if (round < 0) continue;
    for (size_t i = 0; i < contenders.size(); ++i) samples[i].push_back(collector.samples()[i]);
  }
  return samples;
}

}  // namespace sluice::bench
