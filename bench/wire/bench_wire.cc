// bench_wire: what a packet, a connection and a KiB cost on the wire, between two pods of one node, under
// each contender: nothing, an empty program, Sluice, nftables, iptables, ipset. See bench/wire/README.md.
#include <cstdio>
#include <vector>

#include "bench/harness/document.h"
#include "bench/wire/stand.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {
namespace {

using base::Result;
using base::Status;

constexpr int kRounds = 40;
constexpr int kQuickRounds = 5;
constexpr int kWarmUps = 1;  // rounds
constexpr size_t kPolicySizes[] = {0, 10, 1'000, 10'000};
constexpr uint64_t kSeed = 3;

// What is measured of every stand. Its name is the group's too: its series are interleaved with each other.
// Each sample gives two series, one of the time that passed and one of CPU time.
struct Case {
  const char* name;
  const char* cpu_name;
  const char* of;  // what the time is shared out among
  const char* time_unit;
  double nanoseconds_per_unit;
  bool quick;  // measured with --quick too
  Result<Sample> (*take)(Stand& stand);
};

std::function<Status()> forgetting(Stand& stand) {
  return [&stand] { return stand.protection->forget_connections(); };
}

constexpr Case kCases[] = {
    {"small-packets", "cpu", "packet", "ns", 1, true,
     [](Stand& stand) { return stand.traffic.small_packets(); }},
    {"new-flows", "cpu-new-flows", "packet", "ns", 1, true,
     [](Stand& stand) { return stand.traffic.new_flows(forgetting(stand)); }},
    {"connections", "cpu-connections", "connection", "us", 1000, true,
     [](Stand& stand) { return stand.traffic.connections(forgetting(stand)); }},
    {"connections-two-threads", "cpu-connections-two-threads", "connection", "us", 1000, false,
     [](Stand& stand) { return stand.traffic.connections_accepted_elsewhere(forgetting(stand)); }},
    {"bulk", "cpu-bulk", "KiB", "ns", 1, true, [](Stand& stand) { return stand.traffic.bulk(); }},
};

using Stands = std::vector<std::unique_ptr<Stand>>;

Status add_stand(Stands& stands, Kind kind, size_t policies, const model::Cluster& cluster) {
  if (interrupted()) return base::Error("interrupted");
  auto stand = make_stand(kind, policies, cluster);
  if (!stand) return stand.error();
  std::fprintf(stderr, "bench_wire: %s: %zu connections as the reference engine says\n",
               (*stand)->name().c_str(), (*stand)->checked);
  stands.push_back(std::move(*stand));
  return base::done();
}

Result<Stands> make_stands() {
  Stands stands;
  for (const size_t policies : kPolicySizes) {
    const model::Cluster cluster = make_cluster(policies);
    for (const KindFacts& one : kKinds)
      if (one.follows_policies || policies == 0)
        if (auto added = add_stand(stands, one.kind, policies, cluster); !added) return added.error();
  }
  return stands;
}

// `nanoseconds` a round; `what` is "ns" or "ns CPU".
Series series_of(const Case& measured, const Stand& stand, const char* name, const std::string& what,
                 std::vector<double> nanoseconds) {
  for (double& round : nanoseconds) round /= measured.nanoseconds_per_unit;
  Series series{"wire",
                measured.name,
                facts_of(stand.kind).name,
                name,
                {},
                what + " per " + measured.of,
                std::move(nanoseconds),
                stand.checked};
  if (facts_of(stand.kind).follows_policies) series.labels["policies"] = std::to_string(stand.policies);
  if (const std::string variant = stand.protection->variant(); !variant.empty())
    series.labels["variant"] = variant;
  return series;
}

// A contender that also notes the CPU time of each of its samples.
Contender contender_of(const Case& measured, Stand& stand, std::vector<double>& cpu) {
  return {stand.name(), [&measured, &stand, &cpu]() -> Result<Nanoseconds> {
            auto sample = measured.take(stand);
            if (!sample) return sample.error();
            cpu.push_back(sample->cpu.count());
            return sample->elapsed;
          }};
}

Status measure(const Case& measured, const Stands& stands, bool with_cpu, int rounds, Document& document) {
  std::vector<Contender> contenders;
  std::vector<std::vector<double>> cpu(stands.size());
  for (size_t i = 0; i < stands.size(); ++i) contenders.push_back(contender_of(measured, *stands[i], cpu[i]));
  auto samples = run_rounds(contenders, {.rounds = rounds, .warm_ups = kWarmUps, .seed = kSeed});
  if (!samples) return samples.error().within(measured.name);
  const std::string unit = measured.time_unit;
  for (size_t i = 0; i < stands.size(); ++i) {
    document.series.push_back(series_of(measured, *stands[i], measured.name, unit, std::move((*samples)[i])));
    cpu[i].erase(cpu[i].begin(), cpu[i].begin() + kWarmUps);
    if (with_cpu)
      document.series.push_back(
          series_of(measured, *stands[i], measured.cpu_name, unit + " CPU", std::move(cpu[i])));
  }
  std::fprintf(stderr, "bench_wire: %s: %d rounds of %zu contenders\n", measured.name, rounds, stands.size());
  return base::done();
}

Result<Document> run(const Options& options) {
  const int rounds = options.rounds_or(kRounds, kQuickRounds);
  auto document = start_document(options, rounds);
  if (!document) return document;
  if (auto stays = stay_on_one_cpu(); !stays) return stays.error();
  auto stands = make_stands();
  if (!stands) return stands.error();
  auto covered = cpu_clock_covers_softirqs(stands->front()->traffic);
  if (!covered) return covered.error();
  if (!*covered) std::fputs("bench_wire: no CPU times: this kernel counts softirqs for nobody\n", stderr);
  for (const Case& measured : kCases)
    if (options.wants(measured.name) && (measured.quick || !options.quick))
      if (auto done = measure(measured, *stands, *covered, rounds, *document); !done) return done.error();
  return document;
}

Status finish(const Document& document, const Options& options) {
  std::fputs(to_table(document).c_str(), stdout);
  return options.out.empty() ? base::done() : write(document, options.out);
}

}  // namespace
}  // namespace sluice::bench::wire

int main(int argc, char** argv) {
  using namespace sluice::bench;
  auto parsed =
      parse_options(argc, argv, "bench_wire",
                    "What packets, connections and bulk cost on the wire, under Sluice and under others");
  if (const int* code = std::get_if<int>(&parsed)) return *code;
  const Options& options = std::get<Options>(parsed);
  auto document = wire::run(options);
  const auto finished = document ? wire::finish(*document, options) : sluice::base::Status(document.error());
  if (finished) return 0;
  std::fprintf(stderr, "bench_wire: %s\n", finished.error().message().c_str());
  return 1;
}
