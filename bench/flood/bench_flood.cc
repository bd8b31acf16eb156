// bench_flood: what a flood of one pod costs the others. Each flood is sent at full speed, and the connections of other
// pods that stood idle meanwhile are counted; then, in turns with a sender whose packets pass none of our programs,
// what a new connection and a datagram of another pod take beside it.
#include <CLI/CLI.hpp>
#include <iostream>
#include <thread>

#include "bench/flood/floods.h"
#include "bench/flood/idle.h"
#include "bench/flood/readers.h"
#include "bench/flood/sampler.h"
#include "bench/harness/document.h"
#include "bench/harness/rounds.h"
#include "sluice/limits.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using base::Error;
using base::Result;
using base::Status;

constexpr char kSuite[] = "flood";
constexpr int kRounds = 15, kQuickRounds = 3;
constexpr uint32_t kQuickConnections = 300'000, kQuickIdle = 60, kSlice = 100'000;
constexpr unsigned kLastCpu = ~0U;
constexpr std::chrono::milliseconds kSettles{2500};  // until what was not reported of a second is told of

struct Wanted {
  Options options;
  uint32_t connections = 10'000'000, idle = 600, flows = SLUICE_LEAST_FLOWS;
  double seconds = 1;
};

void add_options(CLI::App& app, Wanted& wanted) {
  app.add_option("--connections", wanted.connections, "of each flood: SYNs, datagrams, handshakes")
      ->check(CLI::Range(1'000U, 1'000'000'000U));
  app.add_option("--idle", wanted.idle, "connections of other pods that stand idle meanwhile")
      ->check(CLI::Range(3U, 20'000U));
  app.add_option("--flows", wanted.flows, "size of the agent's flow table")
      ->check(CLI::Range(SLUICE_LEAST_FLOWS, 16 * SLUICE_LEAST_FLOWS));
  app.add_option("--seconds", wanted.seconds, "of each sample")->check(CLI::Range(0.1, 60.0));
}

Labels labels_of(flood::Kind kind) {
  return {{"flood", flood::to_text(kind)}};
}

class Bench {
 public:
  static Result<Bench> open(const Wanted& wanted) {
    auto stand = flood::Stand::build();
    if (!stand) return stand.error();
    if (auto started = (*stand)->start_agent(wanted.flows); !started) return started.error();
    auto idle = flood::IdleConnections::open(wanted.idle);
    if (!idle) return idle.error();
    auto sampler = flood::Sampler::open();
    if (!sampler) return sampler.error();
    auto pods = flood::Sender::open(flood::kFlooding, flood::kFlooded);
    if (!pods) return pods.error();
    auto denied = flood::Sender::open(flood::kFlooding, flood::kCalled);
    if (!denied) return denied.error();
    auto strangers = flood::Sender::open(flood::kStranger, flood::kOtherStranger);
    if (!strangers) return strangers.error();
    return Bench(wanted, std::move(*stand), std::move(*idle), std::move(*sampler), std::move(*pods),
                 std::move(*denied), std::move(*strangers));
  }

  // All of a flood at once; how many idle connections it cost.
  Result<size_t> flood(flood::Kind kind, Document& document) {
    const auto before = flood::Stand::flows();
    if (!before) return before.error();
    auto watched = watch(kind);
    if (!watched) return watched.error();
    // They stood idle while the flood before was measured: none may come near the idle time-out of UDP.
    if (const size_t gone = idle_.count_lost(); gone > 0)
      return Error(std::to_string(gone) + " idle connections were lost before the flood");
    const auto begin = std::chrono::steady_clock::now();
    for (uint32_t left = wanted_.connections; left > 0;) {
      if (interrupted()) return Error("interrupted");
      const uint32_t some = std::min(left, kSlice);
      if (auto sent = sender_of(kind).send(kind, some); !sent) return sent.error();
      left -= some;
    }
    const Nanoseconds took = std::chrono::steady_clock::now() - begin;
    if (auto told = tell(kind, *watched, took, document); !told) return told.error();
    const size_t asked = idle_.size(), lost = idle_.count_lost();
    const auto after = flood::Stand::flows();
    if (!after) return after.error();
    const double each = took.count() / wanted_.connections;
    add_facts(kind, lost, each, *before, *after, document);
    std::cerr << "bench_flood: " << flood::to_text(kind) << ": " << wanted_.connections << " connections, "
              << static_cast<uint64_t>(1e9 / each) << " a second; " << lost << " of " << asked
              << " idle ones of other pods lost\n";
    checked_ += asked - lost;
    return lost;
  }

  Status measure(flood::Kind kind, Document& document) {
    std::vector<double> trips[2];
    const std::vector<Contender> contenders = {
        {"sluice", [&] { return take(sender_of(kind), kind, trips[0]); }},
        {"unrelated", [&] { return take(strangers_, kind, trips[1]); }}};
    constexpr int kWarmUps = 1;
    auto samples = run_rounds(contenders, {.rounds = document.rounds, .warm_ups = kWarmUps, .seed = 1});
    if (!samples) return samples.error();
    for (size_t i = 0; i < contenders.size(); ++i) {
      trips[i].erase(trips[i].begin(), trips[i].begin() + kWarmUps);
      add(kind, contenders[i].name, "connection", std::move((*samples)[i]), document);
      add(kind, contenders[i].name, "round-trip-p99", std::move(trips[i]), document);
    }
    return base::done();
  }

 private:
  // What is known before a flood of what the agent does about it.
  struct Watched {
    std::unique_ptr<flood::Readers> readers;  // of a flood that is denied
    uint64_t denied = 0;
    std::chrono::duration<double> processor{};
  };

  Bench(const Wanted& wanted, std::unique_ptr<flood::Stand> stand, flood::IdleConnections idle,
        flood::Sampler sampler, flood::Sender pods, flood::Sender denied, flood::Sender strangers)
      : wanted_(wanted),
        stand_(std::move(stand)),
        idle_(std::move(idle)),
        sampler_(std::move(sampler)),
        pods_(std::move(pods)),
        denied_(std::move(denied)),
        strangers_(std::move(strangers)) {}

  flood::Sender& sender_of(flood::Kind kind) { return kind == flood::Kind::kDenied ? denied_ : pods_; }

  Result<Watched> watch(flood::Kind kind) {
    Watched watched;
    if (kind == flood::Kind::kDenied) {
      auto readers = flood::Readers::open([this] { return denied_.send(flood::Kind::kDenied, 1); });
      if (!readers) return readers.error();
      watched.readers = std::move(*readers);
      std::this_thread::sleep_for(kSettles);
    }
    const auto denied = flood::Stand::denied();
    if (!denied) return denied.error();
    watched.denied = *denied;
    for (const uint64_t told : watched.readers ? watched.readers->told() : std::vector<uint64_t>())
      told_before_ = std::max(told_before_, told);
    const auto processor = stand_->processor_time();
    if (!processor) return processor.error();
    watched.processor = *processor;
    return watched;
  }

  // The agent's share of one processor, and of denied packets how many each reader was told of.
  Status tell(flood::Kind kind, const Watched& watched, Nanoseconds took, Document& document) {
    const auto processor = stand_->processor_time();
    if (!processor) return processor.error();
    const auto fact = [&](const char* name, double value, const char* unit) {
      document.facts.push_back({kSuite, name, labels_of(kind), value, unit});
    };
    const double share = (*processor - watched.processor) / std::chrono::duration<double>(took);
    fact("agent_share", 100 * share, "% of a processor");
    std::cerr << "bench_flood: " << flood::to_text(kind) << ": the agent took " << 100 * share
              << " % of a processor\n";
    if (!watched.readers) return base::done();
    std::this_thread::sleep_for(kSettles);
    const auto denied = flood::Stand::denied();
    if (!denied) return denied.error();
    uint64_t least = UINT64_MAX;
    for (const uint64_t told : watched.readers->told()) least = std::min(least, told - told_before_);
    fact("denied", static_cast<double>(*denied - watched.denied), "packets");
    fact("told", static_cast<double>(least), "packets, lost ones too, to the reader that was told least");
    std::cerr << "bench_flood: " << *denied - watched.denied << " packets denied; "
              << flood::Readers::kReaders << " readers were told of " << least << " or more\n";
    return base::done();
  }

  Result<Nanoseconds> take(flood::Sender& sender, flood::Kind kind, std::vector<double>& trips) {
    flood::Sending sending(sender, kind);
    const std::chrono::duration<double> lasting(wanted_.seconds);
    auto trip = sampler_.round_trip(lasting);
    if (!trip) return trip;
    auto connection = sampler_.connection(lasting);
    if (!connection) return connection;
    if (auto stopped = sending.stop(); !stopped) return stopped.error();
    trips.push_back(trip->count());
    return connection;
  }

  void add(flood::Kind kind, const std::string& contender, const char* name, std::vector<double> rounds,
           Document& document) const {
    for (double& round : rounds) round /= 1000;
    document.series.push_back({kSuite, flood::to_text(kind), contender, name, labels_of(kind), "us",
                               std::move(rounds), contender == "sluice" ? checked_ : 0});
  }

  void add_facts(flood::Kind kind, size_t lost, double each, const v1::Flows& before, const v1::Flows& after,
                 Document& document) const {
    const auto fact = [&](const char* name, double value, const char* unit) {
      document.facts.push_back({kSuite, name, labels_of(kind), value, unit});
    };
    fact("connections_lost", static_cast<double>(lost), "connections");
    fact("connections_idle", wanted_.idle, "connections");
    fact("flood_connections", wanted_.connections, "connections");
    fact("flood_ns", each, "ns per connection");
    fact("flood_displaced",
         static_cast<double>(after.displaced_unanswered() - before.displaced_unanswered() +
                             after.displaced_answered() - before.displaced_answered() + after.refused() -
                             before.refused()),
         "flows");
  }

  const Wanted wanted_;
  std::unique_ptr<flood::Stand> stand_;
  flood::IdleConnections idle_;
  flood::Sampler sampler_;
  flood::Sender pods_, denied_, strangers_;
  uint64_t told_before_ = 0;
  uint64_t checked_ = 0;  // idle connections that were asked after a flood, and answered
};

Status run(const Wanted& wanted, Document& document) {
  auto bench = Bench::open(wanted);
  if (!bench) return bench.error();
  flood::stay_on_cpu(kLastCpu);
  size_t lost = 0;
  for (const flood::Kind kind : flood::kKinds) {
    if (!wanted.options.wants(flood::to_text(kind))) continue;
    auto cost = bench->flood(kind, document);
    if (!cost) return cost.error().within(flood::to_text(kind));
    lost += *cost;
    if (auto measured = bench->measure(kind, document); !measured)
      return measured.error().within(flood::to_text(kind));
  }
  return lost == 0 ? base::done()
                   : Status(Error(std::to_string(lost) + " connections of other pods were lost"));
}

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  auto options = parse_options(argc, argv, "bench_flood", "What a flood of one pod costs the others",
                               [&](CLI::App& app) { add_options(app, wanted); });
  if (const int* code = std::get_if<int>(&options)) return *code;
  wanted.options = std::get<Options>(std::move(options));
  if (wanted.options.quick) {
    wanted.connections = std::min(wanted.connections, kQuickConnections);
    wanted.idle = std::min(wanted.idle, kQuickIdle);
    wanted.seconds = std::min(wanted.seconds, 0.3);
  }
  auto document = start_document(wanted.options, wanted.options.rounds_or(kRounds, kQuickRounds));
  Status done = document ? run(wanted, *document) : Status(document.error());
  if (document) std::cout << to_table(*document);
  if (done && !wanted.options.out.empty()) done = write(*document, wanted.options.out);
  if (done) return 0;
  std::cerr << "bench_flood: " << done.error().message() << "\n";
  return 1;
}
