// The installer that follows the agent: when a chain begins, and what one is while its agent cannot run.
#include <chrono>

#include "agent/base/cannot_run.h"
#include "tests/unit/cni/agent_double.h"
#include "tests/unit/cni/node_fixture.h"

namespace sluice::cni {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class FollowAgent : public NodeTest {
 protected:
  void SetUp() override {
    NodeTest::SetUp();
    entry_.socket = node_.followed_agent = directory_ + "/sluice.sock";
    write(conf("10-net.conflist"), list("net"));
  }
  void fail_since(std::chrono::seconds ago) const {
    ASSERT_TRUE(base::write_cannot_run(entry_.socket, "load BPF programs: refused"));
    const auto file = base::cannot_run_file(entry_.socket);
    fs::last_write_time(file, fs::last_write_time(file) - ago);
  }
  // What runtimes read; empty where there is no chain of ours.
  std::string chain() const { return read(node_.configuration()).value_or(""); }
};

TEST_F(FollowAgent, AChainBeginsOnceAnAgentIsReady) {
  EXPECT_THAT(install().problem,
              HasSubstr("begins once an agent is ready on this node: no agent answers at"));
  EXPECT_EQ(chain(), "");
  EXPECT_EQ(read(node_.plugin()), "the program") << "ready for then";
  AgentDouble agent(entry_.socket);
  agent.say_missing("no state in force yet");
  EXPECT_THAT(install().problem, HasSubstr("no state in force yet"));
  EXPECT_EQ(chain(), "");
  EXPECT_FALSE(check_installed(node_, entry_).ok());
  agent.say_missing("");
  EXPECT_EQ(install().problem, "");
  EXPECT_THAT(chain(), HasSubstr(R"("onFailure":"strict")"));
  EXPECT_TRUE(check_installed(node_, entry_).ok());
}

TEST_F(FollowAgent, AnAgentThatNeverRanHereBeginsNone) {
  for (const int seconds : {0, 60}) {
    fail_since(std::chrono::seconds(seconds));
    EXPECT_THAT(install().problem,
                HasSubstr("begins once an agent is ready on this node: load BPF programs"));
    EXPECT_EQ(chain(), "");
  }
}

TEST_F(FollowAgent, AnAgentThatIsAwayChangesNothingOfAChainThatHasBegun) {
  auto agent = std::make_unique<AgentDouble>(entry_.socket);
  install();
  const std::string begun = chain();
  agent.reset();
  EXPECT_EQ(install(), Decision());
  EXPECT_EQ(chain(), begun);
  fail_since(std::chrono::seconds(0));
  EXPECT_EQ(install(), Decision()) << "it may be over at the next start";
  write(conf("10-net.conflist"), list("other"));
  EXPECT_EQ(install().problem, "");
  EXPECT_THAT(chain(), HasSubstr(R"("onFailure":"strict")")) << "a base that changes meanwhile";
}

TEST_F(FollowAgent, PodsAreLetGoWhileTheAgentOfAnUpgradeCannotRun) {
  auto agent = std::make_unique<AgentDouble>(entry_.socket);
  install();
  const std::string begun = chain();
  agent.reset();
  fail_since(std::chrono::minutes(1));
  for (int round = 0; round < 2; ++round) {
    EXPECT_THAT(install().problem, HasSubstr("pods are let go WITHOUT their policy (onFailure permissive) "
                                             "until one does: load BPF programs: refused"));
    EXPECT_THAT(chain(), ::testing::Not(HasSubstr("strict")));
    EXPECT_THAT(chain(), HasSubstr(R"("gate":"close","onFailure":"permissive")"));
  }
  const auto checked = check_installed(node_, entry_);
  ASSERT_FALSE(checked.ok());
  EXPECT_THAT(checked.error().message(), HasSubstr("WITHOUT their policy"));
  agent = std::make_unique<AgentDouble>(entry_.socket);
  EXPECT_EQ(install().problem, "") << "one that answers counts for more than what the last one left";
  EXPECT_EQ(chain(), begun);
  ASSERT_TRUE(base::remove_cannot_run(entry_.socket));
  EXPECT_EQ(install(), Decision());
}

TEST_F(FollowAgent, ItIsAskedForByNobodyElse) {
  node_.followed_agent.clear();
  fail_since(std::chrono::minutes(1));
  EXPECT_EQ(install().problem, "");
  EXPECT_THAT(chain(), HasSubstr("strict"));
}

}  // namespace
}  // namespace sluice::cni
