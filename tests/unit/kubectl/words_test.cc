#include "agent/apps/kubectl/words.h"

#include <gmock/gmock.h>

namespace sluice::apps::kubectl {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::variant<Words, Exit> parsed(std::vector<const char*> words) {
  words.insert(words.begin(), "kubectl-sluice");
  return parse_words(static_cast<int>(words.size()), words.data());
}

TEST(Words, TheOptionsOfThePluginStandWhereOneLikes) {
  for (const auto& line :
       {std::vector<const char*>{"--node", "n1", "--context=c d", "observe", "-n", "shop", "-f"},
        {"observe", "-n", "shop", "--node=n1", "-f", "--context", "c d"}}) {
    const auto words = std::get<Words>(parsed(line));
    EXPECT_THAT(words.nodes, ElementsAre("n1"));
    EXPECT_EQ(words.command, "observe");
    EXPECT_THAT(words.arguments, ElementsAre("-n", "shop", "-f"));
    EXPECT_THAT(words.kubectl(), ElementsAre("kubectl", "--context=c d"));
  }
}

TEST(Words, WhatStandsBehindTwoDashesIsNotThePlugins) {
  const auto words = std::get<Words>(parsed({"complete", "--", "--node", "n1"}));
  EXPECT_THAT(words.nodes, IsEmpty());
  EXPECT_THAT(words.arguments, ElementsAre("--", "--node", "n1"));
}

TEST(Words, OneLineForWhatIsWrong) {
  for (const auto& [line, said] : {std::pair<std::vector<const char*>, const char*>{{}, "no command given"},
                                   {{"status", "--node"}, "--node: its value is missing"},
                                   {{"--frobnicate", "status"}, "is no option of the plugin"}}) {
    const auto words = parsed(line);
    ASSERT_TRUE(std::holds_alternative<Exit>(words)) << said;
    EXPECT_EQ(std::get<Exit>(words).code, kExitUsage);
    EXPECT_THAT(std::get<Exit>(words).output, HasSubstr(said));
  }
  EXPECT_THAT(std::get<Exit>(parsed({"--help"})).output, HasSubstr("--install-namespace"));
  EXPECT_EQ(std::get<Words>(parsed({"status", "--help"})).command, "status") << "sluicectl's own help";
}

TEST(CheckWords, TwoEndsAndAPortInFront) {
  const auto short_form = check_words({"shop/web", "shop/api", "8080", "-o", "json"});
  EXPECT_EQ(short_form.from, "shop/web");
  EXPECT_EQ(short_form.to, "shop/api");
  EXPECT_THAT(short_form.rest, ElementsAre("--port=8080", "-o", "json"));
  const auto long_form = check_words({"--from", "a/b", "--to=10.0.0.1", "--protocol", "ICMP"});
  EXPECT_EQ(long_form.from, "a/b");
  EXPECT_EQ(long_form.to, "10.0.0.1");
  EXPECT_THAT(long_form.rest, ElementsAre("--protocol", "ICMP"));
}

TEST(OutputFormat, InEverySpelling) {
  for (const auto& words :
       {std::vector<std::string>{"-o", "json"}, {"-ojson"}, {"--output=json"}, {"--output", "json"}})
    EXPECT_EQ(output_format(words), "json");
  EXPECT_EQ(output_format({"-n", "o"}), "");
}

}  // namespace
}  // namespace sluice::apps::kubectl
