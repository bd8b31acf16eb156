// bench_change: what a change costs, from the decoded object to the last map write, and what a cluster takes.
#include <iostream>

#include "bench/change/measure.h"
#include "bench/change/memory.h"

namespace {

using namespace sluice;
using namespace sluice::bench;

constexpr Size kLargest{100'000, 10'000, 110}, kTiered{100'000, 100, 110, 200};

std::vector<Size> sizes(bool quick) {
  if (quick) return {{1'000, 100, 110}, kLargest, kTiered};
  std::vector<Size> all;
  for (uint32_t pods : {1'000u, 10'000u, 100'000u})
    for (uint32_t policies : {100u, 1'000u, 10'000u})
      for (uint32_t local : {110u, 500u}) all.push_back({pods, policies, local});
  all.push_back(kTiered);
  return all;
}

// The size that the targets are about gets most events, and map programming.
Effort effort_for(const Size& size, const Options& options, int rounds) {
  Effort effort;
  const bool target = size == kLargest || size == kTiered;
  effort.events = target ? 10 * rounds : options.quick ? rounds : 2 * rounds;
  effort.compiles = target ? (rounds + 1) / 2 : 3;
  effort.probes = target ? 300 : 100;
  effort.check_cases = target && !options.quick;
  effort.programming = target ? rounds : 0;
  return effort;
}

base::Status run(const Options& options, Document& document) {
  auto maps = LoadedMaps::load();
  if (!maps) return maps.error();
  if (options.wants("memory")) {
    std::cerr << "memory\n";
    if (auto done = measure_memory(**maps, options.quick, document); !done) return done.within("memory");
  }
  for (const Size& size : sizes(options.quick)) {
    const std::string name =
        std::to_string(size.pods) + " pods, " + std::to_string(size.policies) + " policies, " +
        std::to_string(size.local) + " of the pods local" +
        (size.tiers == 0 ? "" : ", " + std::to_string(size.tiers) + " ClusterNetworkPolicies");
    std::cerr << name << "\n";
    const Effort effort = effort_for(size, options, document.rounds);
    if (auto done = measure_changes(**maps, size, effort, options, document); !done) return done.within(name);
  }
  return base::done();
}

}  // namespace

int main(int argc, char** argv) {
  const auto options =
      parse_options(argc, argv, "bench_change", "What a change costs, and what a cluster takes");
  if (const int* code = std::get_if<int>(&options)) return *code;
  const auto& wanted = std::get<Options>(options);
  auto document = start_document(wanted, wanted.rounds_or(20, 10));
  base::Status done = document ? run(wanted, *document) : base::Status(document.error());
  if (done && !wanted.out.empty()) done = write(*document, wanted.out);
  if (!done) {
    std::cerr << "bench_change: " << done.error().message() << "\n";
    return 1;
  }
  std::cout << to_table(*document);
  return 0;
}
