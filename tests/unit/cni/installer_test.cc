// The installer on directories of its own: which base it takes, what it leaves alone, and that a kill after
// any step leaves what runtimes read whole.
#include "agent/cni/installer.h"

#include <sys/file.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <set>

#include "tests/unit/cni/node_fixture.h"

namespace sluice::cni {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Installer : public NodeTest {
 protected:
  std::string network_of_ours() const {
    const auto bytes = read(node_.configuration());
    return bytes ? json::parse(*bytes).at("name").as_string().c_str() : "none";
  }
  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const std::string& dir : {node_.conf_dir, node_.bin_dir})
      for (const auto& entry : std::filesystem::directory_iterator(dir)) all.insert(entry.path().filename());
    return all;
  }
};

TEST_F(Installer, TakesTheFirstConfiguration) {
  write(conf("20-b.conflist"), list("b"));
  write(conf("10-a.conflist"), list("a"));
  write(conf("10-a.conflist.bak"), "nonsense");
  write(conf("05-a.conf~"), "nonsense");
  std::filesystem::create_directory(conf("06-directory.conf"));
  EXPECT_EQ(install().problem, "");
  EXPECT_EQ(network_of_ours(), "a");
  EXPECT_EQ(mode_of(node_.configuration()), 0600u);
  EXPECT_EQ(read(node_.plugin()), "the program");
  EXPECT_EQ(mode_of(node_.plugin()), 0755u);
  EXPECT_EQ(read(conf("10-a.conflist")), list("a"));
}

TEST_F(Installer, AgainIsNothingToDo) {
  write(conf("10-a.conflist"), list("a"));
  install();
  EXPECT_EQ(due(), Decision());
}

TEST_F(Installer, FollowsItsBase) {
  write(conf("10-a.conflist"), list("a"));
  install();
  write(conf("10-a.conflist"), list("a2"));
  EXPECT_THAT(install().change, HasSubstr("after 10-a.conflist"));
  EXPECT_EQ(network_of_ours(), "a2");
  write(conf("07-first.conf"), R"({"cniVersion":"1.0.0","name":"first","type":"bridge"})");
  install();
  EXPECT_EQ(network_of_ours(), "first");
  std::filesystem::remove(conf("07-first.conf"));
  install();
  EXPECT_EQ(network_of_ours(), "a2");
}

TEST_F(Installer, GoesBehindABandwidthPluginThatSomebodyAddedToOurs) {
  write(conf("10-a.conflist"), list("a"));
  install();
  std::string ours = *read(node_.configuration());
  ours.replace(ours.rfind(']'), 1, R"(,{"type":"bandwidth"}])");
  write(node_.configuration(), ours);
  EXPECT_TRUE(seen().precedes_bandwidth);
  EXPECT_THAT(install().change, HasSubstr("behind the bandwidth plugin"));
  EXPECT_THAT(*read(node_.configuration()), HasSubstr("bandwidth")) << "what was added stays";
  EXPECT_FALSE(seen().precedes_bandwidth);
  EXPECT_EQ(due(), Decision());
}

TEST_F(Installer, ABaseThatBecomesInvalidKeepsTheLastGood) {
  write(conf("10-a.conflist"), list("a"));
  install();
  const auto before = read(node_.configuration());
  for (const std::string& bytes : {std::string(), std::string("{"), std::string("{}"), list("../x")}) {
    write(conf("10-a.conflist"), bytes);
    const Decision decision = install();
    EXPECT_THAT(decision.problem, HasSubstr("10-a.conflist"));
    EXPECT_THAT(decision.problem, HasSubstr("stays"));
    EXPECT_EQ(read(node_.configuration()), before);
  }
}

TEST_F(Installer, ABaseThatIsGoneTakesOursWithIt) {
  write(conf("10-a.conflist"), list("a"));
  install();
  std::filesystem::remove(conf("10-a.conflist"));
  const Decision decision = install();
  EXPECT_THAT(decision.change, HasSubstr("removed"));
  EXPECT_THAT(decision.problem, HasSubstr("has no network configuration but ours"));
  EXPECT_FALSE(read(node_.configuration()));
}

TEST_F(Installer, WhatCannotBeUsedIsSaid) {
  EXPECT_THAT(install().problem, HasSubstr("has no network configuration but ours"));
  write(conf("10-a.conflist"), "nonsense");
  EXPECT_THAT(install().problem, HasSubstr("10-a.conflist: is no JSON"));
  EXPECT_FALSE(read(node_.configuration()));
  write(conf("00-early.conflist"), list("early"));
  EXPECT_THAT(install().problem, HasSubstr("its name comes before 05-sluice.conflist"));
  EXPECT_FALSE(read(node_.configuration()));
  std::filesystem::remove_all(node_.conf_dir);
  EXPECT_THAT(install().problem, HasSubstr("does not exist"));
}

TEST_F(Installer, HostileFilesCostNothing) {
  ASSERT_EQ(::mkfifo(conf("10-a.conflist").c_str(), 0600), 0);
  EXPECT_THAT(install().problem, HasSubstr("is no regular file"));
  std::filesystem::remove(conf("10-a.conflist"));
  std::filesystem::create_symlink("10-a.conflist", conf("10-a.conflist"));
  EXPECT_THAT(install().problem, HasSubstr("10-a.conflist"));
  std::filesystem::remove(conf("10-a.conflist"));
  std::filesystem::create_symlink("/dev/zero", conf("10-a.conflist"));
  EXPECT_THAT(install().problem, HasSubstr("is no regular file"));
  std::filesystem::remove(conf("10-a.conflist"));
  write(conf("10-a.conflist"), "");
  std::filesystem::resize_file(conf("10-a.conflist"), 1UL << 40);
  EXPECT_THAT(install().problem, HasSubstr("more than"));
  EXPECT_FALSE(read(node_.configuration()));
}

TEST_F(Installer, ADraftThatIsALinkIsNotFollowed) {
  write(conf("10-a.conflist"), list("a"));
  write(directory_ + "/victim", "untouched");
  std::filesystem::create_symlink(directory_ + "/victim", node_.configuration_draft());
  std::filesystem::create_symlink(directory_ + "/victim", node_.plugin_draft());
  install();
  EXPECT_EQ(read(directory_ + "/victim"), "untouched");
  EXPECT_EQ(network_of_ours(), "a");
  EXPECT_EQ(read(node_.plugin()), "the program");
}

TEST_F(Installer, ABrokenConfigurationOfOursIsReplaced) {
  write(conf("10-a.conflist"), list("a"));
  write(node_.configuration(), "nonsense");
  install();
  EXPECT_EQ(network_of_ours(), "a");
}

TEST_F(Installer, AnOtherOrMissingProgramIsReplaced) {
  write(conf("10-a.conflist"), list("a"));
  for (const char* present : {"", "another one", "the Program"}) {
    write(node_.plugin(), present);
    EXPECT_THAT(install().change, HasSubstr("bin/sluice-cni"));
    EXPECT_EQ(read(node_.plugin()), "the program");
  }
  std::filesystem::remove_all(node_.bin_dir);
  install();
  EXPECT_EQ(read(node_.plugin()), "the program");
}

// Every prefix of the steps is what a kill may leave behind.
TEST_F(Installer, AKillAfterAnyStepLeavesOldOrNew) {
  for (const std::string& before : {std::string(), list("old")}) {
    for (size_t done = 0;; ++done) {
      TearDown();
      SetUp();
      write(conf("10-a.conflist"), before.empty() ? list("new") : before);
      if (!before.empty()) {
        install();
        write(conf("10-a.conflist"), list("new"));
        write(node_.program, "a newer program");
      }
      const auto old_list = read(node_.configuration());
      const auto old_program = read(node_.plugin());
      const std::string new_program = *read(node_.program);
      const std::string new_list = *compose({"10-a.conflist", list("new")}, {});
      const Decision decision = due();
      ASSERT_GE(decision.steps.size(), 6u);
      for (size_t i = 0; i < done; ++i) ASSERT_TRUE(carry_out(decision.steps[i]).ok());
      const auto present = read(node_.configuration());
      EXPECT_TRUE(present == old_list || present == new_list) << done;
      const auto program = read(node_.plugin());
      EXPECT_TRUE(program == old_program || program == new_program) << done;
      if (present) {
        EXPECT_TRUE(program.has_value()) << "a list that names no program, after " << done;
        EXPECT_EQ(mode_of(node_.plugin()), 0755u);
      }
      // The next installer finishes it, and leaves no draft.
      EXPECT_EQ(install().problem, "");
      EXPECT_EQ(read(node_.configuration()), new_list);
      EXPECT_EQ(read(node_.plugin()), new_program);
      EXPECT_EQ(names(), (std::set<std::string>{"05-sluice.conflist", "10-a.conflist", "sluice-cni"}))
          << done;
      if (done == decision.steps.size()) break;
    }
  }
}

TEST_F(Installer, UninstallUndoesExactlyInstall) {
  write(conf("10-a.conflist"), list("a"));
  write(node_.bin_dir + "/ptp", "ptp");
  const auto before = names();
  install();
  const Decision first = decide_uninstall_configuration(seen(), node_);
  ASSERT_TRUE(carry_out(first.steps).ok());
  EXPECT_FALSE(read(node_.configuration()));
  EXPECT_TRUE(read(node_.plugin()));  // chains under way still find it
  const Decision second = decide_uninstall_program(seen(), node_);
  ASSERT_TRUE(carry_out(second.steps).ok());
  EXPECT_EQ(names(), before);
  EXPECT_EQ(read(conf("10-a.conflist")), list("a"));
  EXPECT_THAT(decide_uninstall_configuration(seen(), node_).steps, IsEmpty());
  EXPECT_THAT(decide_uninstall_program(seen(), node_).steps, IsEmpty());
}

TEST_F(Installer, UninstallAlsoTakesDraftsOfAKilledInstaller) {
  write(conf("10-a.conflist"), list("a"));
  const auto before = names();
  for (size_t killed_after = 1; killed_after <= due().steps.size(); ++killed_after) {
    const Decision decision = due();
    for (size_t i = 0; i < std::min(killed_after, decision.steps.size()); ++i)
      ASSERT_TRUE(carry_out(decision.steps[i]).ok());
    ASSERT_TRUE(carry_out(decide_uninstall_configuration(seen(), node_).steps).ok());
    ASSERT_TRUE(carry_out(decide_uninstall_program(seen(), node_).steps).ok());
    EXPECT_EQ(names(), before) << killed_after;
  }
}

TEST_F(Installer, TheCheckPassesWhereThereIsNothingToDo) {
  const auto said = [this] {
    const auto sound = check_installed(node_, entry_);
    return sound ? "" : sound.error().message();
  };
  write(conf("10-a.conflist"), list("a"));
  EXPECT_THAT(said(), HasSubstr("bin/sluice-cni: is missing, or another one"));
  write(node_.plugin(), "the program");
  ::chmod(node_.plugin().c_str(), 0755);
  EXPECT_THAT(said(),
              HasSubstr("05-sluice.conflist: is missing, or not what 10-a.conflist and these options"));
  EXPECT_EQ(names(), (std::set<std::string>{"10-a.conflist", "sluice-cni"})) << "it changes nothing";
  install();
  EXPECT_EQ(said(), "");
  entry_.timeout = "7s";
  EXPECT_THAT(said(), HasSubstr("05-sluice.conflist"));
  entry_ = {};
  write(conf("10-a.conflist"), "{");
  EXPECT_THAT(said(), HasSubstr("10-a.conflist: is no JSON"));
  std::filesystem::rename(conf("10-a.conflist"), conf("01-a.conflist"));
  EXPECT_THAT(said(), HasSubstr("its name comes before 05-sluice.conflist"));
  std::filesystem::remove(conf("01-a.conflist"));
  EXPECT_THAT(said(), HasSubstr("has no network configuration but ours"));
}

// As a meta plugin writes it that takes our list for its default network.
TEST_F(Installer, TheProgramStaysWhileAnotherConfigurationNamesIt) {
  write(conf("10-a.conflist"), list("a"));
  install();
  ASSERT_TRUE(carry_out(decide_uninstall_configuration(seen(), node_).steps).ok());
  write(conf("00-meta.conf"), R"({"cniVersion":"0.4.0","name":"m","type":"meta","delegates":[)" +
                                  *compose({"10-a.conflist", list("a")}, {}) + "]}");
  const Decision kept = decide_uninstall_program(seen(), node_);
  EXPECT_THAT(kept.steps, IsEmpty());
  EXPECT_THAT(kept.change, HasSubstr("kept " + node_.plugin() + ": " + conf("00-meta.conf") + " names it"));
  for (const char* name : {"00-meta.conf.bak", "meta.conf~"}) {  // which runtimes do not read
    std::filesystem::rename(conf("00-meta.conf"), conf(name));
    EXPECT_EQ(decide_uninstall_program(seen(), node_).steps.size(), 3u);
    std::filesystem::rename(conf(name), conf("00-meta.conf"));
  }
  std::filesystem::rename(conf("00-meta.conf"), node_.configuration());
  EXPECT_THAT(decide_uninstall_program(seen(), node_).steps, IsEmpty()) << "ours, put back by an installer";
}

TEST_F(Installer, AStepThatFailsEndsIt) {
  write(conf("10-a.conflist"), list("a"));
  std::filesystem::create_directory(node_.plugin());  // rename(2) cannot replace it
  const auto done =
      carry_out(node_, [this](const Survey& survey) { return decide_install(survey, node_, entry_); });
  ASSERT_FALSE(done.ok());
  EXPECT_THAT(done.error().message(), HasSubstr(node_.plugin()));
  EXPECT_FALSE(read(node_.configuration()));
}

}  // namespace
}  // namespace sluice::cni
