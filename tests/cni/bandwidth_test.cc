// Debian's bandwidth plugin in the chain, before the real agent: what it shapes stays shaped, and stays under
// policy. It puts a tbf on the node's end of a pod's veth, for what the pod receives, and beside it an
// `ingress` qdisc whose u32 filter redirects what the pod sends to an ifb with another tbf: in the place that
// clsact has. tests/kernels runs it in its guests, too.
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iomanip>
#include <iterator>
#include <optional>
#include <random>
#include <string_view>
#include <thread>

#include "agent/cni/conf_list.h"
#include "agent/endpoint/gate.h"
#include "tests/cni/runtime.h"
#include "tests/live/pod_netns.h"
#include "tests/live/process.h"
#include "tests/live/stream.h"

namespace sluice::cni {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using live::PodNetns;
using live::Process;
using live::Stream;
using ::testing::ElementsAre;
using ::testing::Ge;
using ::testing::HasSubstr;

constexpr char kDebianPlugins[] = "/usr/lib/cni";
constexpr char kConfDir[] = "/run/net.d", kBinDir[] = "/run/cni-bin", kManifests[] = "/run/manifests";
constexpr char kOther[] = "10.244.9.2", kShaped[] = "10.244.9.3";
constexpr uint16_t kPort = 8080, kAnotherPort = 8081;

struct Row {
  const char* name;
  const char* attach;   // --attach
  const char* by_hand;  // before the plugin, in the base that `sluice-cni install` finds
  bool known = false;   // the pods' addresses, before there are interfaces (static ones, say)
};
void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

constexpr char kByHand[] = R"({"type": "sluice-cni", "timeout": "30s"},)";

constexpr char kPtp[] = R"({"type": "ptp", "ipam": {"type": "host-local", "dataDir": "/run/ipam",
                           "subnet": "10.244.9.0/24", "routes": [{"dst": "0.0.0.0/0"}]}})";

std::string list_of(const std::string& plugins) {
  return R"({"cniVersion": "1.0.0", "name": "shaped", "plugins": [)" + plugins + "]}";
}

std::string base_list(const std::string& by_hand) {
  return list_of(std::string(kPtp) + "," + by_hand +
                 R"({"type": "bandwidth", "ingressRate": 50000000, "ingressBurst": 1000000,
                     "egressRate": 50000000, "egressBurst": 1000000})");
}

// As it is while its sandbox is made: kubelet tells its address after ADD, where nobody did before.
std::string pod(const std::string& name, const std::string& address) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name + ", namespace: shop, uid: uid-" + name +
         ", labels: {app: " + name +
         "}}\nspec: {nodeName: node-1, containers: [{name: c, image: i}]}\nstatus: {phase: Pending" +
         (address.empty() ? "" : ", podIP: " + address + ", podIPs: [{ip: " + address + "}]") + "}\n";
}

// The pod `shaped` speaks, both ways, on this port only.
std::string policy(uint16_t port) {
  const std::string ports = "[{ports: [{port: " + std::to_string(port) + "}]}]";
  return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: one-port, namespace: "
         "shop}\n"
         "spec: {podSelector: {matchLabels: {app: shaped}}, policyTypes: [Egress, Ingress], egress: " +
         ports + ", ingress: " + ports + "}\n";
}

void write(const std::string& name, const std::string& text) {
  std::ofstream("/run/half-written") << text;
  fs::rename("/run/half-written", std::string(kManifests) + "/" + name);
}

std::string tc(const std::string& words) {
  return run_program("/bin/sh", {"-c", "tc " + words}, {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}, "").out;
}

// Packets that went through the tbf at the root of an interface; nothing where there is none.
std::optional<int64_t> went_through_tbf(const std::string& interface) {
  const json::value qdiscs = json::parse(tc("-s -j qdisc show dev " + interface));
  for (const json::value& qdisc : qdiscs.as_array())
    if (qdisc.at("kind").as_string() == "tbf") return qdisc.at("packets").to_number<int64_t>();
  return std::nullopt;
}

// The first interface on the node whose name begins so.
std::string on_the_node(const json::value& result, std::string_view prefix) {
  for (const json::value& interface : result.at("interfaces").as_array())
    if (!interface.as_object().contains("sandbox") && interface.at("name").as_string().starts_with(prefix))
      return interface.at("name").as_string().c_str();
  return "none";
}

std::vector<std::string> types_of(const json::object& list) {
  std::vector<std::string> types;
  for (const json::value& plugin : list.at("plugins").as_array())
    types.emplace_back(plugin.at("type").as_string().c_str());
  return types;
}

class Bandwidth : public ::testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    ASSERT_EQ(::access((std::string(kDebianPlugins) + "/bandwidth").c_str(), X_OK), 0)
        << "install containernetworking-plugins (deploy/install-deps.sh)";
    ASSERT_TRUE(shaped_.sound() && other_.sound());
    for (const char* dir : {kConfDir, kBinDir, kManifests}) fs::create_directories(dir);
    const bool known = GetParam().known;
    write("pods.yaml", pod("shaped", known ? kShaped : "") + pod("other", known ? kOther : ""));
    if (known) come_late();
    write("policy.yaml", policy(kPort));
    agent_ = Process({SLUICED, "--node-name", "node-1", "--attach", GetParam().attach, "--manifests",
                      kManifests, "--log-level", "error"});
  }
  void TearDown() override {
    remove_pods();
    agent_.end(SIGTERM);
    EXPECT_EQ(live::run({SLUICED, "--detach"}), 0);
    for (const char* dir : {kConfDir, kBinDir, kManifests, "/run/ipam"}) fs::remove_all(dir);
  }

  // The chain as `sluice-cni install` writes it around the base.
  json::object installed() const {
    std::ofstream(std::string(kConfDir) + "/10-base.conflist") << base_list(GetParam().by_hand);
    const Ran ran = run_program(
        SLUICE_CNI, {"install", "--conf-dir", kConfDir, "--bin-dir", kBinDir, "--timeout", "30s"}, {}, "");
    EXPECT_EQ(ran.exit, 0) << ran.err;
    std::ifstream file(std::string(kConfDir) + "/05-sluice.conflist");
    return json::parse(std::string{std::istreambuf_iterator<char>(file), {}}).as_object();
  }
  // Stands where runtimes look first; longer after the interface than an open namespace is waited for.
  static void come_late() {
    const std::string path = std::string(kBinDir) + "/bandwidth";
    std::ofstream(path) << "#!/bin/sh\n[ \"$CNI_COMMAND\" != ADD ] || sleep 2\nexec " << kDebianPlugins
                        << "/bandwidth\n";
    fs::permissions(path, fs::perms::owner_all);
  }
  void use(const std::string& list) {
    const std::string built = fs::path(SLUICE_CNI).parent_path();
    runtime_.emplace(list, std::string(kBinDir) + ":" + kDebianPlugins + ":" + built);
  }
  void add_pods(const json::object& list) {
    use(json::serialize(list));
    for (const Attach& attach : {Attach{"c1", other_.path(), "other"}, {"c2", shaped_.path(), "shaped"}}) {
      added_.push_back(attach);
      const Ran ran = runtime_->add(attach);
      ASSERT_EQ(ran.exit, 0) << attach.pod << ": " << ran.out << ran.err;
    }
    veth_ = on_the_node(runtime_->results().back(), "veth");
    ifb_ = on_the_node(runtime_->results().back(), "bwp");
  }
  void remove_pods() {
    for (const Attach& attach : added_) EXPECT_EQ(runtime_->del(attach).exit, 0) << attach.pod;
    added_.clear();
  }

  bool shaped_reaches_other(uint16_t port) const {
    return Stream::open(shaped_.path(), other_.path(), *net::Ip::parse(kOther), port).ok();
  }
  bool other_reaches_shaped(uint16_t port) const {
    return Stream::open(other_.path(), shaped_.path(), *net::Ip::parse(kShaped), port).ok();
  }
  // What goes to and fro is seen by both of the plugin's tbfs.
  void expect_shaped(Stream& stream) const {
    constexpr int kMessages = 50;
    const auto sent = went_through_tbf(ifb_), received = went_through_tbf(veth_);
    ASSERT_TRUE(sent && received) << tc("qdisc show");
    for (int i = 0; i < kMessages; ++i) ASSERT_TRUE(stream.beat(2000) && stream.answer(2000)) << i;
    EXPECT_THAT(went_through_tbf(ifb_), Ge(*sent + kMessages)) << "what the pod sends";
    EXPECT_THAT(went_through_tbf(veth_), Ge(*received + kMessages)) << "what the pod receives";
  }

  const PodNetns shaped_{"shaped"}, other_{"other"};
  std::optional<Runtime> runtime_;
  std::vector<Attach> added_;
  std::string veth_, ifb_;  // of the pod `shaped`
  Process agent_;
};

TEST_P(Bandwidth, WhatIsShapedIsUnderPolicyToo) {
  const json::object list = installed();
  EXPECT_THAT(types_of(list), ElementsAre("sluice-cni", "ptp", "bandwidth", "sluice-cni"));
  ASSERT_NO_FATAL_FAILURE(add_pods(list));

  // From the first packet on.
  EXPECT_FALSE(shaped_reaches_other(kAnotherPort));
  EXPECT_FALSE(other_reaches_shaped(kAnotherPort));
  EXPECT_TRUE(other_reaches_shaped(kPort));
  auto stream = Stream::open(shaped_.path(), other_.path(), *net::Ip::parse(kOther), kPort);
  ASSERT_TRUE(stream.ok()) << stream.error().message();
  ASSERT_NO_FATAL_FAILURE(expect_shaped(*stream));
  const std::string filters = tc("filter show dev " + veth_ + " ingress");
  EXPECT_THAT(filters, HasSubstr("to device " + ifb_));
  if (std::string_view(GetParam().attach) == "clsact") {
    EXPECT_LT(filters.find("sluice_from_pod"), filters.find("mirred")) << "policy comes first: " << filters;
  }

  write("policy.yaml", policy(kAnotherPort));
  ASSERT_EQ(live::run({SLUICECTL, "sync", "--timeout", "60s"}), 0);
  EXPECT_FALSE(stream->beat(1000)) << "the open connection stops";
  EXPECT_FALSE(shaped_reaches_other(kPort));
  EXPECT_TRUE(shaped_reaches_other(kAnotherPort));

  remove_pods();
  EXPECT_EQ(tc("qdisc show dev " + ifb_), "") << "the plugin's ifb is gone";
}

INSTANTIATE_TEST_SUITE_P(Attached, Bandwidth,
                         ::testing::Values(Row{"clsact", "clsact", ""}, Row{"by_itself", "auto", ""},
                                           Row{"by_hand_in_front", "clsact", kByHand},
                                           Row{"address_known_before", "clsact", "", true}),
                         [](const auto& row) { return row.param.name; });

class BandwidthWithoutInstaller : public Bandwidth {};

// The plugin fails, so that no container runs.
TEST_P(BandwidthWithoutInstaller, AListInTheWrongOrderMakesNoPod) {
  const std::string wrong = base_list(GetParam().by_hand);
  EXPECT_TRUE(precedes_bandwidth(wrong)) << "preflight says so";
  use(wrong);
  added_.push_back({"c1", shaped_.path(), "shaped"});
  const Ran ran = runtime_->add(added_.front());
  EXPECT_NE(ran.exit, 0);
  EXPECT_THAT(ran.out + ran.err, HasSubstr("file exists"));
}

INSTANTIATE_TEST_SUITE_P(Attached, BandwidthWithoutInstaller,
                         ::testing::Values(Row{"clsact", "clsact", kByHand}),
                         [](const auto& row) { return row.param.name; });

class LeftToItsChain : public Bandwidth {
 protected:
  // Of the pod `other`, as the agent says it.
  static bool becomes(const std::string& state, std::chrono::seconds patience) {
    const auto late = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < late) {
      const std::string said = run_program(SLUICECTL, {"endpoints"}, {}, "").out;
      const size_t line = said.find("shop/other");
      const bool bare = said.find("(not attached)", line) != said.npos;
      if (line != said.npos && (state == "bare") == bare) return true;
      ::poll(nullptr, 0, 20);
    }
    return false;
  }
};

// Nothing tells the agent that a gate was opened: it looks by itself, long before it gives up waiting.
TEST_P(LeftToItsChain, APodThatNobodyAnnouncesGetsProgramsOnceItsGateIsOpen) {
  use(list_of(R"({"type": "sluice-cni", "gate": "close"}, )" + std::string(kPtp)));
  added_.push_back({"c1", other_.path(), "other"});
  ASSERT_EQ(runtime_->add(added_.front()).exit, 0);
  EXPECT_TRUE(becomes("bare", std::chrono::seconds(30)));
  const auto netns = endpoint::Netns::open(other_.path());
  ASSERT_TRUE(netns && endpoint::open_gate(*netns));
  EXPECT_TRUE(becomes("attached", std::chrono::seconds(4)));
}

INSTANTIATE_TEST_SUITE_P(Attached, LeftToItsChain, ::testing::Values(Row{"clsact", "clsact", "", true}),
                         [](const auto& row) { return row.param.name; });

class PluginKilled : public Bandwidth {
 protected:
  static constexpr uint16_t kForbidden = 7000;
  // Runs of the program are killed after so many milliseconds; 0: none.
  static void kill_after(unsigned milliseconds) {
    std::ofstream("/run/kill-after") << "0." << std::setw(3) << std::setfill('0') << milliseconds;
  }
  void use_mortal() {
    const std::string path = std::string(kBinDir) + "/sluice-cni";
    std::ofstream(path) << "#!/bin/sh\nexec timeout -s KILL $(cat /run/kill-after) " << SLUICE_CNI << "\n";
    fs::permissions(path, fs::perms::owner_all);
    kill_after(0);
    use(list_of(R"({"type": "sluice-cni", "gate": "close"}, )" + std::string(kPtp) +
                R"(, {"type": "sluice-cni", "gate": "open", "timeout": "30s"})"));
  }
  // Of a namespace; its port is bound.
  static base::Fd udp_in(const PodNetns& pod) {
    base::Fd fd;
    const auto netns = endpoint::Netns::open(pod.path());
    EXPECT_TRUE(netns && endpoint::run_within(*netns, [&fd] {
                  fd = base::Fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
                  sockaddr_in any{};
                  any.sin_family = AF_INET;
                  any.sin_port = htons(kForbidden);
                  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any), 0);
                }));
    return fd;
  }
  static bool arrived_at(const base::Fd& fd) {
    char byte = 0;
    return ::recv(fd.get(), &byte, 1, 0) == 1;
  }
};

// Killed at any moment of ADD: what the pod's policy forbids does not come in, before, while and after; DEL and another ADD
// find nothing in their way, and the agent keeps nothing.
TEST_P(PluginKilled, NothingPassesAndNothingIsLeft) {
#ifdef SLUICE_SANITIZE
  constexpr unsigned kSlowest = 600;
#else
  constexpr unsigned kSlowest = 60;
#endif
  constexpr unsigned kRounds = 40;
  use_mortal();
  const Attach other{"c1", other_.path(), "other"};
  added_.push_back(other);
  ASSERT_EQ(runtime_->add(other).exit, 0);
  const base::Fd inside = udp_in(shaped_), from = udp_in(other_);
  std::atomic<bool> over{false};
  std::thread prober([&] {
    // The address plugin gives one after the other.
    for (uint32_t last = 2; !over; last = last == 99 ? 2 : last + 1) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(kForbidden);
      to.sin_addr.s_addr = htonl(0x0af40900 | last);  // 10.244.9.0
      ::sendto(from.get(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
      if (last % 32 == 0) ::poll(nullptr, 0, 1);
    }
  });
  std::mt19937 random(7);
  unsigned failed = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    kill_after(1 + static_cast<unsigned>(random()) % kSlowest);
    const Attach attach{"killed-" + std::to_string(round), shaped_.path(), "shaped"};
    failed += runtime_->add(attach).exit != 0 ? 1 : 0;
    ::poll(nullptr, 0, 20);  // what was sent arrives
    EXPECT_FALSE(arrived_at(inside)) << round;
    kill_after(0);
    const Ran deleted = runtime_->del(attach);
    EXPECT_EQ(deleted.exit, 0) << deleted.out << deleted.err;
  }
  EXPECT_GT(failed, 0u);
  EXPECT_LT(failed, kRounds) << "some lived long enough";
  added_.push_back({"c2", shaped_.path(), "shaped"});
  const Ran added = runtime_->add(added_.back());
  EXPECT_EQ(added.exit, 0) << added.out << added.err;
  const auto denied = [] {
    return run_program(SLUICECTL, {"status"}, {}, "").out.find("Nothing was dropped") == std::string::npos;
  };
  const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (!denied() && std::chrono::steady_clock::now() < late) ::poll(nullptr, 0, 20);
  EXPECT_TRUE(denied()) << "what is sent gets as far as the pod's interface";
  over = true;
  prober.join();
  EXPECT_FALSE(arrived_at(inside));
  const std::string at = runtime_->results().back().at("ips").at(0).at("address").as_string().c_str();
  EXPECT_TRUE(
      Stream::open(other_.path(), shaped_.path(), *net::Ip::parse(at.substr(0, at.find('/'))), kPort).ok())
      << "what is allowed passes";
  const std::string known = run_program(SLUICECTL, {"endpoints"}, {}, "").out;
  EXPECT_NE(known.find("shop/shaped"), known.npos) << known;
  EXPECT_EQ(known.find("shop/shaped"), known.rfind("shop/shaped")) << known;
}

INSTANTIATE_TEST_SUITE_P(Attached, PluginKilled, ::testing::Values(Row{"by_itself", "auto", ""}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace sluice::cni
