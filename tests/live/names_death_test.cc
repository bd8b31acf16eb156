// Live: the agent is killed at random moments under a thousand answers a second. What is asked is answered, and who connects
// to what is learnt is never denied. SLUICE_KILLS: how often, else ten times; SLUICE_SEED: which moments.
#include <cstdlib>
#include <iostream>
#include <random>

#include "tests/live/names_server.h"

namespace sluice::live {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Moment = steady_clock::time_point;

constexpr uint32_t kAskedNames = 8'000;  // fewer than are remembered
constexpr auto kApart = std::chrono::microseconds(1000);
constexpr milliseconds kLongestWait{3000};  // learn::kLongestHeld: then whoever asked has asked again
constexpr milliseconds kMuchTooLate{300};

uint32_t number_of(const char* variable, uint32_t otherwise) {
  const char* given = std::getenv(variable);
  return given ? static_cast<uint32_t>(std::atoi(given)) : otherwise;
}

// Asks for a name each millisecond, and notes when each question was answered.
class Asker {
 public:
  Asker() : asked_at_(65'536) {
    auto fd = socket_in(netns_of_client(1), AF_INET, SOCK_DGRAM, 0);
    if (!fd) return;
    fd_ = std::move(*fd);
    const int room = 8 << 20;  // for the answers of a second without an agent
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    const SocketAddress to({*net::Ip::parse(kServer), kDnsPort});
    works_ = ::connect(fd_.get(), to.get(), to.size()) == 0;
    thread_ = std::thread([this] { run(); });
  }
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;
  ~Asker() { stop(); }

  bool works() const { return works_; }
  // Waits for the answers that are under way, too.
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  // After stop().
  uint64_t asked() const { return asked_; }
  uint64_t later_than_much() const { return late_; }
  milliseconds slowest() const { return slowest_; }
  const std::vector<Moment>& unanswered() const { return unanswered_; }

 private:
  void run() {
    for (Moment next = steady_clock::now(); !stop_; next += kApart) {
      ask();
      for (Moment now = steady_clock::now(); now < next + kApart; now = steady_clock::now())
        take(static_cast<int>(std::chrono::ceil<milliseconds>(next + kApart - now).count()));
      next = std::max(next, steady_clock::now() - 10 * kApart);  // a machine that was away is not made up for
    }
    while (take(static_cast<int>(2 * kLongestWait.count()))) {
    }
    for (auto& asked : asked_at_)
      if (asked) unanswered_.push_back(*asked);
  }
  void ask() {
    const auto id = static_cast<uint16_t>(asked_++);
    if (asked_at_[id]) unanswered_.push_back(*asked_at_[id]);
    asked_at_[id] = steady_clock::now();
    const Message question = asking({id, numbered(1 + id % kAskedNames)});
    ::send(fd_.get(), question.data(), question.size(), 0);
  }
  bool take(int patience) {
    const Message got = datagram(fd_.get(), patience);
    if (got.size() < 2) return false;
    auto& asked = asked_at_[size_t{got[0]} << 8 | got[1]];
    if (!asked) return true;  // once more, of an agent that was killed before it had noted that it sent it on
    const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - *asked);
    slowest_ = std::max(slowest_, took);
    late_ += took > kMuchTooLate;
    asked.reset();
    return true;
  }

  base::Fd fd_;
  std::vector<std::optional<Moment>> asked_at_;  // by id
  std::vector<Moment> unanswered_;
  uint64_t asked_ = 0, late_ = 0;
  milliseconds slowest_{0};
  bool works_ = false;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

// Connects to a name's address again and again.
class Caller {
 public:
  Caller() {
    thread_ = std::thread([this] {
      const auto netns = endpoint::Netns::open(netns_of_client(0));
      const auto done =
          netns ? endpoint::run_within(
                      *netns,
                      [&] {
                        while (!stop_) {
                          ++calls_;
                          failed_ += !connected({*net::Ip::parse(kWeb), kHttp}, kPatience).valid();
                          ::poll(nullptr, 0, 2);  // others need the processors
                        }
                      })
                : base::Status(netns.error());
      if (!done) ++failed_;
    });
  }
  Caller(const Caller&) = delete;
  Caller& operator=(const Caller&) = delete;
  ~Caller() { stop(); }
  void stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  uint64_t calls() const { return calls_; }
  uint64_t failed() const { return failed_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> calls_ = 0, failed_ = 0;
  std::thread thread_;
};

// While no agent emptied the ring, at the most.
struct Gap {
  Moment from, to;
};

bool may_be_too_late(const Moment& asked, const std::vector<Gap>& gaps) {
  constexpr milliseconds kSlack{300};  // of questions that the server has not answered yet
  return std::ranges::any_of(gaps, [&](const Gap& gap) {
    return asked >= gap.from - kSlack && asked + kLongestWait - kSlack <= gap.to;
  });
}

TEST_F(LiveNamesWithServer, TheAgentsDeathAtAnyMomentCostsNoAnswer) {
  const uint32_t kills = number_of("SLUICE_KILLS", 10),
                 seed = number_of("SLUICE_SEED", std::random_device()());
  SCOPED_TRACE("SLUICE_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector<std::string> options = {"--dns-server", kServer, "--dns-server", kServer6};
  up(86'400);
  start_agent(options);
  const Door door;
  ASSERT_TRUE(door.open());
  ASSERT_TRUE(open_by_name(kTalk)) << "www.shop.test is learnt";
  Asker asker;
  ASSERT_TRUE(asker.works());
  Caller caller;
  std::vector<Gap> gaps;
  for (uint32_t kill = 0; kill < kills; ++kill) {
    // One of two while it starts.
    const bool ready = random() % 2 == 0;
    agent_.ends_within(milliseconds(random() % (ready ? 400 : 150)));
    agent_.end(SIGKILL);
    if (gaps.empty() || gaps.back().to != Moment::max()) gaps.push_back({steady_clock::now(), Moment::max()});
    launch_agent("/run/netns", options);
    if (!ready && kill + 1 < kills) continue;
    in_force();
    gaps.back().to = steady_clock::now();
  }
  asker.stop();
  caller.stop();
  uint64_t too_late = 0;
  for (const Moment& asked : asker.unanswered()) too_late += may_be_too_late(asked, gaps);
  std::cout << kills << " kills; " << asker.asked() << " questions, " << asker.unanswered().size()
            << " not answered, of these " << too_late << " while no agent was there for "
            << kLongestWait.count() << " ms; slowest " << asker.slowest().count() << " ms, "
            << asker.later_than_much() << " later than " << kMuchTooLate.count() << " ms; " << caller.calls()
            << " connections\n";
  EXPECT_EQ(asker.unanswered().size(), too_late);
  EXPECT_GT(caller.calls(), 0u);
  EXPECT_EQ(caller.failed(), 0u);
  EXPECT_EQ(denied(), 0u) << "first packets to what is learnt";
}

}  // namespace
}  // namespace sluice::live
