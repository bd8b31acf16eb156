// Limits: the agent where descriptors, memory or threads run out. Under whatever limit it ends with one line
// and exit 1, or it runs and ends when it is told to; `sync` says 0 only where every pod of the node is
// protected. It is never killed by a fault of its own (a control group's limit of memory is the kernel's to
// kill for), and goes right again once a limit is lifted.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/lab/lab.h"
#include "agent/source/folder/folder.h"
#include "tests/live/group_limit.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"

namespace sluice::live {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""ms;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

const char kPodsOfLimits[] = "/run/limited-manifests";
const char kAgentSays[] = "/run/limited-agent", kSyncSays[] = "/run/limited-sync";
constexpr int kPods = 60;
constexpr std::chrono::seconds kPatience{20};

std::string pod_manifest(int number) {
  const std::string name = "p" + std::to_string(number), ip = "10.244.1." + std::to_string(number);
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {nodeName: node-1, containers: [{name: c, image: i}]}\n"
         "status: {phase: Running, podIP: " +
         ip + ", podIPs: [{ip: " + ip + "}]}\n";
}
const char kDenyAll[] =
    "---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: deny, namespace: shop}\n"
    "spec: {podSelector: {}}\n";

std::string text_of(const char* file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

// How many interfaces carry both programs.
int protected_pods() {
  int links = 0;
  for (const auto& found : fs::recursive_directory_iterator("/sys/fs/bpf/sluice"))
    links += found.path().parent_path().filename() == "links" ? 1 : 0;
  return links / 2;
}

enum class End { kRan, kGaveUp, kKilled };

class Limits : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    fs::create_directories(kPodsOfLimits);
    std::ofstream file(std::string(kPodsOfLimits) + "/pods.yaml");
    for (int pod = 1; pod <= kPods; ++pod) file << pod_manifest(pod);
    file << kDenyAll;
    file.close();
    auto hosts = lab::up(source::folder::read_folder(kPodsOfLimits)->cluster, {});
    ASSERT_TRUE(hosts) << hosts.error().message();
  }
  static void TearDownTestSuite() {
    auto down = lab::down({});
    EXPECT_TRUE(down) << down.error().message();
  }
  void TearDown() override {
    agent_.end(SIGKILL);
    EXPECT_EQ(run({SLUICED, "--detach"}), 0);
  }

  // What a shell becomes after `limits`, words of its own.
  void start_agent(const std::string& limits) {
    agent_ = Process({"/bin/sh", "-c",
                      limits +
                          "; exec " SLUICED
                          " --node-name node-1 --metrics 127.0.0.1:19620 --log-level error --manifests " +
                          kPodsOfLimits + " 2> " + kAgentSays});
  }
  static int sync(const std::string& patience) {
    return run({"/bin/sh", "-c", SLUICECTL " sync --timeout " + patience + " 2> " + kSyncSays});
  }
  static bool is_not_ready() {
    return run({"/bin/sh", "-c", SLUICECTL " status | grep -q 'NOT READY'"}) == 0;
  }
  size_t open_descriptors() const {
    const fs::directory_iterator all("/proc/" + std::to_string(agent_.pid()) + "/fd");
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  // Until all is in force, the agent has given up, or patience has.
  bool protects_all() {
    const auto late = std::chrono::steady_clock::now() + kPatience;
    while (!agent_.ends_within(0ms) && std::chrono::steady_clock::now() < late) {
      const int said = sync("500ms");
      EXPECT_TRUE(said == 0 || said == 1) << said << ": " << text_of(kSyncSays);
      if (said == 0) return protected_pods() == kPods;
    }
    return false;
  }
  // kRan: it protected all until it was told to end.
  End end_under(const std::string& limits) {
    SCOPED_TRACE(limits);
    start_agent(limits);
    const bool good = protects_all();
    const bool ended = agent_.ends_within(0ms);
    EXPECT_TRUE(good || ended) << "neither protects all nor says that it cannot: " << text_of(kSyncSays);
    if (!ended) {
      expect_end(0);
      return End::kRan;
    }
    const int exit = agent_.wait();
    EXPECT_EQ(sync("100ms"), 1);
    if (exit == 128 + SIGKILL) return End::kKilled;
    EXPECT_EQ(exit, 1) << text_of(kAgentSays);
    EXPECT_THAT(text_of(kAgentSays), StartsWith("sluiced: "));
    EXPECT_THAT(text_of(kAgentSays), EndsWith("\n"));
    EXPECT_EQ(std::ranges::count(text_of(kAgentSays), '\n'), 1) << text_of(kAgentSays);
    return End::kGaveUp;
  }
  // True where it ran, else it gave up.
  bool ends_well(const std::string& limits) {
    const End end = end_under(limits);
    EXPECT_NE(end, End::kKilled) << limits;
    return end == End::kRan;
  }
  // On SIGTERM, in good time.
  void expect_end(int exit) {
    ::kill(agent_.pid(), SIGTERM);
    ASSERT_TRUE(agent_.ends_within(kPatience)) << "does not end: " << text_of(kAgentSays);
    EXPECT_EQ(agent_.wait(), exit) << text_of(kAgentSays);
  }

  Process agent_;
};

TEST_F(Limits, Descriptors) {
  for (const int files : {16, 64, 127}) EXPECT_FALSE(ends_well("ulimit -n " + std::to_string(files)));
  EXPECT_THAT(text_of(kAgentSays), HasSubstr("the limit of open files (RLIMIT_NOFILE) is 127"));
  EXPECT_TRUE(ends_well("ulimit -n 512"));
}

TEST_F(Limits, DescriptorsForSomePodsOnly) {
  start_agent("ulimit -n 150");
  EXPECT_EQ(sync("5s"), 1);
  EXPECT_THAT(text_of(kSyncSays), HasSubstr("namespaces, the first of them "));
  EXPECT_THAT(text_of(kSyncSays),
              HasSubstr("Too many open files: raise the limit of open files, which is 150"));
  EXPECT_TRUE(is_not_ready());
  EXPECT_LT(protected_pods(), kPods);
  expect_end(0);
}

TEST_F(Limits, DescriptorsThatRunOutAndCanBeHadAgain) {
  start_agent("ulimit -n 512");
  ASSERT_TRUE(protects_all()) << text_of(kSyncSays);
  // Some more than it has open: it can be asked, and look into some of the namespaces.
  const rlimit few{open_descriptors() + 8, 512}, enough{512, 512};
  ASSERT_EQ(::prlimit(agent_.pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  EXPECT_EQ(sync("2s"), 1) << "it cannot look into namespaces, so a new pod may be there";
  EXPECT_THAT(text_of(kSyncSays), HasSubstr("Too many open files: raise the limit of open files, which is " +
                                            std::to_string(few.rlim_cur)));
  EXPECT_TRUE(is_not_ready());
  EXPECT_EQ(protected_pods(), kPods) << "what was protected is";
  ASSERT_EQ(::prlimit(agent_.pid(), RLIMIT_NOFILE, &enough, nullptr), 0);
  EXPECT_TRUE(protects_all()) << text_of(kSyncSays);
  EXPECT_FALSE(is_not_ready());
  expect_end(0);
}

// Below what its libraries take the system's loader says so, or nobody can: those limits are not here.
TEST_F(Limits, Memory) {
#ifdef SLUICE_SANITIZE
  GTEST_SKIP() << "a sanitizer takes more address space than any of these";
#endif
  int least = 0;
  for (const int mebibytes : {44, 48, 52, 55, 57, 59, 61, 64, 72, 96, 168, 232}) {
    const bool good = ends_well("ulimit -v " + std::to_string(mebibytes * 1024));
    if (good && least == 0) least = mebibytes;
    EXPECT_EQ(good, least > 0) << mebibytes << " MiB do not do, and " << least << " did";
  }
  EXPECT_TRUE(least > 44) << least << " MiB were the least that did";
}

TEST_F(Limits, MemoryOfTheControlGroup) {
  const GroupLimit memory(kMemory);
  if (!memory.usable()) GTEST_SKIP() << "needs a memory controller below /sys/fs/cgroup";
  start_agent("true");
  ASSERT_TRUE(protects_all()) << text_of(kSyncSays);
  expect_end(0);
  const int few[] = {4, 12, 20}, enough = 128;  // MiB, with maps that are there
  for (const int mebibytes : few) {
    memory.set(std::to_string(mebibytes) + "M");
    EXPECT_NE(end_under(memory.enter()), End::kRan) << mebibytes;
    EXPECT_EQ(protected_pods(), kPods) << "what was protected is";
  }
  memory.set(std::to_string(enough) + "M");
  EXPECT_EQ(end_under(memory.enter()), End::kRan);
}

TEST_F(Limits, ThreadsToBeginWith) {
  const GroupLimit threads(kThreads);
  if (!threads.usable()) GTEST_SKIP() << "needs a pids controller below /sys/fs/cgroup";
  for (const char* most : {"1", "3", "5", "11"}) {
    threads.set(most);
    EXPECT_FALSE(ends_well(threads.enter()));
    EXPECT_THAT(text_of(kAgentSays), HasSubstr("raise the limit of threads (TasksMax in the unit"));
  }
  threads.lift();
  EXPECT_TRUE(ends_well(threads.enter()));
}

TEST_F(Limits, ThreadsThatRunOutAndCanBeHadAgain) {
  const GroupLimit threads(kThreads);
  if (!threads.usable()) GTEST_SKIP() << "needs a pids controller below /sys/fs/cgroup";
  start_agent(threads.enter());
  ASSERT_TRUE(protects_all()) << text_of(kSyncSays);
  threads.set(threads.current());
  EXPECT_EQ(sync("2s"), 1) << "it cannot look into namespaces, so a new pod may be there";
  EXPECT_THAT(text_of(kSyncSays), HasSubstr("start a thread: Resource temporarily unavailable: raise the "
                                            "limit of threads"));
  EXPECT_TRUE(is_not_ready());
  EXPECT_EQ(protected_pods(), kPods) << "what was protected is";
  threads.lift();
  EXPECT_TRUE(protects_all()) << text_of(kSyncSays);
  EXPECT_FALSE(is_not_ready());
  threads.set(threads.current());
  expect_end(0);
}

TEST_F(Limits, CallersWithoutThreadsSayIt) {
  const GroupLimit threads(kThreads);
  if (!threads.usable()) GTEST_SKIP() << "needs a pids controller below /sys/fs/cgroup";
  start_agent("true");
  ASSERT_TRUE(protects_all()) << text_of(kSyncSays);
  for (const char* most : {"1", "3", "7"}) {
    threads.set(most);
    EXPECT_EQ(run({"/bin/sh", "-c",
                   threads.enter() + "; exec " SLUICECTL " sync --timeout 1s 2> " + std::string(kSyncSays)}),
              1);
    EXPECT_THAT(text_of(kSyncSays), HasSubstr("more threads are needed"));
  }
}

}  // namespace
}  // namespace sluice::live
