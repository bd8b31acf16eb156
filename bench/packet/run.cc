#include "bench/packet/run.h"

#include <chrono>
#include <iostream>

#include "bench/packet/facts.h"
#include "bench/packet/stage.h"
#include "bench/packet/summary.h"

namespace sluice::bench {
namespace {

using base::Status;

constexpr int kRounds = 31, kQuickRounds = 21;

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

Status add_facts(Stage& stage, const Group& group, Document& document) {
  auto programs = stage.program_facts();
  if (!programs) return programs.error();
  auto operations = operation_facts(group.cases);
  if (!operations) return operations.error();
  for (const auto* facts : {&*programs, &*operations})
    document.facts.insert(document.facts.end(), facts->begin(), facts->end());
  const auto counter = InstructionCounter::open();
  if (counter) return stage.count_instructions(*counter, document);
  std::cerr << "instructions at run time are not counted: " << counter.error().message() << "\n";
  return base::done();
}

Status run_group(const Group& group, int rounds, Document& document) {
  const size_t before = document.series.size();
  const Stopwatch all;
  auto stage = Stage::build(group);
  if (!stage) return stage.error();
  const double building = all.seconds();
  if (auto measured = (*stage)->measure(rounds, document); !measured) return measured;
  std::cerr << group.name << ": " << document.series.size() - before << " series, " << rounds << " rounds, "
            << static_cast<int>(building) << " s to load and check, "
            << static_cast<int>(all.seconds() - building) << " s to measure\n";
  return document.facts.empty() ? add_facts(**stage, group, document) : base::done();
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
