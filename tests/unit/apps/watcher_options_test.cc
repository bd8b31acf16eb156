#include "agent/apps/watcher_options.h"

#include <gmock/gmock.h>

#include <cstdio>
#include <fstream>

namespace sluice::apps {
namespace {

using ::testing::HasSubstr;

std::variant<WatcherArguments, Exit> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "sluice-watcher");
  return parse_watcher(static_cast<int>(arguments.size()), arguments.data(),
                       [](std::string_view name) -> std::optional<std::string> {
                         if (name == "NODE_NAME") return "node-1";
                         return std::nullopt;
                       });
}

TEST(WatcherOptions, Defaults) {
  const auto arguments = std::get<WatcherArguments>(parse({}));
  EXPECT_EQ(arguments.socket, "/run/sluice/sluice.sock");
  EXPECT_EQ(arguments.metrics, "127.0.0.1:9620") << "beside an agent, which has 9619";
  EXPECT_EQ(arguments.encoding, "protobuf");
  EXPECT_EQ(arguments.node_name, "node-1");
}

TEST(WatcherOptions, AWrongKeyOfTheFileIsNamedWithTheProgramWhoseOptionsCount) {
  const std::string path = ::testing::TempDir() + "watcher_options_test.yaml";
  std::ofstream(path) << "manifests: /m\n";
  const auto exit = std::get<Exit>(parse({"--config", path.c_str()}));
  std::remove(path.c_str());
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.output, HasSubstr("manifests: unknown key; keys are the options of sluice-watcher"));
}

TEST(WatcherOptions, AContextNeedsAKubeconfig) {
  const auto exit = std::get<Exit>(parse({"--context", "prod"}));
  EXPECT_EQ(exit.code, kExitUsage);
  EXPECT_THAT(exit.output, HasSubstr("give --kubeconfig FILE"));
}

TEST(WatcherOptions, WhatIsAccepted) {
  const auto arguments =
      std::get<WatcherArguments>(parse({"--accept-cilium", "--cluster", "10.0.0.0/8,fd00::/8"}));
  EXPECT_TRUE(arguments.accepting.cilium);
  EXPECT_EQ(arguments.accepting.cluster, std::vector<std::string>({"10.0.0.0/8", "fd00::/8"}));
  EXPECT_THAT(std::get<Exit>(parse({"--cluster", "10.0.0.0/8"})).output, HasSubstr("--accept-cilium"));
  EXPECT_THAT(std::get<Exit>(parse({"--accept-cilium", "--cluster", "10.0.0.0/33"})).output,
              HasSubstr("--cluster"));
}

}  // namespace
}  // namespace sluice::apps
