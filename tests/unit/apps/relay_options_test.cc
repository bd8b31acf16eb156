// --serve, --relay and their certificates.
#include "agent/apps/relay_options.h"

#include <gmock/gmock.h>

#include <fstream>

#include "agent/apps/watcher_options.h"

namespace sluice::apps {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class RelayOptions : public testing::Test {
 protected:
  RelayOptions() {
    for (const std::string& file : {cert_, key_, ca_}) std::ofstream(file) << "x";
  }
  std::variant<WatcherArguments, Exit> parse(std::vector<std::string> arguments, bool tls = true) {
    arguments.insert(arguments.begin(), "sluice-watcher");
    if (tls) arguments.insert(arguments.end(), {"--tls-cert", cert_, "--tls-key", key_, "--tls-ca", ca_});
    std::vector<const char*> argv;
    for (const std::string& argument : arguments) argv.push_back(argument.c_str());
    return parse_watcher(static_cast<int>(argv.size()), argv.data(), [this](std::string_view name) {
      return name == "NODE_NAME" && !node_.empty() ? std::optional<std::string>(node_) : std::nullopt;
    });
  }
  std::string refusal(std::vector<std::string> arguments, bool tls = true) {
    const auto parsed = parse(std::move(arguments), tls);
    const auto* exit = std::get_if<Exit>(&parsed);
    EXPECT_TRUE(exit != nullptr && exit->code == kExitUsage);
    return exit != nullptr ? exit->output : "";
  }
  const std::string cert_ = testing::TempDir() + "relay_options.crt",
                    key_ = testing::TempDir() + "relay_options.key",
                    ca_ = testing::TempDir() + "relay_options.ca";
  std::string node_ = "node-1";
};

TEST_F(RelayOptions, ARelayAndANodeThatFollowsSome) {
  const auto serves = std::get<WatcherArguments>(parse({"--serve", "0.0.0.0:9621"})).relay;
  EXPECT_EQ(serves.serve, "0.0.0.0:9621");
  EXPECT_EQ(serves.node_names, "certificate");
  const auto follows =
      std::get<WatcherArguments>(parse({"--relay", "a:1,[fd00::1]:2", "--relay", "b:3"})).relay;
  EXPECT_THAT(follows.relays, ElementsAre("a:1", "[fd00::1]:2", "b:3"));
  EXPECT_THAT(ports_of(follows.relays), ElementsAre("1", "2", "3"));
  EXPECT_EQ(follows.fallback, "30s");
}

TEST_F(RelayOptions, WhatMakesNoSenseIsRefused) {
  EXPECT_THAT(refusal({"--serve", "0.0.0.0:9621"}, false), HasSubstr("give all three"));
  EXPECT_THAT(refusal({"--relay", "a:1"}, false), HasSubstr("give all three"));
  EXPECT_THAT(refusal({}), HasSubstr("there is no --serve or --relay"));
  EXPECT_THAT(refusal({"--serve", "0.0.0.0:1", "--relay", "a:1"}), HasSubstr("excludes"));
  EXPECT_THAT(refusal({"--relay", "a:b"}), HasSubstr("no HOST:PORT"));
  EXPECT_THAT(refusal({"--relay", "a:1", "--relay-node-names", "any"}), HasSubstr("--serve"));
  EXPECT_THAT(refusal({"--serve", "0.0.0.0:1", "--relay-node-names", "all"}),
              HasSubstr("--relay-node-names"));
  EXPECT_THAT(refusal({"--relay", "a:1", "--relay-fallback", "soon"}), HasSubstr("--relay-fallback"));
  node_.clear();
  EXPECT_THAT(refusal({"--relay", "a:1"}), HasSubstr("give --node-name"));
}

TEST_F(RelayOptions, AFileThatIsNotThereIsNamed) {
  EXPECT_THAT(
      refusal({"--serve", "0.0.0.0:1", "--tls-cert", "/nonexistent/crt", "--tls-key", key_, "--tls-ca", ca_},
              false),
      HasSubstr("open /nonexistent/crt: No such file or directory"));
}

}  // namespace
}  // namespace sluice::apps
