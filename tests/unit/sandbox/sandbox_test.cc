#include "agent/sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <linux/capability.h>

#include <fstream>
#include <map>
#include <string>

#include "agent/base/sys_admin.h"
#include "agent/sandbox/landlock.h"
#include "tests/unit/sandbox/child.h"

namespace sluice::sandbox {
namespace {

using ::testing::Each;
using ::testing::HasSubstr;

std::map<std::string, std::string> own_status() {
  std::map<std::string, std::string> status;
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);)
    if (const size_t colon = line.find(":\t"); colon != line.npos)
      status[line.substr(0, colon)] = line.substr(colon + 2);
  return status;
}

TEST(Sandbox, ModesByName) {
  EXPECT_EQ(parse_mode("on").value(), Mode::kOn);
  EXPECT_EQ(parse_mode("kill").value(), Mode::kKill);
  EXPECT_EQ(parse_mode("off").value(), Mode::kOff);
  EXPECT_THAT(parse_mode("no").error().message(), HasSubstr("give on, kill or off"));
}

TEST(Sandbox, OffSaysSoAndGivesNothingUp) {
  EXPECT_EQ(in_child([] {
              const auto before = own_status();
              const auto lines = confine({}, Mode::kOff);
              const auto after = own_status();
              return lines.size() == 1 && lines[0] == "by nothing: --sandbox off" &&
                             before.at("CapPrm") == after.at("CapPrm") &&
                             after.at("Seccomp") == before.at("Seccomp")
                         ? 0
                         : 1;
            }),
            0);
}

TEST(Sandbox, OnGivesEverythingUp) {
  EXPECT_EQ(
      in_child([] {
        Needs needs;
        needs.capabilities = {CAP_NET_RAW};
        needs.files.read = {"/proc"};
        const int landlock = landlock_version();  // which nobody is told any more afterwards
        if (!confine(needs, Mode::kOn).empty() && landlock >= 4) return 1;
        const auto now = own_status();
        const std::string none = "0000000000000000", raw = "0000000000002000";
        if (now.at("CapPrm") != none && now.at("CapPrm") != raw) return 2;
        if (now.at("CapEff") != now.at("CapPrm") || now.at("CapInh") != none || now.at("CapAmb") != none)
          return 3;
        if (now.at("NoNewPrivs") != "1" || now.at("Seccomp") != "2") return 4;
        return std::ifstream("/etc/passwd") && landlock > 0 ? 5 : 0;
      }),
      0);
}

// As root; else there is nothing to drop.
TEST(Sandbox, WhatIsDroppedLeavesTheBoundingSetToo) {
  if (!base::in_effect(CAP_SETPCAP)) GTEST_SKIP() << "needs CAP_SETPCAP";
  EXPECT_EQ(in_child([] {
              const unsigned kept[] = {CAP_NET_ADMIN};
              if (!base::keep_capabilities(kept)) return 1;
              return own_status().at("CapBnd") == "0000000000001000" ? 0 : 2;
            }),
            0);
}

}  // namespace
}  // namespace sluice::sandbox
