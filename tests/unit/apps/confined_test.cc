#include "agent/apps/confined.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/stat.h>

#include <filesystem>

namespace sluice::apps {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

DaemonOptions with(const std::string& sandbox) {
  DaemonOptions options("");
  options.sandbox = sandbox;
  return options;
}

TEST(Confined, TheOptionWinsOverTheEnvironment) {
  EXPECT_EQ(sandbox_mode(with("off"), "kill").value(), sandbox::Mode::kOff);
  EXPECT_EQ(sandbox_mode(with(""), "kill").value(), sandbox::Mode::kKill);
  EXPECT_EQ(sandbox_mode(with("on"), nullptr).value(), sandbox::Mode::kOn);
  EXPECT_TRUE(sandbox_mode(with(""), nullptr));
  EXPECT_THAT(sandbox_mode(with(""), "maybe").error().message(), HasSubstr("$SLUICE_SANDBOX: "));
}

TEST(Confined, TheAgentWritesPinsAndBesideItsSocketAlone) {
  const auto needs =
      agent_needs({"/sys/fs/bpf/sluice", "/run/netns", "/srv/policies/now", "/run/sluice/sluice.sock"});
  EXPECT_EQ(needs.program, sandbox::Program::kAgent);
  EXPECT_THAT(needs.files.written, ElementsAre("/sys/fs/bpf/sluice", "/run/sluice"));
  EXPECT_THAT(needs.files.read, Contains("/srv/policies/now"));
  EXPECT_THAT(needs.files.read, Contains("/srv/policies"))
      << "another folder may take the place of the first";
  EXPECT_THAT(needs.files.read, Contains("/run")) << "its folder of namespaces may come later";
  EXPECT_THAT(needs.connects, ElementsAre());
  EXPECT_THAT(needs.capabilities, Not(Contains(CAP_SYS_PTRACE)));
  EXPECT_THAT(needs.capabilities, Not(Contains(CAP_PERFMON))) << "programs are loaded by then";
}

TEST(Confined, ALinkToManifestsMayLeadElsewhereLater) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(testing::TempDir()) / "confined_test.links";
  fs::remove_all(folder);
  fs::create_directories(folder / "releases" / "1");
  fs::create_symlink(folder / "releases" / "1", folder / "current");
  EXPECT_THAT(agent_needs({"/b", "/run/netns", (folder / "current").string(), "/s/s"}).files.read,
              Contains(fs::canonical(folder / "releases").string()));
  fs::remove_all(folder);
}

TEST(Confined, NamespacesMayHaveNoFolderYet) {
  EXPECT_THAT(agent_needs({"/b", "/dev/nobody/has/made/it", "/m", "/s/s"}).files.read, Contains("/dev"));
}

TEST(Confined, ManifestsBelowTheRootOpenNothingElse) {
  EXPECT_THAT(agent_needs({"/b", "/run/netns", "/manifests", "/s/s"}).files.read, Not(Contains("/")));
}

TEST(Confined, TheWatcherHasNoCapabilityAndGoesToItsServer) {
  const auto needs = watcher_needs({"/var/run/secrets/token", ""}, {{"6443"}});
  EXPECT_EQ(needs.program, sandbox::Program::kWatcher);
  EXPECT_THAT(needs.capabilities, ElementsAre());
  EXPECT_THAT(needs.files.written, ElementsAre());
  EXPECT_THAT(needs.files.read, Contains("/var/run/secrets")) << "a token is replaced by another file";
  EXPECT_THAT(needs.connects, ElementsAre(6443, 53));
  EXPECT_THAT(needs.binds, ElementsAre());
}

TEST(Confined, ARelayListensAtItsPortAlone) {
  const auto needs = watcher_needs({"/tls/tls.crt"}, {{"443", "9621"}, {"9621"}});
  EXPECT_THAT(needs.connects, ElementsAre(443, 9621, 53));
  EXPECT_THAT(needs.binds, ElementsAre(9621));
  EXPECT_THAT(needs.files.read, Contains("/tls"));
}

TEST(Confined, TheSocketHasAFolderOfItsOwn) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "confined_test";
  std::filesystem::remove_all(folder);
  prepare_socket_folder((folder / "run" / "sluice.sock").string(), std::nullopt);
  struct stat info {};
  ASSERT_EQ(::stat((folder / "run").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace sluice::apps
