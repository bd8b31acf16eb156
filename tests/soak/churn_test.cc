// Churn: pods, labels, Services, policies of both kinds, hours and names change without end under a running agent, which is
// killed and flooded meanwhile. After each change
//  1. every real connection between the real pods is what the reference evaluator says;
//  2. a stream that was allowed all the time has lost no number, one that is no longer allowed is cut;
//  3. a name that is asked opens its address as the reference says;
// now and then the maps are compared with a fresh compile; and the agent's memory and descriptors stay what they were.
//
// SLUICE_SOAK_HOURS: how long, else some rounds; SLUICE_SOAK_SEED; SLUICE_SOAK_SAMPLES: a file that takes a line a round
// (bench/report/soak.py draws it).
#include <cstdlib>
#include <random>
#include <set>

#include "agent/times/hours.h"
#include "tests/live/beating.h"
#include "tests/live/flood.h"
#include "tests/live/names_server.h"
#include "tests/oracle/text.h"
#include "tests/soak/churn_world.h"

namespace sluice::soak {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using times::clock::now;

const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

constexpr int kFewRounds = 12;
constexpr uint64_t kRestartsEvery =
    400;                             // rounds: an agent grows old enough to show what it never gives back
constexpr uint64_t kEvenFlat = 200;  // rounds before which nothing is said of memory
constexpr uint16_t kStreamPort = 8443;
// Which somebody listens at already, in some namespace.
const std::set<uint16_t> kTakenPorts = {kStreamPort, live::kDnsPort, live::kHttp};
constexpr size_t kStreams = 4;
constexpr milliseconds kStreamPause(2), kSilence(300), kProbePatience(1500);
constexpr uint32_t kTtl = 600, kFlood = 20'000;
const model::ObjectName kAsker{"shop", "client-0"};
constexpr seconds kAround(1), kCalm(3);  // no hours begin or end so long before and after a look

double number_of(const char* variable, double otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::atof(text);
}

// That nothing comes takes its time.
void pass(milliseconds time) {
  ::poll(nullptr, 0, static_cast<int>(time.count()));
}

model::Cluster at(const model::Cluster& cluster, times::Instant instant) {
  model::Cluster left = cluster;
  times::at(left, instant);
  return left;
}

bool allows(const model::Cluster& cluster, const model::Probe& probe) {
  const auto answer = reference::Reference(cluster).evaluate(probe);
  return answer && answer->verdict() == model::Verdict::kAllow;
}

std::string netns_of(const model::ObjectName& pod) {
  return "/run/netns/sluice-" + pod.ns + "-" + pod.name;
}

// What the agent holds, as a line of a table.
struct Sample {
  double seconds = 0, milliseconds = 0, resident_kib = 0, entries = 0, flows = 0;
  size_t descriptors = 0;
  std::string what;
};

class Churn : public live::LiveNamesWithServer {
 protected:
  struct Open {
    model::Probe probe;
    std::unique_ptr<live::Beating> beating;
    times::Instant since;  // up to which it is known to be as it must
  };

  void SetUp() override {
    LiveNamesWithServer::SetUp();
    if (IsSkipped()) return;
    model::Pod asker = oracle::build::pod("shop/client-0", "10.244.1.11").on(kRealNode);
    asker.ips.push_back(*net::Ip::parse("fd00:10:244:1::11"));
    world_.emplace(seed_, asker);
    node_ = kRealNode;
    std::filesystem::create_directories(live::kManifests);
    write("shop.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: shop}}}\n");
    write_policy("\"*.shop.test\"");
    write("world.yaml", oracle::to_yaml(world_->cluster()));
    up_with(world_->real_cluster(), kTtl);
    start_with_short_history();
    if (const char* file = std::getenv("SLUICE_SOAK_SAMPLES")) samples_to_.open(file);
    samples_to_ << "seconds,milliseconds,resident_kib,descriptors,entries,flows,what\n";
  }
  void TearDown() override {
    streams_.clear();
    LiveNamesWithServer::TearDown();
  }

  // The history of flow records grows for hours until it is full (16 MiB else), and nothing else is to grow.
  void start_with_short_history() { start({"--history-bytes", "1M"}); }

  void change(uint64_t round) {
    before_ = cluster();
    changed_ = now();
    const std::string what = world_->happen(seed_ * 1'000'003 + round);
    const auto begin = steady_clock::now();
    write("world.yaml", oracle::to_yaml(world_->cluster()));
    const live::Said said = live::run_and_listen({SLUICECTL, "sync", "--timeout", "20s"});
    ASSERT_EQ(said.exit, 0) << said.error;
    const std::chrono::duration<double, std::milli> took = steady_clock::now() - begin;
    take_sample(what, took.count());
  }
  void take_sample(const std::string& what, double took) {
    Sample sample{
        std::chrono::duration<double>(steady_clock::now() - begin_).count(), took, 0, 0, 0, 0, what};
    const std::string proc = "/proc/" + std::to_string(agent_.pid());
    size_t pages = 0;
    std::ifstream(proc + "/statm") >> pages >> pages;
    sample.resident_kib = static_cast<double>(pages) * 4;
    std::error_code gone;
    for (auto at = std::filesystem::directory_iterator(proc + "/fd", gone);
         at != std::filesystem::directory_iterator(); ++at)
      ++sample.descriptors;
    const auto metrics = control::Client(base::kDefaultSocket).metrics();
    ASSERT_TRUE(metrics) << metrics.error().message();
    std::istringstream lines(metrics->text());
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("sluice_map_entries{"))
        (line.find("flows") != line.npos ? sample.flows : sample.entries) +=
            std::stod(line.substr(line.find(' ')));
    samples_to_ << sample.seconds << ',' << sample.milliseconds << ',' << sample.resident_kib << ','
                << sample.descriptors << ',' << sample.entries << ',' << sample.flows << ',' << sample.what
                << std::endl;
    samples_.push_back(sample);
  }

  // What is in force now, at a moment around which no hours begin or end.
  model::Cluster calm() {
    while (true) {
      const times::Instant moment = now();
      const model::Cluster left = at(cluster(), moment);
      if (is_all_along(left, moment - kAround, moment + kCalm)) {
        calm_since_ = moment - kAround;
        return left;
      }
      pass(milliseconds(100));
    }
  }
  // Have no hours begun or ended since calm(), and will none in a moment?
  bool is_still(const model::Cluster& in_force) const {
    return is_all_along(in_force, calm_since_, now() + kAround);
  }
  // They begin and end at whole seconds: what lasts for one alone is met too.
  bool is_all_along(const model::Cluster& in_force, times::Instant from, times::Instant to) const {
    const model::Cluster whole = cluster();
    for (times::Instant moment = from; moment < to + seconds(1); moment += seconds(1))
      if (at(whole, std::min(moment, to)) != in_force) return false;
    return true;
  }

  // For one who reads of a difference: what the agent says, and the kernel at both ends.
  static std::string what_is_known_of(const model::Probe& probe) {
    std::string commands = std::string(SLUICECTL) + " observe --last 20; " + SLUICECTL + " status; ";
    for (const model::Party& party : {probe.from, probe.to})
      if (const auto* pod = std::get_if<model::ObjectName>(&party))
        for (const char* command : {"ss -taunoi", "ip neigh", "nstat -as"})
          commands += "nsenter --net=" + netns_of(*pod) + " " + command + "; ";
    return "\n" + live::printed("{ " + commands + "true; } 2>&1");
  }

  // 1.
  void expect_real_connections(const model::Cluster& in_force, oracle::Random& random) {
    lab::ProbeOptions options;
    do options.port = oracle::random_port(random);
    while (kTakenPorts.contains(options.port.host()));
    options.protocol = random.chance(70) ? net::kTcp : net::kUdp;
    options.family = random.chance(50) ? net::Family::kIpv4 : net::Family::kIpv6;
    options.timeout = kProbePatience;
    auto matrix = lab::probe(world_->real_cluster(), options);
    ASSERT_TRUE(matrix) << matrix.error().message();
    if (!is_still(in_force)) return;
    for (size_t from = 0; from < matrix->pods.size(); ++from)
      for (size_t to = 0; to < matrix->pods.size(); ++to) {
        if (from == to || matrix->pods[from].ns.empty() || matrix->pods[to].ns.empty()) continue;
        const model::Probe probe{matrix->pods[from], matrix->pods[to], options.family, options.protocol,
                                 options.port};
        EXPECT_EQ(matrix->cells[from][to] == model::Cell::kAllow, allows(in_force, probe))
            << to_text(probe) << ", really: " << to_text(matrix->cells[from][to]) << what_is_known_of(probe);
      }
  }

  // 2.
  bool was_allowed_since(const Open& open) const {
    const model::Cluster after = cluster();
    for (times::Instant moment = open.since; moment <= now(); moment += seconds(1))
      if (!allows(at(moment < changed_ ? before_ : after, moment), open.probe)) return false;
    return allows(at(before_, changed_), open.probe) && allows(at(after, changed_), open.probe);
  }
  void expect_streams(const model::Cluster& in_force) {
    std::vector<Open> still;
    for (Open& open : streams_) {
      if (allows(in_force, open.probe)) {
        if (!was_allowed_since(open)) continue;
        open.beating->wait_for(3);
        EXPECT_FALSE(open.beating->lost())
            << to_text(open.probe) << " lost a number after " << open.beating->beats();
        open.since = now();
        if (!open.beating->lost()) still.push_back(std::move(open));
        continue;
      }
      pass(milliseconds(50));  // what was under way
      const uint64_t beats = open.beating->beats();
      pass(kSilence);
      if (!is_still(in_force)) continue;
      EXPECT_LE(open.beating->beats(), beats + 1)
          << to_text(open.probe) << " goes on";  // 1: it says that it is lost
    }
    streams_ = std::move(still);
  }
  void open_a_stream(const model::Cluster& in_force, oracle::Random& random) {
    const model::ObjectName& from = random.pick(world_->real());
    const model::ObjectName& to = random.pick(world_->real());
    const net::Protocol protocol = random.chance(60) ? net::kTcp : net::kUdp;
    const model::Probe probe{from, to, net::Family::kIpv4, protocol, net::Port::from_host(kStreamPort)};
    const auto is_to = [&](const Open& open) {
      return open.probe.to == probe.to && open.probe.protocol == protocol;
    };
    if (from == to || std::any_of(streams_.begin(), streams_.end(), is_to)) return;
    const bool allowed = allows(in_force, probe);
    const live::SocketAt listening{cluster().pods.at(to).ips.front(), kStreamPort};
    auto stream =
        live::Stream::open(netns_of(from), netns_of(to), listening, listening,
                           allowed ? live::kBeatMilliseconds : static_cast<int>(kSilence.count()), protocol);
    if (!is_still(in_force)) return;
    EXPECT_EQ(stream.ok(), allowed) << to_text(probe) << (stream ? "" : ": " + stream.error().message())
                                    << what_is_known_of(probe);
    if (stream && allowed && streams_.size() < kStreams)
      streams_.push_back(
          {probe, std::make_unique<live::Beating>(std::move(*stream), live::kBeatMilliseconds, kStreamPause),
           now()});
  }

  // 3. Of what is known and not asked now the same holds.
  void ask_a_name(const model::Cluster& in_force, oracle::Random& random) {
    const auto number = static_cast<uint32_t>(1 + random.below(live::kMostNames - 1));
    const auto family = random.chance(50) ? net::Family::kIpv4 : net::Family::kIpv6;
    const net::Ip server = *net::Ip::parse(live::kServer), address = live::address_of(number, family);
    const model::Probe asking{kAsker, server, {}, net::kUdp, net::Port::from_host(live::kDnsPort)};
    const bool may_ask = allows(in_force, asking);
    const bool asks = may_ask && random.chance(70);
    if (asks) {
      const bool said =
          live::says(ask(0, {static_cast<uint16_t>(number), live::numbered(number), family}), address);
      if (!is_still(in_force)) return;
      EXPECT_TRUE(said) << to_text(asking);
      EXPECT_THAT(learnt(), ::testing::Contains(live::numbered(number) + " " + address.to_text()));
    }
    model::Cluster known = in_force;
    for (const std::string& name_and_address : learnt()) {
      const size_t space = name_and_address.find(' ');
      known.resolved[name_and_address.substr(0, space)].insert(
          *net::Ip::parse(name_and_address.substr(space + 1)));
    }
    const model::Probe going{kAsker, address, {}, net::kTcp, net::Port::from_host(live::kHttp)};
    const bool may_go = allows(known, going);
    const int patience = may_go ? live::kPatience : static_cast<int>(kSilence.count());
    const auto netns = endpoint::Netns::open(netns_of(kAsker));
    ASSERT_TRUE(netns) << netns.error().message();
    const auto went = endpoint::within(*netns, [&]() -> base::Result<bool> {
      return live::connected({address, live::kHttp}, patience).valid();
    });
    ASSERT_TRUE(went) << went.error().message();
    if (!is_still(in_force)) return;
    EXPECT_EQ(*went, may_go) << to_text(going) << (asks ? ", asked" : ", not asked")
                             << what_is_known_of(going);
  }

  void restart(oracle::Random& random) {
    agent_.end(random.chance(50) ? SIGKILL : SIGTERM);
    start_with_short_history();
    take_sample("restart", 0);
  }
  void flood(oracle::Random& random) {
    const model::ObjectName &from = random.pick(world_->real()), to = random.pick(world_->real());
    if (from == to) return;
    auto flooder = live::Flooder::open(netns_of(from), cluster().pods.at(from).ips.front(),
                                       cluster().pods.at(to).ips.front());
    ASSERT_TRUE(flooder) << flooder.error().message();
    ASSERT_TRUE(flooder->send({}, true, 0, kFlood));
  }
  // Unless hours began or ended meanwhile.
  void expect_as_freshly_compiled() {
    const model::Cluster before = calm();
    const std::string difference = live::printed(
        std::string(SLUICED) + " --dry-run --node-name " + kRealNode + " --manifests " + live::kManifests +
        " --dns-server " + live::kServer + " --dns-server " + live::kServer6 + " 2>&1");
    if (is_still(before)) {
      EXPECT_EQ(difference, "") << "the maps hold something else";
    }
  }

  void expect_flat() const {
    if (samples_.size() < kEvenFlat) return;
    // Of restarted agents the same: each comes to what it needs within some rounds.
    const auto highest = [&](size_t first, size_t end, auto of) {
      double most = 0;
      for (size_t i = first; i < end; ++i) most = std::max(most, of(samples_[i]));
      return most;
    };
    const size_t tenth = samples_.size() / 10;
    const auto memory = [](const Sample& sample) { return sample.resident_kib; };
    const auto descriptors = [](const Sample& sample) { return static_cast<double>(sample.descriptors); };
    EXPECT_LE(highest(9 * tenth, samples_.size(), memory), 1.2 * highest(0, 2 * tenth, memory)) << "KiB";
    EXPECT_LE(highest(9 * tenth, samples_.size(), descriptors), highest(0, 2 * tenth, descriptors) + 2);
  }

  const uint64_t seed_ = static_cast<uint64_t>(number_of("SLUICE_SOAK_SEED", 20261130));
  const steady_clock::time_point begin_ = steady_clock::now();
  std::optional<ChurnWorld> world_;
  std::vector<Open> streams_;
  model::Cluster before_;  // the last change
  times::Instant changed_;
  times::Instant calm_since_;
  std::vector<Sample> samples_;
  std::ofstream samples_to_;
};

TEST_F(Churn, TheReferenceIsRightAboutEveryRealConnection) {
  const live::Door door;
  ASSERT_TRUE(door.open());
  const double hours = number_of("SLUICE_SOAK_HOURS", 0);
  const auto is_over = [&](uint64_t round) {
    if (hours == 0) return round > kFewRounds;
    return steady_clock::now() - begin_ >= std::chrono::duration<double>(hours * 3600);
  };
  for (uint64_t round = 1; !is_over(round) && !HasFailure(); ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed_) + ", round " + std::to_string(round));
    oracle::Random random(seed_ + round);
    ASSERT_NO_FATAL_FAILURE(change(round));
    if (round % kRestartsEvery == 6) {
      ASSERT_NO_FATAL_FAILURE(restart(random));
    }
    if (round % 20 == 4) {
      ASSERT_NO_FATAL_FAILURE(flood(random));
    }
    const model::Cluster in_force = calm();
    expect_streams(in_force);
    if (!is_still(in_force)) continue;  // it took long
    ASSERT_NO_FATAL_FAILURE(expect_real_connections(in_force, random));
    open_a_stream(in_force, random);
    if (round % 3 == 0 && is_still(in_force)) {
      ASSERT_NO_FATAL_FAILURE(ask_a_name(in_force, random));
    }
    if (round % 10 == 0) expect_as_freshly_compiled();
  }
  expect_flat();
  std::cout << samples_.size() << " samples; the last: " << samples_.back().resident_kib / 1024 << " MiB, "
            << samples_.back().descriptors << " descriptors\n";
}

}  // namespace
}  // namespace sluice::soak
