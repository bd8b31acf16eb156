// soak: floods, tables of one size and another, and an agent that is exchanged, again and again under traffic, for as
// long as one likes. A line a step; ends with 1 at the first connection, number or datagram of other pods that is lost.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>

#include "bench/flood/floods.h"
#include "bench/flood/idle.h"
#include "bench/harness/options.h"
#include "bench/harness/table.h"
#include "sluice/limits.h"
#include "tests/live/beating.h"

namespace {

using namespace sluice;
using namespace sluice::bench;
using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

constexpr int kBeatPatience = 5000;  // milliseconds
constexpr uint64_t kBeats = 100;     // before and after an agent is exchanged
constexpr uint32_t kSlice = 50'000;  // connections of a flood between two looks at the clock
constexpr double kMib = 1 << 20;

struct Wanted {
  double hours = 0.1;
  uint32_t connections = 1'000'000, idle = 300;
  std::vector<uint32_t> flows = {SLUICE_LEAST_FLOWS, 4 * SLUICE_LEAST_FLOWS, 16 * SLUICE_LEAST_FLOWS};
};

void add_options(CLI::App& app, Wanted& wanted) {
  app.add_option("--hours", wanted.hours, "how long; at least one size is done")
      ->check(CLI::Range(0.0, 10'000.0));
  app.add_option("--connections", wanted.connections, "of each flood: SYNs, datagrams, handshakes")
      ->check(CLI::Range(1'000U, 1'000'000'000U));
  app.add_option("--idle", wanted.idle, "connections of other pods that stand idle meanwhile")
      ->check(CLI::Range(3U, 20'000U));
  app.add_option("--flows", wanted.flows, "sizes of the flow table, in turns")
      ->check(CLI::Range(SLUICE_LEAST_FLOWS, 16 * SLUICE_LEAST_FLOWS))
      ->delimiter(',');
}

// Streams whose every number counts, of a caller that takes nothing but replies.
struct Traffic {
  live::Beating tcp, udp;

  static Result<Traffic> start() {
    auto tcp = flood::open(flood::kCaller, flood::kCalled, net::kTcp);
    auto udp = flood::open(flood::kCaller, flood::kCalled, net::kUdp);
    if (!tcp || !udp) return tcp ? udp.error() : tcp.error();
    return Traffic{live::Beating(std::move(*tcp), kBeatPatience),
                   live::Beating(std::move(*udp), kBeatPatience)};
  }
  Status go_on() const {
    tcp.wait_for(kBeats);
    udp.wait_for(kBeats);
    if (tcp.lost()) return Error("the TCP stream stands after " + std::to_string(tcp.beats()) + " numbers");
    if (udp.lost()) return Error("a datagram is lost after " + std::to_string(udp.beats()));
    return base::done();
  }
};

class Soak {
 public:
  static Result<Soak> open(const Wanted& wanted) {
    auto stand = flood::Stand::build();
    if (!stand) return stand.error();
    if (auto started = (*stand)->start_agent(wanted.flows.front()); !started) return started.error();
    auto idle = flood::IdleConnections::open(wanted.idle);
    if (!idle) return idle.error();
    auto sender = flood::Sender::open(flood::kFlooding, flood::kFlooded);
    if (!sender) return sender.error();
    auto traffic = Traffic::start();
    if (!traffic) return traffic.error();
    return Soak(wanted, std::move(*stand), std::move(*idle), std::move(*sender), std::move(*traffic));
  }

  Status run() {
    do {
      for (const uint32_t flows : wanted_.flows) {
        if (auto done = resize(flows); !done) return done;
        for (const flood::Kind kind : flood::kKinds)
          if (auto done = flood(kind, flows); !done) return done;
        if (is_over()) break;
      }
    } while (!is_over());
    return base::done();
  }

 private:
  Soak(const Wanted& wanted, std::unique_ptr<flood::Stand> stand, flood::IdleConnections idle,
       flood::Sender sender, Traffic traffic)
      : wanted_(wanted),
        stand_(std::move(stand)),
        idle_(std::move(idle)),
        sender_(std::move(sender)),
        traffic_(std::move(traffic)) {}

  double seconds() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  bool is_over() const { return interrupted() || seconds() > wanted_.hours * 3600; }

  Status resize(uint32_t flows) {
    if (auto went = traffic_.go_on(); !went) return went;
    const auto begin = Clock::now();
    if (auto started = stand_->start_agent(flows); !started) return started;
    const std::chrono::duration<double> took = Clock::now() - begin;
    return settle(flows, "restart", decimal(took.count()) + " s");
  }

  Status flood(flood::Kind kind, uint32_t flows) {
    const auto begin = Clock::now();
    uint32_t sent = 0;
    for (; sent < wanted_.connections && !is_over(); sent += kSlice)
      if (auto done = sender_.send(kind, kSlice); !done) return done;
    const std::chrono::duration<double> took = Clock::now() - begin;
    return settle(flows, flood::to_text(kind),
                  std::to_string(static_cast<uint64_t>(sent / took.count())) + "/s");
  }

  // What every step must leave: all idle connections, the traffic, and a line that says so.
  Status settle(uint32_t flows, const std::string& step, const std::string& how) {
    const size_t lost = idle_.count_lost();
    if (auto went = traffic_.go_on(); !went) return went;
    const auto memory = stand_->memory();
    if (!memory) return memory.error();
    const auto now = flood::Stand::flows();
    if (!now) return now.error();
    std::printf(
        "%8.0f s  %8u flows  %-9s %10s  lost %zu of %zu  displaced %llu  refused %llu  agent %.1f MiB  maps "
        "%.1f MiB\n",
        seconds(), flows, step.c_str(), how.c_str(), lost, idle_.size() + lost,
        static_cast<unsigned long long>(now->displaced_unanswered() + now->displaced_answered()),
        static_cast<unsigned long long>(now->refused()), static_cast<double>(memory->resident) / kMib,
        static_cast<double>(memory->maps) / kMib);
    std::fflush(stdout);
    return lost == 0 ? base::done() : Status(Error(std::to_string(lost) + " idle connections lost"));
  }

  const Wanted wanted_;
  const Clock::time_point begin_ = Clock::now();
  std::unique_ptr<flood::Stand> stand_;
  flood::IdleConnections idle_;
  flood::Sender sender_;
  Traffic traffic_;
};

}  // namespace

int main(int argc, char** argv) {
  Wanted wanted;
  auto options = parse_options(argc, argv, "soak", "Floods and restarts under traffic; nothing may be lost",
                               [&](CLI::App& app) { add_options(app, wanted); });
  if (const int* code = std::get_if<int>(&options)) return *code;
  auto soak = Soak::open(wanted);
  const Status done = soak ? soak->run() : Status(soak.error());
  if (done) return 0;
  std::cerr << "soak: " << done.error().message() << "\n";
  return 1;
}
