// What observe and top ask of the agent.
#include "agent/apps/ctl/flow_question.h"

#include <gmock/gmock.h>

namespace sluice::apps::ctl {
namespace {

using ::testing::HasSubstr;

constexpr int64_t kNow = 1'795'939'200'000'000'000;  // 2026-11-29T08:00:00Z

base::Result<v1::ObserveRequest> asked(std::vector<std::string> words) {
  CLI::App app;
  FlowQuestion question;
  add_flow_options(app, question);
  std::reverse(words.begin(), words.end());
  app.parse(words);
  return request_of(question, kNow);
}

TEST(FlowQuestion, EveryOptionIsInTheRequest) {
  const auto request =
      asked({"-n",      "shop",      "--pod",   "web-1",     "--from",      "10.0.0.0/8", "--to",
             "a/svc/b", "--port",    "80",      "--port",    "81",          "--protocol", "TCP",
             "--last",  "5",         "--label", "app=web",   "--direction", "egress",     "--policy",
             "shop/p",  "--verdict", "denied",  "--allowed", "30s",         "--since",    "10m"});
  ASSERT_TRUE(request) << request.error().message();
  EXPECT_EQ(
      request->filter().ShortDebugString(),
      "namespaces: \"shop\" either: \"shop/web-1\" from: \"10.0.0.0/8\" to: \"a/svc/b\" ports: 80 ports: 81 "
      "protocols: \"TCP\" directions: \"egress\" verdicts: \"denied\" policies: \"shop/p\" labels: "
      "\"app=web\" since_unix_nanoseconds: " +
          std::to_string(kNow - 600'000'000'000));
  EXPECT_EQ(request->last(), 5u);
  EXPECT_EQ(request->allowed_seconds(), 30u);
}

TEST(FlowQuestion, AllowedWithoutATimeIsAMinute) {
  EXPECT_EQ(asked({"--allowed"})->allowed_seconds(), 60u);
  EXPECT_EQ(asked({})->allowed_seconds(), 0u);
  EXPECT_FALSE(asked({})->has_last());
}

TEST(FlowQuestion, APodWithoutANamespaceIsInTheOnlyOne) {
  EXPECT_THAT(asked({"--pod", "web-1"}).error().message(), HasSubstr("--pod: \"web-1\" is nobody"));
  EXPECT_FALSE(asked({"-n", "a", "-n", "b", "--pod", "web-1"}));
  EXPECT_EQ(asked({"-n", "a", "--pod", "10.0.0.1"})->filter().either(0), "10.0.0.1");
}

TEST(FlowQuestion, Times) {
  EXPECT_EQ(*parse_since("2026-11-29T08:00:00Z", 0), kNow);
  EXPECT_EQ(*parse_since("2026-11-29T08:00:00.25Z", 0), kNow);
  EXPECT_EQ(*parse_since("30s", kNow), kNow - 30'000'000'000);
  for (const char* text : {"yesterday", "2026-11-29", "2026-11-29T08:00:00", "2026-11-29T08:00:00.Zx"})
    EXPECT_THAT(parse_since(text, kNow).error().message(), HasSubstr("is no time: give how long ago"))
        << text;
}

}  // namespace
}  // namespace sluice::apps::ctl
