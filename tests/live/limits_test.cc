// Limits: the agent where descriptors or memory run out. Whatever the limit, it ends with one line
// and exit 1, or it runs; and `sync` says 0 only where every pod of the node is protected. It is never killed
// by a fault of its own.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "agent/lab/lab.h"
#include "agent/source/folder.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"

namespace sluice::live {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

const char kManifests[] = "/run/limited-manifests";
const char kAgentSays[] = "/run/limited-agent", kSyncSays[] = "/run/limited-sync";
constexpr int kPods = 60;

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

// The agent that a shell becomes after `limits`, a shell's words.
Process limited_agent(const std::string& limits) {
  return Process({"/bin/sh", "-c",
                  limits +
                      "; exec " SLUICED
                      " --node-name node-1 --metrics 127.0.0.1:19620 --log-level error --manifests " +
                      kManifests + " 2> " + kAgentSays});
}

class Limits : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    fs::create_directories(kManifests);
    std::ofstream file(std::string(kManifests) + "/pods.yaml");
    for (int pod = 1; pod <= kPods; ++pod) file << pod_manifest(pod);
    file << kDenyAll;
    file.close();
    auto hosts = lab::up(source::read_folder(kManifests)->cluster, {});
    ASSERT_TRUE(hosts) << hosts.error().message();
  }
  static void TearDownTestSuite() {
    auto down = lab::down({});
    EXPECT_TRUE(down) << down.error().message();
  }
  void TearDown() override { EXPECT_EQ(run({SLUICED, "--detach"}), 0); }

  // How many interfaces carry both programs.
  static int protected_pods() {
    int links = 0;
    std::error_code none;
    for (const auto& link : fs::directory_iterator("/sys/fs/bpf/sluice/links", none))
      links += link.exists() ? 1 : 0;
    return links / 2;
  }

  // True where it ran and protected all.
  bool ends_well(const std::string& limits, const std::string& patience) {
    Process agent = limited_agent(limits);
    const int synced = run({"/bin/sh", "-c", SLUICECTL " sync --timeout " + patience + " 2> " + kSyncSays});
    EXPECT_TRUE(synced == 0 || synced == 1) << limits << ": sync says " << synced;
    if (synced == 0) {
      EXPECT_EQ(protected_pods(), kPods) << limits;
    } else {
      EXPECT_NE(text_of(kSyncSays), "") << limits;
    }
    const int ended = agent.end(SIGTERM);
    EXPECT_TRUE(ended == 0 || ended == 1)
        << limits << ": ended with " << ended << ": " << text_of(kAgentSays);
    if (ended == 1) {
      EXPECT_THAT(text_of(kAgentSays), HasSubstr("sluiced: ")) << limits;
    }
    return synced == 0;
  }
};

TEST_F(Limits, Descriptors) {
  for (const int files : {8, 64, 127, 128, 150})
    EXPECT_FALSE(ends_well("ulimit -n " + std::to_string(files), "6s"));
  EXPECT_THAT(text_of(kSyncSays), HasSubstr("namespaces, the first of them "));
  EXPECT_THAT(text_of(kSyncSays),
              HasSubstr("Too many open files: raise the limit of open files, which is 150"));
  EXPECT_TRUE(ends_well("ulimit -n 512", "30s"));
}

TEST_F(Limits, Memory) {
  for (const int mebibytes : {24, 48}) {
    EXPECT_FALSE(ends_well("ulimit -v " + std::to_string(mebibytes * 1024), "2s"));
    EXPECT_THAT(text_of(kAgentSays), HasSubstr("memory"));
  }
  EXPECT_TRUE(ends_well("ulimit -v unlimited", "30s"));
}

}  // namespace
}  // namespace sluice::live
