// packet_sequences: random traffic of one pod, kernel programs and native engine side by side; every packet's verdict and
// reason must be the same, and the flows at the end. What differs is made as small as it gets and printed, with its seed.
#include <CLI/CLI.hpp>
#include <chrono>
#include <iostream>

#include "tests/differential/side_by_side.h"

namespace {

using namespace sluice;
using namespace sluice::differential;

constexpr int kSkipped = 77;
constexpr size_t kLeastReasons = 12;

struct Wanted {
  uint64_t seed = 1, sequences = 100;
  size_t steps = 80;
  double hours = 0;
};

std::string to_text(const SideTally& tally, uint64_t sequences) {
  return std::to_string(sequences) + " sequences, " + std::to_string(tally.packets) + " packets, " +
         std::to_string(tally.passed * 100 / std::max<uint64_t>(tally.packets, 1)) + " % of them passed, " +
         std::to_string(tally.reasons_seen()) + " reasons, " + std::to_string(tally.flows) + " flows";
}

int run(const Wanted& wanted) {
  const auto kernel = testing::kernel_engine();
  if (!kernel) {
    std::cout << "packet_sequences: skipped: loading programs needs root\n";
    return kSkipped;
  }
  const auto user = testing::user_engine();
  SideBySide sides(*kernel, *user);
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::duration<double, std::ratio<3600>>(wanted.hours);
  uint64_t done = 0;
  for (; done < wanted.sequences || std::chrono::steady_clock::now() < end; ++done) {
    const uint64_t seed = wanted.seed + done;
    if (const auto difference = sides.run(draw_traffic(seed, wanted.steps))) {
      std::cout << "DISAGREEMENT --seed " << seed << " --sequences 1 --steps " << wanted.steps << "\n  "
                << *difference << std::flush;
      return 1;
    }
    if (done % 10'000 == 9'999) std::cout << to_text(sides.tally(), done + 1) << std::endl;
  }
  std::cout << to_text(sides.tally(), done) << ": kernel and native engine agree; seeds " << wanted.seed
            << " to " << wanted.seed + done - 1 << "\n";
  if (done >= 100 && sides.tally().reasons_seen() < kLeastReasons) {
    std::cout
        << "packet_sequences: so few reasons test nothing: draw more in tests/differential/traffic.cc\n";
    return 1;
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  CLI::App app(
      "Random traffic that the kernel programs and the native engine must judge alike, packet by packet");
  app.add_option("--seed", wanted.seed, "of the first sequence; each further one has the next")
      ->capture_default_str();
  app.add_option("--sequences", wanted.sequences, "at least so many")->capture_default_str();
  app.add_option("--steps", wanted.steps, "packets, changes and pauses of each")->capture_default_str();
  app.add_option("--hours", wanted.hours, "go on for so long")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  return run(wanted);
}
