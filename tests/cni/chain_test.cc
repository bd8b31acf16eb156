// sluice-cni around Debian's real plugins, in a sandbox: ptp and bridge, IPv4 and dual stack, every
// version of the specification, the configuration composed by the installer's own program, and an agent that
// is there, late, away.
#include <gmock/gmock.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>

#include "agent/cni/spec.h"
#include "agent/endpoint/netlink.h"
#include "agent/endpoint/netns.h"
#include "tests/cni/runtime.h"
#include "tests/live/pod_netns.h"
#include "tests/live/sandbox.h"
#include "tests/unit/cni/agent_double.h"

namespace sluice::cni {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using ::testing::HasSubstr;

const auto* const kSandbox = ::testing::AddGlobalTestEnvironment(new live::SandboxEnvironment);

constexpr char kDebianPlugins[] = "/usr/lib/cni";
constexpr char kConfDir[] = "/run/net.d", kBinDir[] = "/run/cni-bin", kSocket[] = "/run/agent/sluice.sock";
constexpr char kPath[] = "/run/cni-bin:/usr/lib/cni";

using live::PodNetns;

struct Shape {
  std::string type;  // of the plugin that makes the interface
  bool dual = false;
  Version version = kNewest;
};
void PrintTo(const Shape& shape, std::ostream* out) {
  *out << shape.type << (shape.dual ? " dual stack " : " IPv4 ") << to_text(shape.version);
}

std::string base_list(const Shape& shape) {
  json::array ranges;
  ranges.push_back(json::array{json::object{{"subnet", "10.244.7.0/24"}}});
  json::array routes{json::object{{"dst", "0.0.0.0/0"}}};
  if (shape.dual) {
    ranges.push_back(json::array{json::object{{"subnet", "fd00:7::/64"}}});
    routes.push_back(json::object{{"dst", "::/0"}});
  }
  json::object maker{
      {"type", shape.type},
      {"ipam", {{"type", "host-local"}, {"dataDir", "/run/ipam"}, {"ranges", ranges}, {"routes", routes}}}};
  if (shape.type == "bridge") {
    maker["bridge"] = "cni0";
    maker["isGateway"] = true;
  }
  return json::serialize(json::object{
      {"cniVersion", to_text(shape.version)},
      {"name", "testnet"},
      {"plugins",
       json::array{maker, json::object{{"type", "portmap"}, {"capabilities", {{"portMappings", true}}}}}}});
}

// Debian's plugins speak 1.0.0 at most: one that speaks 1.1.0 in their place.
void put_interpreter(const std::string& type) {
  const std::string path = std::string(kBinDir) + "/" + type;
  std::ofstream(path) << "#!/bin/bash\nset -o pipefail\n"
                         "case $CNI_COMMAND in GC | STATUS) cat >/dev/null; exit 0 ;; esac\n"
                         "sed 's/\"1\\.1\\.0\"/\"1.0.0\"/g' | "
                      << kDebianPlugins << "/" << type << " | sed 's/\"1\\.0\\.0\"/\"1.1.0\"/g'\n";
  fs::permissions(path, fs::perms::all);
}

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

Ran installer(std::vector<std::string> words) {
  words.insert(words.end(), {"--conf-dir", kConfDir, "--bin-dir", kBinDir});
  return run_program(SLUICE_CNI, std::move(words), {}, "");
}

// The name here of the veth whose other end is `ifname` in `netns`: by its own end's word, not by ours.
std::string near_end_of(const std::string& netns, const std::string& ifname) {
  auto there = endpoint::Netns::open(netns);
  if (!there) return there.error().message();
  int far = 0;
  (void)endpoint::run_within(*there, [&] { far = static_cast<int>(::if_nametoindex(ifname.c_str())); });
  auto netlink = endpoint::Netlink::open();
  const auto nsid = netlink->nsid_of(there->fd());
  const auto links = netlink->links();
  for (const endpoint::Link& link : *links)
    if (link.kind == "veth" && link.peer_ifindex == far && link.peer_nsid == *nsid) return link.name;
  return "none";
}

class Chain : public ::testing::TestWithParam<Shape> {
 protected:
  void SetUp() override {
    ASSERT_EQ(::access((std::string(kDebianPlugins) + "/ptp").c_str(), X_OK), 0)
        << "install containernetworking-plugins (deploy/install-deps.sh)";
    for (const char* dir : {kConfDir, kBinDir, "/run/agent", "/run/ipam"}) fs::create_directories(dir);
    std::ofstream(std::string(kConfDir) + "/10-test.conflist") << base_list(GetParam());
    if (GetParam().version == Version::k110)
      for (const char* type : {"ptp", "bridge", "portmap"}) put_interpreter(type);
    use("10s", "strict");
  }
  void TearDown() override {
    agent_.reset();
    for (const char* dir : {kConfDir, kBinDir, "/run/agent", "/run/ipam"}) fs::remove_all(dir);
    if (::if_nametoindex("cni0") != 0) {
      EXPECT_EQ(run_program("/bin/ip", {"link", "del", "cni0"}, {}, "").exit, 0);
    }
  }
  // Installs with these options, and reads what a runtime would.
  void use(const std::string& timeout, const std::string& on_failure) {
    const Ran ran =
        installer({"install", "--socket", kSocket, "--timeout", timeout, "--on-failure", on_failure});
    ASSERT_EQ(ran.exit, 0) << ran.err;
    runtime_.emplace(read_file(std::string(kConfDir) + "/05-sluice.conflist"), kPath);
  }
  void start_agent() {
    agent_ = std::make_unique<AgentDouble>(kSocket);
    ASSERT_TRUE(agent_->listens());
  }
  bool knows_check() const { return GetParam().version >= Version::k040; }

  std::optional<Runtime> runtime_;
  std::unique_ptr<AgentDouble> agent_;
};

std::vector<std::string> addresses_in(const json::value& result) {
  std::vector<std::string> all;
  for (const auto& entry : result.at("ips").as_array()) {
    const std::string text = entry.at("address").as_string().c_str();
    all.push_back(text.substr(0, text.find('/')));
  }
  return all;
}

TEST_P(Chain, TellsTheAgentOfThePodAndPassesTheResultOn) {
  start_agent();
  const PodNetns netns("a");
  ASSERT_TRUE(netns.sound());
  const Attach attach{"c1", netns.path(), "web-1"};
  const Ran added = runtime_->add(attach);
  ASSERT_EQ(added.exit, 0) << added.out << added.err;
  EXPECT_EQ(added.err, "");
  ASSERT_EQ(runtime_->results().size(), 4u);
  EXPECT_EQ(runtime_->results()[3], runtime_->results()[2]);
  ASSERT_EQ(agent_->added().size(), 1u);
  const auto request = agent_->added()[0];
  EXPECT_EQ(request.container_id(), "c1");
  EXPECT_EQ(request.interface_name(), "eth0");
  EXPECT_EQ(request.network(), "testnet");
  EXPECT_EQ(request.namespace_(), "shop");
  EXPECT_EQ(request.pod(), "web-1");
  EXPECT_EQ(request.uid(), "uid-web-1");
  EXPECT_EQ(request.netns(), netns.path());
  EXPECT_EQ(request.host_interface(), near_end_of(netns.path(), "eth0"));
  EXPECT_FALSE(request.no_wait());
  const auto expected = addresses_in(runtime_->results()[2]);
  EXPECT_EQ(expected.size(), GetParam().dual ? 2u : 1u);
  EXPECT_THAT(request.addresses(), ::testing::UnorderedElementsAreArray(expected));

  const Ran checked = runtime_->check(attach);
  if (knows_check()) {
    EXPECT_EQ(checked.exit, 0) << checked.out << checked.err;
    EXPECT_EQ(agent_->checked().size(), 1u);
  } else {
    EXPECT_EQ(checked.exit, 1);
  }
  const Ran deleted = runtime_->del(attach);
  EXPECT_EQ(deleted.exit, 0) << deleted.out << deleted.err;
  ASSERT_EQ(agent_->deleted().size(), 1u);
  EXPECT_EQ(agent_->deleted()[0].container_id(), "c1");
  // Again, with the interface, and now the namespace too, gone.
  EXPECT_EQ(runtime_->del({"c1", "", "web-1"}).exit, 0);
}

TEST_P(Chain, StrictFailsThePodWithTheAgentsOwnLine) {
  start_agent();
  agent_->answer_add({grpc::StatusCode::DEADLINE_EXCEEDED, "Pod shop/web-1: the object is not known yet"});
  const PodNetns netns("a");
  const Attach attach{"c1", netns.path(), "web-1"};
  const Ran added = runtime_->add(attach);
  EXPECT_EQ(added.exit, 1);
  const auto error = json::parse(added.out);
  EXPECT_EQ(error.at("code").as_int64(), 11);
  EXPECT_EQ(error.at("cniVersion").as_string(), to_text(GetParam().version));
  EXPECT_EQ(error.at("details").as_string(), "Pod shop/web-1: the object is not known yet");
  EXPECT_EQ(runtime_->del(attach).exit, 0);
}

TEST_P(Chain, PermissiveLetsThePodGoAndReports) {
  use("200ms", "permissive");  // and no agent there
  const PodNetns netns("a");
  const Attach attach{"c1", netns.path(), "web-1"};
  const Ran added = runtime_->add(attach);
  EXPECT_EQ(added.exit, 0) << added.out;
  EXPECT_THAT(added.err, HasSubstr(std::string("no agent answers at ") + kSocket));
  ASSERT_EQ(runtime_->results().size(), 4u);
  EXPECT_EQ(runtime_->results()[3], runtime_->results()[2]);
  if (knows_check()) {
    EXPECT_EQ(runtime_->check(attach).exit, 0);
  }
  EXPECT_EQ(runtime_->del(attach).exit, 0);
}

TEST_P(Chain, StrictFailsThePodWhereNoAgentIsThere) {
  use("200ms", "strict");
  const PodNetns netns("a");
  const Attach attach{"c1", netns.path(), "web-1"};
  const Ran added = runtime_->add(attach);
  EXPECT_EQ(added.exit, 1);
  EXPECT_THAT(json::parse(added.out).at("details").as_string().c_str(), HasSubstr("no agent answers"));
  EXPECT_EQ(runtime_->del(attach).exit, 0);
}

std::vector<Shape> shapes() {
  std::vector<Shape> all;
  for (const char* type : {"ptp", "bridge"})
    for (const bool dual : {false, true})
      for (const Version version : versions()) all.push_back({type, dual, version});
  return all;
}
INSTANTIATE_TEST_SUITE_P(EveryShape, Chain, ::testing::ValuesIn(shapes()));

class OneShape : public Chain {};
INSTANTIATE_TEST_SUITE_P(Bridge, OneShape, ::testing::Values(Shape{"bridge", true, kNewest}));

TEST_P(OneShape, StatusAndGcPassThroughTheWholeList) {
  use("200ms", "strict");
  fs::last_write_time("/run/agent", fs::file_time_type::clock::now() - std::chrono::hours(1));
  const Ran away = runtime_->status();
  EXPECT_EQ(away.exit, 1);
  EXPECT_EQ(json::parse(away.out).at("code").as_int64(), 50) << away.out;
  start_agent();
  const Ran there = runtime_->status();
  EXPECT_EQ(there.exit, 0) << there.out << there.err;
  EXPECT_EQ(there.out, "");
  const Ran collected = runtime_->gc({"c1", "c2"});
  EXPECT_EQ(collected.exit, 0) << collected.out << collected.err;
  ASSERT_EQ(agent_->kept().size(), 1u) << "by one of our two entries";
  EXPECT_EQ(agent_->kept()[0].network(), "testnet");
  EXPECT_EQ(agent_->kept()[0].valid_size(), 2);
}

TEST_P(OneShape, ManyPodsAtOnce) {
  constexpr size_t kPods = 16;
  start_agent();
  const std::string list = read_file(std::string(kConfDir) + "/05-sluice.conflist");
  std::vector<std::unique_ptr<PodNetns>> pods;
  std::vector<std::thread> threads;
  std::vector<int> exits(kPods, -1);
  for (size_t i = 0; i < kPods; ++i) {
    pods.push_back(std::make_unique<PodNetns>("pod" + std::to_string(i)));
    ASSERT_TRUE(pods[i]->sound());
  }
  for (size_t i = 0; i < kPods; ++i)
    threads.emplace_back([&, i] {
      Runtime runtime(list, kPath);
      const Attach attach{"c" + std::to_string(i), pods[i]->path(), "web-" + std::to_string(i)};
      const int added = runtime.add(attach).exit;
      exits[i] = added != 0 ? added : runtime.del(attach).exit;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(exits, ::testing::Each(0));
  EXPECT_EQ(agent_->added().size(), kPods);
  EXPECT_EQ(agent_->deleted().size(), kPods);
}

TEST_P(OneShape, AnInterfaceWithoutAnEndHereIsRefused) {
  start_agent();
  const PodNetns netns("a");
  Runtime runtime(R"({"cniVersion":"1.0.0","name":"lo","plugins":[{"type":"loopback"},{"type":"sluice-cni",
                   "socket":")" +
                      std::string(kSocket) + R"("}]})",
                  kPath);
  const Ran added = runtime.add({"c1", netns.path(), "web-1", "lo"});
  EXPECT_EQ(added.exit, 1);
  EXPECT_EQ(json::parse(added.out).at("code").as_int64(), 100) << added.out;
  EXPECT_TRUE(agent_->added().empty());
}

// Pods are created all the while the installer comes and goes, each by what a runtime reads at that moment.
TEST_P(OneShape, PodsStayCreatableWhileTheInstallerComesAndGoes) {
  start_agent();
  std::atomic<bool> over{false};
  std::atomic<int> rounds{0};
  std::thread other([&] {
    while (!over) {
      EXPECT_EQ(installer({"uninstall", "--grace", "2s"}).exit, 0);
      EXPECT_EQ(installer({"install", "--socket", kSocket}).exit, 0);
      ++rounds;
    }
  });
  const std::vector<std::string> files{std::string(kConfDir) + "/05-sluice.conflist",
                                       std::string(kConfDir) + "/10-test.conflist"};
  int created = 0;
  for (; created < 200 && (rounds < 3 || created < 20); ++created) {
    std::string list = read_file(files[0]);
    if (list.empty()) list = read_file(files[1]);
    const PodNetns netns("a");
    Runtime runtime(list, kPath);
    const Attach attach{"c" + std::to_string(created), netns.path(), "web-1"};
    const Ran added = runtime.add(attach);
    EXPECT_EQ(added.exit, 0) << added.out << added.err;
    EXPECT_EQ(runtime.del(attach).exit, 0);
  }
  over = true;
  other.join();
  EXPECT_GE(rounds, 3);
}

}  // namespace
}  // namespace sluice::cni
