#include "agent/apps/completion.h"

#include <gtest/gtest.h>

namespace sluice::apps {
namespace {

std::string next(const std::vector<std::string>& words) {
  CLI::App app("About.", "sluicectl");
  std::string text, output;
  bool flag = false;
  CLI::App* check = app.add_subcommand("check", "");
  check->add_option("--from", text, "");
  check->add_option("-o,--output", output, "")->check(CLI::IsMember({"text", "json"}));
  check->add_flag("--fix", flag, "");
  app.add_subcommand("lab", "")->add_subcommand("up", "");
  app.add_subcommand("complete", "")->group("");
  const Completion completion = complete(app, words);
  std::string all;
  for (const std::string& candidate : completion.candidates) all += candidate + " ";
  return all + (completion.value_of.empty() ? "" : "<" + completion.value_of + ">");
}

TEST(Completion, CommandsOptionsAndValues) {
  EXPECT_EQ(next({}), "check lab ");
  EXPECT_EQ(next({"c"}), "check ");
  EXPECT_EQ(next({"lab", ""}), "up ");
  EXPECT_EQ(next({"check", "--f"}), "--fix --from ");
  EXPECT_EQ(next({"check", "--fix", "--fr"}), "--from ") << "a flag waits for no value";
  EXPECT_EQ(next({"check", "--from", "sh"}), "<--from>");
  EXPECT_EQ(next({"check", "--from", "check", "-o", ""}), "json text ") << "a value is no command";
  EXPECT_EQ(next({"check", "-o", "j"}), "json ");
}

TEST(Completion, WhatWasGiven) {
  EXPECT_EQ(given({"check", "--manifests", "m", "--x"}, "--manifests"), "m");
  EXPECT_EQ(given({"--manifests=m"}, "--manifests"), "m");
  EXPECT_EQ(given({"--manifests"}, "--manifests"), "");
}

}  // namespace
}  // namespace sluice::apps
