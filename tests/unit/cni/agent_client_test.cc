// AgentClient against a double: answers, silence, absence, and an agent that comes while it is waited for.
#include "agent/cni/agent_client.h"

#include <gmock/gmock.h>

#include <future>
#include <optional>

#include "tests/unit/cni/agent_double.h"
#include "tests/unit/cni/socket_fixture.h"

namespace sluice::cni {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

class AgentClientTest : public SocketTest {
 protected:
  static Deadline in(milliseconds time) { return std::chrono::system_clock::now() + time; }
};

struct Row {
  grpc::Status status;
  Answer answer;
  std::string line;
};

TEST_F(AgentClientTest, TheAgentsOwnLineComesBack) {
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  const std::vector<Row> rows{
      {grpc::Status::OK, Answer::kYes, ""},
      {{grpc::StatusCode::DEADLINE_EXCEEDED, "Pod a/b: not known"},
       Answer::kNotInForce,
       "Pod a/b: not known"},
      {{grpc::StatusCode::NOT_FOUND, "nobody announced it"}, Answer::kUnknown, "nobody announced it"},
      {{grpc::StatusCode::INVALID_ARGUMENT, "netns: is empty"}, Answer::kRefused, "netns: is empty"},
      {{grpc::StatusCode::UNIMPLEMENTED, "too old"}, Answer::kRefused, "too old"},
  };
  for (const Row& row : rows) {
    agent.answer_add(row.status);
    const AgentReply reply = AgentClient(socket_).add({}, in(milliseconds(5000)));
    EXPECT_EQ(reply.answer, row.answer) << row.line;
    EXPECT_THAT(reply.line, HasSubstr(row.line));
  }
}

TEST_F(AgentClientTest, NobodyThereIsSaidWithTheSocket) {
  const AgentReply reply = AgentClient(socket_).add({}, in(milliseconds(200)));
  EXPECT_EQ(reply.answer, Answer::kUnreachable);
  EXPECT_THAT(reply.line, HasSubstr(socket_));
}

TEST_F(AgentClientTest, DelWaitsForAnAgentAsAddDoes) {
  auto reply = std::async(std::launch::async,
                          [this] { return AgentClient(socket_).del({}, in(std::chrono::seconds(20))); });
  ASSERT_EQ(reply.wait_for(milliseconds(150)), std::future_status::timeout);  // it waits
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  EXPECT_EQ(reply.get().answer, Answer::kYes);
  EXPECT_EQ(agent.deleted().size(), 1u);
}

TEST_F(AgentClientTest, AnAgentThatAnswersLateIsWaitedForOnOneConnection) {
  const SilentSocket late(socket_);
  ASSERT_TRUE(late.listens());
  AgentDouble agent(directory_ + "/other.sock");
  auto reply = std::async(std::launch::async,
                          [this] { return AgentClient(socket_).add({}, in(std::chrono::seconds(20))); });
  ASSERT_EQ(reply.wait_for(milliseconds(300)), std::future_status::timeout);
  agent.serve(late.accept());
  EXPECT_EQ(reply.get().answer, Answer::kYes);
  EXPECT_FALSE(late.is_asked_again());
}

TEST_F(AgentClientTest, AnAgentThatComesInTimeIsAsked) {
  auto reply = std::async(std::launch::async,
                          [this] { return AgentClient(socket_).add({}, in(std::chrono::seconds(20))); });
  ASSERT_EQ(reply.wait_for(milliseconds(150)), std::future_status::timeout);  // it waits
  AgentDouble agent(socket_);
  ASSERT_TRUE(agent.listens());
  EXPECT_EQ(reply.get().answer, Answer::kYes);
}

TEST_F(AgentClientTest, AnAgentThatIsReplacedIsAskedAgain) {
  auto first = std::make_unique<AgentDouble>(socket_);
  first->answer_add({grpc::StatusCode::UNAVAILABLE, "stopping"});
  auto reply = std::async(std::launch::async,
                          [this] { return AgentClient(socket_).add({}, in(std::chrono::seconds(20))); });
  while (first->added().empty() && reply.wait_for(milliseconds(1)) == std::future_status::timeout) {
  }
  first.reset();
  const AgentDouble second(socket_);
  ASSERT_TRUE(second.listens());
  const AgentReply answer = reply.get();
  EXPECT_EQ(answer.answer, Answer::kYes) << answer.line;
}

}  // namespace
}  // namespace sluice::cni
