// Live: rules that name domains, with a real DNS server. Whoever resolves and connects at once is never denied; an address
// expires and open connections go on; what people and Prometheus are shown.
#include <cstdlib>

#include "tests/live/names_server.h"

namespace sluice::live {
namespace {

// How many names are resolved to connect to them; SLUICE_ROUNDS raises it, up to kMostNames.
uint32_t rounds() {
  const char* wanted = std::getenv("SLUICE_ROUNDS");
  return std::min(wanted ? static_cast<uint32_t>(std::atoi(wanted)) : 400u, kMostNames - 1);
}

// All CPUs have something else to do.
class Busy {
 public:
  Busy() {
    for (unsigned i = 0; i < std::thread::hardware_concurrency(); ++i)
      threads_.emplace_back([this] {
        while (!stop_) {
        }
      });
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() {
    stop_ = true;
    for (std::thread& thread : threads_) thread.join();
  }

 private:
  std::atomic<bool> stop_ = false;
  std::vector<std::thread> threads_;
};

struct Tally {
  std::atomic<uint32_t> unanswered = 0, unopened = 0;
};

// Name by name: UDP and TCP, IPv4 and IPv6 in turn.
void resolve_and_connect(uint32_t number, Tally& tally) {
  const net::Family family = number & 1 ? net::Family::kIpv4 : net::Family::kIpv6;
  const net::Ip server = *net::Ip::parse(family == net::Family::kIpv4 ? kServer : kServer6),
                ip = address_of(number, family);
  const Question question{static_cast<uint16_t>(number), numbered(number), family};
  if (!says(number & 2 ? ask_by_tcp(server, question, kPatience) : ask_by_udp(server, question, kPatience),
            ip))
    ++tally.unanswered;
  else if (!connected({ip, kHttp}, kPatience).valid())
    ++tally.unopened;
}

// All pods at a time share the names [from, to).
void resolve_and_connect_all(uint32_t from, uint32_t to, Tally& tally) {
  std::vector<std::thread> pods;
  for (int client = 0; client < kClients; ++client)
    pods.emplace_back([=, &tally] {
      const auto netns = endpoint::Netns::open(netns_of_client(client));
      ASSERT_TRUE(netns);
      EXPECT_TRUE(endpoint::run_within(*netns, [&] {
        for (uint32_t i = from + static_cast<uint32_t>(client); i < to; i += kClients)
          resolve_and_connect(i, tally);
      }));
    });
  for (std::thread& pod : pods) pod.join();
}

TEST_F(LiveNamesWithServer, WhoeverResolvesAndConnectsAtOnceIsNeverDenied) {
  up(kLongTtl);
  start();
  const Door door;
  ASSERT_TRUE(door.open());
  Tally tally;
  {
    const Busy busy;
    resolve_and_connect_all(1, 1 + rounds(), tally);
  }
  const v1::NamesReply now = names();
  EXPECT_EQ(tally.unanswered, 0u);
  EXPECT_EQ(tally.unopened, 0u);
  EXPECT_TRUE(now.facts().held());
  EXPECT_EQ(now.facts().answers_unheld(), 0u)
      << "the agent was not heard of: what went on unheld may be denied";
  EXPECT_EQ(denied(), 0u) << "of " << rounds() << " first packets";
  EXPECT_EQ(learnt().size(), rounds());
}

// Otherwise the test above proves nothing.
TEST_F(LiveNamesWithServer, WithoutHoldingSomeAre) {
  up(kLongTtl);
  through_ = {"/usr/bin/setpriv", "--bounding-set=-net_raw", "--inh-caps=-net_raw"};
  start();
  const Door door;
  ASSERT_TRUE(door.open());
  Tally tally;
  {
    const Busy busy;
    for (uint32_t from = 1; from < 2000 && denied() == 0; from += 100)
      resolve_and_connect_all(from, from + 100, tally);
  }
  EXPECT_GT(denied(), 0u);
  EXPECT_EQ(tally.unanswered, 0u);
  EXPECT_EQ(tally.unopened, 0u) << "their second packets pass";
  const v1::NamesReply now = names();
  EXPECT_FALSE(now.facts().held());
  EXPECT_GT(now.facts().answers_unheld(), 0u);
  ASSERT_EQ(now.facts().problems_size(), 1);
  EXPECT_THAT(now.facts().problems(0), testing::HasSubstr("CAP_NET_RAW"));
}

TEST_F(LiveNamesWithServer, AnAddressExpiresAndWhatIsOpenGoesOn) {
  up(1);
  start();
  auto open = open_by_name(kTalk);
  ASSERT_TRUE(open) << open.error().message();
  const auto opens = [] { return open_by_name(kKnock, false).ok(); };
  for (const auto end = std::chrono::steady_clock::now() + kSoonEnough;
       opens() && std::chrono::steady_clock::now() < end;) {
  }
  EXPECT_FALSE(opens()) << "TTL and grace are over";
  EXPECT_EQ(learnt(), std::vector<std::string>{});
  expect_beats(*open, 3, "the address has expired");
  for (int i = 0; i < 3; ++i) {
    write("other.yaml", "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: other-" +
                            std::to_string(i) + ", namespace: evil}, spec: {podSelector: {}}}\n");
    in_force();
    expect_beats(*open, 2, "an unrelated policy changed");
  }
  write_policy("\"*.shop.test\", www.example.com");
  in_force();
  expect_beats(*open, 2, "its rule names another domain too");
  EXPECT_EQ(agent_.end(SIGKILL), 128 + SIGKILL);
  expect_beats(*open, 2, "without an agent");
  EXPECT_FALSE(opens()) << "without an agent";
  start();
  expect_beats(*open, 2, "the agent is back");
  EXPECT_FALSE(opens()) << "the agent is back";
  write("other.yaml", "{apiVersion: v1, kind: Namespace, metadata: {name: more}}\n");
  write_policy("\"*.shop.test\"");
  in_force();
  expect_beats(*open, 2, "a policy changed after the agent came back");
  auto again = open_by_name(kKnock);
  EXPECT_TRUE(again) << "resolved anew: " << (again ? "" : again.error().message());
  write_policy("www.example.com");
  in_force();
  EXPECT_FALSE(open->beat(kSilenceMilliseconds)) << "no rule names it any more";
}

TEST_F(LiveNamesWithServer, WhatIsDeniedForWantOfANameSaysSo) {
  up(kLongTtl);
  start();
  ASSERT_TRUE(open_by_name(kTalk)) << "www.shop.test is learnt";
  const net::Ip unlearnt = address_of(1, net::Family::kIpv4);
  within_client(0, [&] {
    EXPECT_FALSE(connected({unlearnt, kHttp}, 100).valid());
    return Message{};
  });
  const std::string ctl = std::string(SLUICECTL) + " ", hint = "no name learnt for " + unlearnt.to_text();
  const std::string told = printed(ctl + "observe --verdict denied --last 1");
  EXPECT_THAT(told, testing::HasSubstr("denied by Admin/names:egress[2], " + hint));
  EXPECT_THAT(printed(ctl + "observe --verdict denied --last 1 -o json"),
              testing::HasSubstr("\"no_name_learnt\":true"));
  const std::string id = told.substr(told.rfind('[') + 1, told.rfind(']') - told.rfind('[') - 1);
  EXPECT_EQ(run({"/bin/sh", "-c", ctl + "check --event " + id + " >/run/checked"}), 3) << told;
  EXPECT_THAT(printed("cat /run/checked"), testing::HasSubstr("no name is known for " + unlearnt.to_text()));
}

TEST_F(LiveNamesWithServer, ACheckOfANameAsksAboutWhatIsLearnt) {
  up(kLongTtl);
  start();
  ASSERT_TRUE(open_by_name(kTalk));
  const std::string check = std::string(SLUICECTL) + " check --from shop/client-3 --port 80 --to ";
  const auto exit_of = [&](const std::string& rest) {
    return run({"/bin/sh", "-c", check + rest + " >/run/checked 2>/run/refused"});
  };
  EXPECT_EQ(exit_of("WWW.shop.test"), 0);
  EXPECT_THAT(printed("cat /run/checked"),
              testing::StartsWith("allowed: shop/client-3 -> 10.77.0.9 TCP 80 (policy)\n"));
  EXPECT_EQ(exit_of("www.shop.test -o json"), 0);
  for (const char* part : {"\"name\": \"www.shop.test\"", "\"ip\": \"10.77.0.9\"", "\"verdict\": \"allow\""})
    EXPECT_THAT(printed("cat /run/checked"), testing::HasSubstr(part));
  EXPECT_EQ(exit_of("never.shop.test"), 2);
  EXPECT_THAT(printed("cat /run/refused"),
              testing::HasSubstr("never.shop.test: no address is learnt for it"));
  write_policy("www.example.com");
  in_force();
  EXPECT_EQ(exit_of("www.shop.test"), 3) << "no rule names it any more";
}

// What was learnt is no difference from what is written, to whoever asks what an agent started now would change.
TEST_F(LiveNamesWithServer, WhatIsLearntWouldNotBeTakenAway) {
  up(kLongTtl);
  start();
  ASSERT_TRUE(says(ask(0, {1, kKnown}), *net::Ip::parse(kWeb)));
  ASSERT_FALSE(learnt().empty());
  const std::string dry_run = std::string(SLUICED) + " --dry-run --node-name node-1 --manifests " +
                              kManifests + " --dns-server " + kServer + " --dns-server " + kServer6 +
                              " 2>/dev/null";
  EXPECT_EQ(printed(dry_run), "");
  std::ostringstream pods;
  pods << std::ifstream(std::string(kManifests) + "/pods.yaml").rdbuf();
  std::string claiming = pods.str();
  const std::string evil = "metadata: {name: evil";
  ASSERT_NE(claiming.find(evil), claiming.npos);
  claiming.insert(claiming.find(evil) + evil.size(),
                  ", annotations: {sluice.dev/allowed-source-prefixes: 10.77.0.0/24}");
  write("pods.yaml", claiming);
  in_force();
  EXPECT_EQ(printed(dry_run), "") << "a pod may claim a network, but for the server in it that is believed";
  write("names.yaml", "");
  EXPECT_NE(printed(dry_run), "") << "its rule is gone";
}

TEST_F(LiveNamesWithServer, PeopleAndPrometheusAreShownWhatIsLearnt) {
  up(kLongTtl);
  start({"--dns-addresses-per-name", "500"});
  auto open = open_by_name(kTalk);
  ASSERT_TRUE(open) << open.error().message();
  const std::string ctl = std::string(SLUICECTL) + " ";
  EXPECT_THAT(printed(ctl + "names"),
              testing::ContainsRegex("www.shop.test +10.77.0.9 +[0-9.]+ [a-z]+ +1 +shop/client-0"));
  EXPECT_THAT(printed(ctl + "names --pod shop/client-3"), testing::HasSubstr("www.shop.test"));
  EXPECT_THAT(printed(ctl + "names --pod evil/spoofer"), testing::HasSubstr("No name is learnt"));
  EXPECT_THAT(printed(ctl + "names"), testing::HasSubstr("1 addresses of at most 64,000, 500 a name."));
  const std::string json = printed(ctl + "names -o json");
  for (const char* part : {"\"name\": \"www.shop.test\"", "\"address\": \"10.77.0.9\"",
                           "\"connections\": \"1\"", "\"held\": true", "\"10.77.0.53:53\""})
    EXPECT_THAT(json, testing::HasSubstr(part));
  EXPECT_THAT(printed(ctl + "status"),
              testing::ContainsRegex("1 with 1 addresses of at most 64,000, 500 a name, answers are held; "
                                     "believed 10.77.0.53:53, .*fd77::53.*; 0 answers "
                                     "not held, 0 addresses not learnt"));
  EXPECT_EQ(metric("sluice_names"), 1);
  EXPECT_EQ(metric("sluice_names_addresses"), 1);
  EXPECT_GE(metric("sluice_names_answers_total{kind=\"held\"}"), 1);
  EXPECT_EQ(metric("sluice_names_answers_total{kind=\"unheld\"}"), 0);
  EXPECT_GE(event("answered"), 1u);
  EXPECT_EQ(metric("sluice_names_refused_total{what=\"address\"}"), 0);
  EXPECT_EQ(metric("sluice_names_failures_total"), 0);
}

TEST_F(LiveNamesWithServer, NobodyIsBelievedWhereNobodyIsToBe) {
  up(kLongTtl);
  start_agent({"--dns-server", "none"});
  EXPECT_TRUE(says(ask(0, {1, kKnown}), *net::Ip::parse(kWeb))) << "answers pass all the same";
  EXPECT_FALSE(open_by_name(kKnock, false));
  EXPECT_EQ(names().names_size(), 0);
  EXPECT_EQ(names().facts().servers_size(), 0);
  EXPECT_THAT(printed(std::string(SLUICECTL) + " status"), testing::HasSubstr("believed nobody"));
}

TEST(LiveNamesOptions, AServerThatIsNoneIsRefusedInALine) {
  for (const char* wrong :
       {"10.77.0.53:99999", "10.77.0.53:0", "kube-dns", "/kube-dns", "a/b/c", "", "[fd77::53"}) {
    const Said said =
        run_and_listen({SLUICED, "--node-name", "node-1", "--manifests", "/run", "--dns-server", wrong});
    EXPECT_EQ(said.exit, 2) << wrong;
    EXPECT_EQ(std::count(said.error.begin(), said.error.end(), '\n'), 1) << said.error;
    EXPECT_THAT(said.error, testing::HasSubstr("--dns-server")) << wrong;
  }
  const Said both = run_and_listen({SLUICED, "--node-name", "node-1", "--manifests", "/run", "--dns-server",
                                    "none", "--dns-server", "10.77.0.53"});
  EXPECT_EQ(both.exit, 2);
  EXPECT_THAT(both.error, testing::HasSubstr("give it alone"));
}

}  // namespace
}  // namespace sluice::live
