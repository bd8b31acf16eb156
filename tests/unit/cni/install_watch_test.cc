// The installer that stays: bases that come, change, break and go under its eyes.
#include "agent/cni/install_watch.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <future>
#include <mutex>
#include <thread>

#include "agent/base/cannot_run.h"
#include "tests/unit/cni/agent_double.h"
#include "tests/unit/cni/node_fixture.h"

namespace sluice::cni {
namespace {

constexpr std::chrono::seconds kPatience{20};

class InstallWatch : public NodeTest {
 protected:
  void SetUp() override {
    NodeTest::SetUp();
    stop_ = base::Fd(::eventfd(0, EFD_CLOEXEC));
    heard_ = base::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  }
  void TearDown() override {
    if (watching_.valid()) end();
    NodeTest::TearDown();
  }
  void start() {
    watching_ = std::async(std::launch::async, [this] {
      return watch(node_, entry_, stop_.get(), [this](const std::string& line) {
        const std::lock_guard held(lock_);
        lines_.push_back(line);
        ring(heard_);
      });
    });
  }
  void end() {
    ring(stop_);
    const auto ended = watching_.get();
    EXPECT_TRUE(ended.ok()) << ended.error().message();
  }
  static void ring(const base::Fd& fd) {
    const uint64_t one = 1;
    ASSERT_EQ(::write(fd.get(), &one, sizeof one), static_cast<ssize_t>(sizeof one));
  }
  // Waits for the next line with `part` in it.
  bool hears(const std::string& part) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (std::chrono::steady_clock::now() < deadline) {
      {
        const std::lock_guard held(lock_);
        for (; next_ < lines_.size(); ++next_)
          if (lines_[next_].find(part) != std::string::npos) return ++next_, true;
      }
      pollfd news{heard_.get(), POLLIN, 0};
      ::poll(&news, 1, 1000);
      uint64_t count = 0;
      (void)!::read(heard_.get(), &count, sizeof count);
    }
    return false;
  }
  bool ours_has(const std::string& part) const {
    const auto bytes = read(node_.configuration());
    return bytes && bytes->find(part) != std::string::npos;
  }

  base::Fd stop_, heard_;
  std::future<base::Status> watching_;
  std::mutex lock_;
  std::vector<std::string> lines_;
  size_t next_ = 0;
};

TEST_F(InstallWatch, FollowsTheBaseAsItChanges) {
  start();
  ASSERT_TRUE(hears("has no network configuration"));
  write(conf("10-a.conflist"), list("one"));  // written in place: may be seen empty first
  ASSERT_TRUE(hears("after 10-a.conflist"));
  EXPECT_TRUE(ours_has("one"));
  write(conf("tmp"), list("two"));
  std::filesystem::rename(conf("tmp"), conf("10-a.conflist"));
  ASSERT_TRUE(hears("after 10-a.conflist"));
  EXPECT_TRUE(ours_has("two"));
  write(conf("10-a.conflist"), "broken");
  ASSERT_TRUE(hears("is no JSON"));
  EXPECT_TRUE(ours_has("two"));
  write(conf("10-a.conflist"), list("three"));
  ASSERT_TRUE(hears("after 10-a.conflist"));
  EXPECT_TRUE(ours_has("three"));
  std::filesystem::remove(conf("10-a.conflist"));
  ASSERT_TRUE(hears("removed"));
  EXPECT_FALSE(read(node_.configuration()));
}

TEST_F(InstallWatch, PutsBackWhatSomebodyRemoved) {
  write(conf("10-a.conflist"), list("one"));
  start();
  ASSERT_TRUE(hears("after 10-a.conflist"));
  std::filesystem::remove(node_.configuration());
  ASSERT_TRUE(hears("after 10-a.conflist"));
  EXPECT_TRUE(ours_has("one"));
}

TEST_F(InstallWatch, WaitsForTheDirectory) {
  std::filesystem::remove_all(node_.conf_dir);
  start();
  ASSERT_TRUE(hears("does not exist"));
  std::filesystem::create_directory(node_.conf_dir);
  write(conf("10-a.conflist"), list("one"));
  ASSERT_TRUE(hears("after 10-a.conflist"));
  EXPECT_TRUE(ours_has("one"));
}

TEST_F(InstallWatch, LeavesEverythingInPlaceWhenStopped) {
  write(conf("10-a.conflist"), list("one"));
  start();
  ASSERT_TRUE(hears("after 10-a.conflist"));
  end();
  EXPECT_TRUE(ours_has("one"));
  EXPECT_TRUE(read(node_.plugin()));
}

TEST_F(InstallWatch, AnAgentThatIsFollowedIsSeenToComeAndToFail) {
  entry_.socket = node_.followed_agent = directory_ + "/sluice.sock";
  write(conf("10-net.conflist"), list("net"));
  start();
  ASSERT_TRUE(hears("begins once an agent is ready"));
  auto agent = std::make_unique<AgentDouble>(entry_.socket);
  ASSERT_TRUE(hears("wrote " + node_.configuration()));
  agent.reset();
  ASSERT_TRUE(base::write_cannot_run(entry_.socket, "refused"));
  const auto file = base::cannot_run_file(entry_.socket);
  std::filesystem::last_write_time(file, std::filesystem::last_write_time(file) - kStands);
  ASSERT_TRUE(hears("WITHOUT their policy"));
  ASSERT_TRUE(base::remove_cannot_run(entry_.socket));
  ASSERT_TRUE(hears("in place"));
}

}  // namespace
}  // namespace sluice::cni
