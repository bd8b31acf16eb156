// Configurations: what of them counts, and what is refused.
#include "agent/cni/config.h"

#include <gmock/gmock.h>

namespace sluice::cni {
namespace {

using ::testing::HasSubstr;

base::Result<Config> config_of(const std::string& text) {
  const auto object = decode_object(text);
  if (!object) return object.error();
  const auto version = version_of(*object);
  if (!version) return version.error();
  return read_config(*object, *version);
}

TEST(Config, DefaultsHoldWhereNothingIsSaid) {
  const auto config = config_of(R"({"cniVersion":"0.3.1","name":"n","type":"sluice-cni","ipam":{}})");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->version, Version::k031);
  EXPECT_EQ(config->socket, "/run/sluice/sluice.sock");
  EXPECT_EQ(config->timeout, std::chrono::seconds(2));
  EXPECT_EQ(config->on_failure, OnFailure::kStrict);
  EXPECT_FALSE(config->prev_result);
}

TEST(Config, EveryKeyIsRead) {
  const auto config = config_of(
      R"({"cniVersion":"1.0.0","socket":"/s","timeout":"300ms","onFailure":"permissive","prevResult":{"a":1}})");
  ASSERT_TRUE(config.ok()) << config.error().message();
  EXPECT_EQ(config->version, Version::k100);
  EXPECT_EQ(config->socket, "/s");
  EXPECT_EQ(config->timeout, std::chrono::milliseconds(300));
  EXPECT_EQ(config->on_failure, OnFailure::kPermissive);
  ASSERT_TRUE(config->prev_result);
  EXPECT_TRUE(config->prev_result->contains("a"));
}

TEST(Config, ANullResultIsNone) {
  const auto config = config_of(R"({"cniVersion":"1.0.0","prevResult":null})");
  ASSERT_TRUE(config.ok());
  EXPECT_FALSE(config->prev_result);
}

struct ValidRow {
  std::string text;
  std::optional<std::vector<AttachmentKey>> valid;
};

TEST(Config, WhatTheRuntimeStillHasIsReadOrItIsSaidThatNobodyTold) {
  const std::vector<ValidRow> rows{
      {R"("x":1)", std::nullopt},
      {R"("cni.dev/valid-attachments":null)", std::vector<AttachmentKey>()},
      {R"("cni.dev/valid-attachments":[])", std::vector<AttachmentKey>()},
      {R"("cni.dev/valid-attachments":[{"containerID":"a","ifname":"eth0","x":1}],"cni.dev/attachments":[])",
       {{{"a", "eth0"}}}},
      {R"("cni.dev/attachments":[{"containerID":"a","ifname":"net1"}])", {{{"a", "net1"}}}},
  };
  for (const ValidRow& row : rows) {
    const auto config = config_of(R"({"cniVersion":"1.1.0","name":"n",)" + row.text + "}");
    ASSERT_TRUE(config.ok()) << config.error().message();
    EXPECT_EQ(config->network, "n");
    EXPECT_EQ(config->valid, row.valid) << row.text;
  }
}

struct BadRow {
  std::string text, message;
};

TEST(Config, WhatIsWrongIsNamed) {
  const std::vector<BadRow> rows{
      {"", "is no JSON"},
      {"[]", "is no JSON object"},
      {"{\"a\":", "is no JSON"},
      {"{} {}", "is no JSON"},
      {R"({"a":[1,{"b":-1e999}]})", "has a number that is out of range"},
      {"{\"a\":\"\xff\"}", "is no JSON"},
      {std::string(100, '['), "is no JSON"},
      {"{\"a\":\"" + std::string(kLargestConfig, 'x') + "\"}", "more than 1048576 bytes"},
      {"{}", "cniVersion \"\": sluice-cni speaks 0.3.0, 0.3.1, 0.4.0, 1.0.0, 1.1.0"},
      {R"({"cniVersion":"0.2.0"})", "cniVersion \"0.2.0\""},
      {R"({"cniVersion":"1.2.0"})", "cniVersion \"1.2.0\""},
      {R"({"cniVersion":1})", "cniVersion: must be text"},
      {R"({"cniVersion":"1.0.0","socket":"s"})", "socket: \"s\": must be an absolute path"},
      {R"({"cniVersion":"1.0.0","socket":""})", "socket: \"\": must be an absolute path"},
      {R"({"cniVersion":"1.0.0","socket":7})", "socket: must be text"},
      {R"({"cniVersion":"1.0.0","socket":"/)" + std::string(107, 's') + "\"}", "at most 107 bytes"},
      {R"({"cniVersion":"1.0.0","timeout":2})", "timeout: must be text"},
      {R"({"cniVersion":"1.0.0","timeout":"0s"})", "timeout: \"0s\": must be more than 0"},
      {R"({"cniVersion":"1.0.0","timeout":"61s"})", "at most 1m"},
      {R"({"cniVersion":"1.0.0","timeout":"soon"})", "timeout: \"soon\" is no duration"},
      {R"({"cniVersion":"1.0.0","onFailure":"maybe"})", "onFailure: \"maybe\": must be strict or permissive"},
      {R"({"cniVersion":"1.0.0","prevResult":[]})", "prevResult: must be an object"},
      {R"({"cniVersion":"1.1.0","name":7})", "name: must be text"},
      {R"({"cniVersion":"1.1.0","cni.dev/valid-attachments":{}})",
       "cni.dev/valid-attachments: must be a list"},
      {R"({"cniVersion":"1.1.0","cni.dev/valid-attachments":["a"]})",
       "cni.dev/valid-attachments: must be a list of objects"},
      {R"({"cniVersion":"1.1.0","cni.dev/valid-attachments":[{"containerID":"a"}]})",
       "cni.dev/valid-attachments: containerID and ifname must be there"},
      {R"({"cniVersion":"1.1.0","cni.dev/attachments":[{"containerID":1,"ifname":"eth0"}]})",
       "cni.dev/attachments: containerID: must be text"},
  };
  for (const BadRow& row : rows) {
    const auto config = config_of(row.text);
    ASSERT_FALSE(config.ok()) << row.text.substr(0, 80);
    EXPECT_THAT(config.error().message(), HasSubstr(row.message)) << row.text.substr(0, 80);
  }
}

}  // namespace
}  // namespace sluice::cni
