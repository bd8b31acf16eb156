#include "agent/apps/man_page.h"

#include <gtest/gtest.h>

#include "agent/apps/command_line.h"

namespace sluice::apps {
namespace {

TEST(ManPage, OutOfTheDefinitions) {
  CLI::App app("Opens - and closes. More.", "sluice-x");
  set_up(app);
  std::string port = "80";
  CLI::App* check = app.add_subcommand("check", "May one talk?");
  check->add_option("-p,--port", port, ".a port")->capture_default_str();
  app.add_subcommand("hidden", "not said")->group("");
  const std::string page = man_page(app, 8);
  for (const char* text :
       {".TH SLUICE\\-X 8 ", "sluice\\-x \\- Opens \\- and closes\n",
        ".SH COMMANDS\n.SS check\nMay one talk?\n", "\\fB\\-p \\-\\-port\\fR \\fITEXT\\fR\n\\&.a port (80)\n",
        "\\fB\\-\\-version\\fR"})
    EXPECT_NE(page.find(text), std::string::npos) << text << "\n" << page;
  EXPECT_EQ(page.find("not said"), std::string::npos);
  EXPECT_EQ(page.find("\\-\\-man"), std::string::npos);
}

TEST(ManPage, IsPrintedWhateverElseIsMissing) {
  CLI::App app("About.", "sluiced");
  set_up(app);
  std::string folder;
  app.add_option("--manifests", folder, "A folder")->required();
  const char* words[] = {"sluiced", "--man"};
  const auto exit = parse(app, 2, words);
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, kExitDone);
  EXPECT_TRUE(exit->output.starts_with(".TH SLUICED 8 "));
}

}  // namespace
}  // namespace sluice::apps
