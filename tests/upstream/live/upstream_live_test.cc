// Every subtest of the conformance suite by real connections, in both families. The pods are on one node, which is the
// test's own network namespace; the other node is a host outside.
#include "agent/lab/attempts.h"
#include "agent/lab/lab.h"
#include "agent/lab/wire.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"
#include "tests/live/sctp_init.h"
#include "tests/upstream/suite.h"

namespace sluice::upstream {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

const auto* const kSandbox = testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

constexpr char kManifests[] = "/run/manifests";
constexpr char kOwnNetns[] = "/proc/self/ns/net", kOtherNetns[] = "/run/netns/sluice-outside-worker-b";
constexpr char kOwnNode[] = "worker-a", kOtherNode[] = "worker-b=10.9.0.2,fd00:10:9::2";
constexpr milliseconds kOpens{5000}, kStaysShut{250}, kLook{20};

// A connection to be tried, of one family.
struct Call {
  const Question* question;
  model::ResolvedProbe probe;
};

// What decides who listens: Attempts are of one protocol and port.
using Where = std::pair<net::Protocol, net::Port>;

class UpstreamLive : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(kManifests);
    fs::copy_file(kData / "cluster.yaml", fs::path(kManifests) / "cluster.yaml",
                  fs::copy_options::overwrite_existing);
    lab::Options options;
    options.outside = {*lab::parse_outside(kOtherNode)};
    const auto hosts = lab::up(read_cluster({kManifests}), options);
    ASSERT_TRUE(hosts) << hosts.error().message();
    auto netlink = lab::Netlink::open();
    ASSERT_TRUE(netlink) << netlink.error().message();
    const auto added = lab::add_addresses(
        *netlink, "lo", {{*net::Ip::parse("10.9.0.1"), 32}, {*net::Ip::parse("fd00:10:9::1"), 128}},
        std::chrono::seconds(5));
    ASSERT_TRUE(added) << added.error().message();
    agent_ = live::Process({SLUICED, "--node-name", kOwnNode, "--manifests", kManifests, "--metrics",
                            "127.0.0.1:19619", "--log-level", "error"});
  }
  void TearDown() override {
    agent_.end(SIGTERM);
    EXPECT_EQ(live::run({SLUICED, "--detach"}), 0);
    const auto down = lab::down({});
    EXPECT_TRUE(down) << down.error().message();
  }

  void bring_into_force(const State& state) {
    fs::copy_file(state.policies, fs::path(kManifests) / "policies.yaml",
                  fs::copy_options::overwrite_existing);
    // It warns that the other node's interface has no pod: that is quiet while all goes well.
    const live::Said said = live::run_and_listen({SLUICECTL, "sync", "--timeout", "20s"});
    ASSERT_EQ(said.exit, 0) << state.name << ": " << said.error;
  }

  static std::vector<Call> calls_of(const State& state, bool allow) {
    const model::PodAddresses addresses(state.cluster);
    std::vector<Call> calls;
    for (const Question& question : state.questions)
      for (const net::Family family : kFamilies) {
        if (question.allow != allow) continue;
        model::Probe probe = question.probe;
        probe.family = family;
        calls.push_back({&question, *model::resolve(state.cluster, addresses, probe)});
      }
    return calls;
  }

  static std::string netns_of(const model::ProbeEnd& end) {
    if (end.pod != nullptr) return "/run/netns/sluice-" + end.pod->name.ns + "-" + end.pod->name.name;
    const auto other = lab::parse_outside(kOtherNode)->ips;
    return std::find(other.begin(), other.end(), end.ip) == other.end() ? kOwnNetns : kOtherNetns;
  }

  static std::string to_text(const State& state, const Call& call) {
    return state.name + ": " + model::to_text(call.question->probe) + " to " + call.probe.to.ip.to_text() +
           "\n" + call.question->subtest;
  }

  // All that have sockets, at once.
  static void expect_sockets(const State& state, bool allow) {
    const std::vector<Call> calls = calls_of(state, allow);
    std::map<Where, lab::Attempts> all;
    std::set<std::pair<Where, net::Ip>> listening;
    for (size_t i = 0; i < calls.size(); ++i) {
      const model::ResolvedProbe& probe = calls[i].probe;
      if (probe.protocol == net::kSctp) continue;
      const Where where{probe.protocol, *probe.port};
      if (!all.contains(where)) all.emplace(where, *lab::Attempts::open(where.first, where.second));
      lab::Attempts& attempts = all.at(where);
      const auto server = endpoint::Netns::open(netns_of(probe.to));
      const auto client = endpoint::Netns::open(netns_of(probe.from));
      ASSERT_TRUE(server && client) << to_text(state, calls[i]);
      if (listening.insert({where, probe.to.ip}).second) {
        const auto listens = attempts.listen(*server, probe.to.ip);
        ASSERT_TRUE(listens) << to_text(state, calls[i]) << ": " << listens.error().message();
      }
      const auto started = attempts.start(*client, {{i, 0, probe.from.ip, probe.to.ip}});
      ASSERT_TRUE(started) << to_text(state, calls[i]) << ": " << started.error().message();
    }
    std::set<size_t> open;
    const auto end = Clock::now() + (allow ? kOpens : kStaysShut);
    for (auto& [where, attempts] : all) {
      const auto finished =
          attempts.finish(std::max(kLook, std::chrono::ceil<milliseconds>(end - Clock::now())));
      ASSERT_TRUE(finished) << state.name << ": " << finished.error().message();
      for (const lab::Flow& flow : *finished) open.insert(flow.from);
    }
    for (size_t i = 0; i < calls.size(); ++i) {
      if (calls[i].probe.protocol == net::kSctp) continue;
      EXPECT_EQ(open.contains(i), allow) << to_text(state, calls[i]);
    }
  }

  // The first packet of an association: not every kernel has SCTP.
  void expect_sctp(const State& state, bool allow) {
    for (const Call& call : calls_of(state, allow)) {
      const model::ResolvedProbe& probe = call.probe;
      if (probe.protocol != net::kSctp) continue;
      const live::SocketAt called{probe.to.ip, probe.port->host()};
      const auto arrived =
          live::sctp_init_arrives(netns_of(probe.from), netns_of(probe.to), called, called, ++tag_,
                                  static_cast<int>((allow ? kOpens : kStaysShut).count()));
      ASSERT_TRUE(arrived) << to_text(state, call) << ": " << arrived.error().message();
      EXPECT_EQ(*arrived, allow) << to_text(state, call);
    }
  }

  live::Process agent_;
  uint32_t tag_ = 0;  // of the last SCTP packet
};

TEST_F(UpstreamLive, EverySubtestPassesByRealConnections) {
  for (const Group& group : kGroups) {
    const std::vector<State> states = read_states(group);
    EXPECT_EQ(subtests_of(states).size(), group.subtests) << group.folder;
    for (const State& state : states) {
      bring_into_force(state);
      for (const bool allow : {true, false}) {
        expect_sockets(state, allow);
        expect_sctp(state, allow);
      }
      if (HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace sluice::upstream
