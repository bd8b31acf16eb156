#include "bench/api/round.h"

#include <unistd.h>

#include <fstream>
#include <random>
#include <sstream>
#include <thread>

#include "bench/api/objects.h"
#include "bench/harness/options.h"

namespace sluice::bench::api {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr std::chrono::seconds kPatience{20}, kBookmarks{10};
constexpr char kHistogram[] = "sluice_change_seconds";

// proc_pid_stat(5): fields 14 and 15, the 12th and 13th after the name.
double cpu_seconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  std::istringstream fields(text.substr(std::min(text.size(), text.rfind(')') + 1)));
  constexpr int kBefore = 11;
  std::string skipped;
  for (int i = 0; i < kBefore; ++i) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

// proc_stat(5), the first line: all but `idle` and `iowait`, the 4th and 5th.
double cpu_seconds_of_machine() {
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  double sum = 0, ticks = 0;
  constexpr int kFields = 8, kIdle = 3, kIowait = 4;
  for (int i = 0; i < kFields && file >> ticks; ++i)
    if (i != kIdle && i != kIowait) sum += ticks;
  return sum / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Cpu {
  double watcher, agent, others;
};
Cpu cpu_so_far(const Stand& stand) {
  const double watcher = cpu_seconds(stand.watcher()), agent = cpu_seconds(stand.agent());
  return {watcher, agent, cpu_seconds_of_machine() - watcher - agent - cpu_seconds(::getpid())};
}

// Makes the changes at their times; what comes late is made at once.
Status make_changes(Stand& stand, Mix& mix, const Load& load, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::exponential_distribution<double> gap(load.rate);
  const auto begin = Clock::now();
  auto next_bookmark = begin + kBookmarks;
  for (double at = gap(random); at < load.seconds; at += gap(random)) {
    if (interrupted()) return Error("interrupted");
    Drawn drawn = mix.next();
    Prepared prepared = prepare(drawn.change);
    std::this_thread::sleep_until(
        begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(at)));
    const auto now = Clock::now();
    stand.ledger.made(prepared.id, drawn.kind, now);
    carry_out(std::move(prepared), stand.world);
    if (now < next_bookmark) continue;
    stand.world.bookmark();
    next_bookmark += kBookmarks;
  }
  return base::done();
}

}  // namespace

Result<Measured> measure(Stand& stand, Mix& mix, const Load& load, uint64_t seed) {
  stand.ledger.take();
  auto before = read_histogram(kAgentPort, kHistogram);
  if (!before) return before.error();
  const Cpu cpu = cpu_so_far(stand);
  const auto begin = Clock::now();
  if (auto made = make_changes(stand, mix, load, seed); !made) return made.error();
  if (auto all = stand.ledger.wait_for_all(kPatience); !all) return all.error();
  Measured measured;
  measured.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const Cpu now = cpu_so_far(stand);
  measured.watcher_cpu = now.watcher - cpu.watcher;
  measured.agent_cpu = now.agent - cpu.agent;
  measured.others_cpu = now.others - cpu.others;
  measured.samples = stand.ledger.take();
  auto after = read_histogram(kAgentPort, kHistogram);
  if (!after) return after.error();
  measured.change_seconds = after->since(*before);
  if (measured.change_seconds.count() != static_cast<double>(measured.samples.size()))
    return Error(std::to_string(measured.samples.size()) +
                 " changes were made, and the agent's histogram has " +
                 std::to_string(measured.change_seconds.count()));
  return measured;
}

}  // namespace sluice::bench::api
