// Callers that wait: each is called once, with what came first.
#include "agent/control/waiters.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace sluice::control {
namespace {

using std::chrono::hours;
using std::chrono::steady_clock;
using ::testing::ElementsAre;

class WaitersTest : public ::testing::Test {
 protected:
  void add(int subject, steady_clock::time_point deadline) {
    waiters_.add(subject, deadline, [this](const std::string& answer) { answers_.push_back(answer); });
  }
  boost::asio::io_context loop_;
  std::vector<std::string> answers_;
  Waiters<int, std::string> waiters_{loop_, [](int subject) { return "late " + std::to_string(subject); }};
};

TEST_F(WaitersTest, OnlyThoseThatHaveAnAnswerAreCalled) {
  for (const int subject : {1, 2, 3}) add(subject, steady_clock::now() + hours(1));
  waiters_.answer([](int subject) {
    return subject == 2 ? std::nullopt : std::optional("in force " + std::to_string(subject));
  });
  EXPECT_THAT(answers_, ElementsAre("in force 1", "in force 3"));
  waiters_.answer_all("stopping");
  EXPECT_THAT(answers_, ElementsAre("in force 1", "in force 3", "stopping"));
  loop_.run();
  EXPECT_EQ(answers_.size(), 3u) << "the deadlines of those that were answered come to nothing";
}

TEST_F(WaitersTest, WhoseDeadlineIsOverIsCalledOnce) {
  add(1, steady_clock::now());
  loop_.run();
  EXPECT_THAT(answers_, ElementsAre("late 1"));
  waiters_.answer_all("stopping");
  EXPECT_EQ(answers_.size(), 1u);
}

}  // namespace
}  // namespace sluice::control
