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
constexpr size_t kPolicySizes[] = {0, 10, 1'000, 10'000};
constexpr uint64_t kSeed = 3;

// What is measured of every stand. Its name is the group's too: its series are interleaved with each other.
struct Case {
  const char* name;
  const char* unit;
  double nanoseconds_per_unit;
  Result<Nanoseconds> (*take)(Stand& stand);
};

Result<Nanoseconds> elapsed(const Result<Sample>& sample) {
  if (!sample) return sample.error();
  return sample->elapsed;
}

Result<Nanoseconds> cpu(const Result<Sample>& sample) {
  if (!sample) return sample.error();
  return sample->cpu;
}

std::function<Status()> forgetting(Stand& stand) {
  return [&stand] { return stand.protection->forget_connections(); };
}

constexpr char kCpuCase[] = "cpu";
constexpr Case kCases[] = {
    {"small-packets", "ns per packet", 1,
     [](Stand& stand) { return elapsed(stand.traffic.small_packets()); }},
    {kCpuCase, "ns CPU per packet", 1, [](Stand& stand) { return cpu(stand.traffic.small_packets()); }},
    {"new-flows", "ns per packet", 1,
     [](Stand& stand) { return elapsed(stand.traffic.new_flows(forgetting(stand))); }},
    {"connections", "us per connection", 1000,
     [](Stand& stand) { return elapsed(stand.traffic.connections(forgetting(stand))); }},
    {"bulk", "ns per KiB", 1, [](Stand& stand) { return elapsed(stand.traffic.bulk()); }},
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
#define SLUICE_BENCH_STAND(NAME, name, follows) \
  if (follows || policies == 0)                 \
    if (auto added = add_stand(stands, Kind::k##NAME, policies, cluster); !added) return added.error();
    SLUICE_BENCH_PROTECTIONS(SLUICE_BENCH_STAND)
#undef SLUICE_BENCH_STAND
  }
  return stands;
}

Series series_of(const Case& measured, const Stand& stand, std::vector<double> rounds) {
  for (double& round : rounds) round /= measured.nanoseconds_per_unit;
  Series series{"wire", measured.name, to_text(stand.kind), measured.name,
                {},     measured.unit, std::move(rounds),   stand.checked};
  if (follows_policies(stand.kind)) series.labels["policies"] = std::to_string(stand.policies);
  if (const std::string variant = stand.protection->variant(); !variant.empty())
    series.labels["variant"] = variant;
  return series;
}

Status measure(const Case& measured, Stands& stands, int rounds, Document& document) {
  std::vector<Contender> contenders;
  for (const auto& stand : stands)
    contenders.push_back({stand->name(), [&measured, &stand] { return measured.take(*stand); }});
  auto samples = run_rounds(contenders, {.rounds = rounds, .warm_ups = 1, .seed = kSeed});
  if (!samples) return samples.error().within(measured.name);
  for (size_t i = 0; i < stands.size(); ++i)
    document.series.push_back(series_of(measured, *stands[i], std::move((*samples)[i])));
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
  for (const Case& measured : kCases) {
    if (!options.wants(measured.name)) continue;
    if (measured.name == kCpuCase && !*covered) {
      std::fprintf(stderr, "bench_wire: cpu: left out: this kernel counts softirqs for nobody\n");
      continue;
    }
    if (auto done = measure(measured, *stands, rounds, *document); !done) return done.error();
  }
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
