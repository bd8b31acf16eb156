// Server and Client over a real socket, with a desk that answers from memory.
#include "agent/control/server.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "agent/base/fd.h"
#include "agent/control/client.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;

class FakeDesk final : public Desk {
 public:
  explicit FakeDesk(boost::asio::io_context& loop) : timer_(loop) {}
  void sync(std::chrono::steady_clock::time_point deadline, SyncDone done) override {
    v1::SyncReply reply;
    reply.set_epoch(7);
    if (!late) return done(reply);
    timer_.expires_at(deadline);
    timer_.async_wait(
        [done](const boost::system::error_code&) { done(base::Error("not in force in time")); });
  }
  v1::StatusReply status() override {
    v1::StatusReply reply;
    reply.set_node("node-1");
    return reply;
  }
  v1::EndpointsReply endpoints() override { return {}; }
  v1::PoliciesReply policies() override { return {}; }
  v1::IdentitiesReply identities() override { return {}; }
  base::Result<v1::CheckReply> check(const v1::CheckRequest& request) override {
    if (request.from().empty()) return base::Error("from: is missing");
    v1::CheckReply reply;
    reply.set_verdict("deny");
    return reply;
  }
  bool late = false;

 private:
  boost::asio::steady_timer timer_;
};

class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/sluice-server-test-XXXXXX";
    directory_ = ::mkdtemp(pattern);
    socket_ = directory_ + "/run/sluice.sock";
    loop_thread_ = std::thread([this] { loop_.run_for(std::chrono::seconds(60)); });
  }
  void TearDown() override {
    if (server_) server_->stop(std::chrono::seconds(2));
    work_.reset();
    loop_.stop();
    loop_thread_.join();
    std::filesystem::remove_all(directory_);
  }
  void start() {
    auto started = Server::start(socket_, loop_, desk_);
    ASSERT_TRUE(started.ok()) << started.error().message();
    server_.emplace(std::move(*started));
  }
  // What an agent that was killed leaves behind.
  void leave_stale_socket() const {
    std::filesystem::create_directories(directory_ + "/run");
    const base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  FakeDesk desk_{loop_};
  std::string directory_, socket_;
  std::thread loop_thread_;
  std::optional<Server> server_;
};

TEST_F(ServerTest, AnswersItsOwnerOnly) {
  start();
  EXPECT_EQ(mode_of(socket_), 0600u);
  EXPECT_EQ(mode_of(directory_ + "/run"), 0700u);
  Client client(socket_);
  EXPECT_EQ(client.status().value().node(), "node-1");
  EXPECT_EQ(client.sync(std::chrono::seconds(5)).value().epoch(), 7u);
}

TEST_F(ServerTest, ARequestThatMakesNoSenseIsRefused) {
  start();
  Client client(socket_);
  EXPECT_EQ(client.check({}).error().message(), "from: is missing");
  EXPECT_EQ(client.failure(), CallFailure::kRefused);
  v1::CheckRequest request;
  request.set_from("a/b");
  EXPECT_EQ(client.check(request).value().verdict(), "deny");
  EXPECT_EQ(client.failure(), CallFailure::kNone);
}

TEST_F(ServerTest, ASyncEndsByItsDeadline) {
  start();
  desk_.late = true;
  Client client(socket_);
  EXPECT_FALSE(client.sync(std::chrono::milliseconds(50)).ok());
  EXPECT_EQ(client.failure(), CallFailure::kLate);
}

TEST_F(ServerTest, ASyncThatIsLateSaysWhyBeforeItsCallerGivesUp) {
  start();
  desk_.late = true;
  EXPECT_EQ(Client(socket_).sync(std::chrono::seconds(1)).error().message(), "not in force in time");
}

TEST_F(ServerTest, ASyncWaitsForAnAgentThatComesLater) {
  auto epoch = std::async(std::launch::async,
                          [this] { return Client(socket_).sync(std::chrono::seconds(20)).value().epoch(); });
  ASSERT_EQ(epoch.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  leave_stale_socket();
  ASSERT_EQ(epoch.wait_for(std::chrono::milliseconds(300)), std::future_status::timeout);
  start();
  EXPECT_EQ(epoch.get(), 7u);
}

TEST_F(ServerTest, ASyncWithoutAnAgentEndsInTime) {
  Client client(socket_);
  EXPECT_THAT(client.sync(std::chrono::milliseconds(300)).error().message(),
              HasSubstr("no agent answers at"));
  EXPECT_EQ(client.failure(), CallFailure::kUnreachable);
}

TEST_F(ServerTest, ARequestThatIsTooLargeIsRefused) {
  start();
  v1::CheckRequest request;
  request.set_from(std::string(kLargestRequest + 1, 'a'));
  EXPECT_FALSE(Client(socket_).check(request).ok());
}

TEST_F(ServerTest, ALivingAgentsSocketIsNotTaken) {
  start();
  auto second = Server::start(socket_, loop_, desk_);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message(), HasSubstr("another sluiced is running"));
  EXPECT_EQ(Client(socket_).status().value().node(), "node-1");
}

TEST_F(ServerTest, ADeadAgentsSocketIsReplaced) {
  leave_stale_socket();
  EXPECT_FALSE(agent_listens(socket_).value());
  start();
  EXPECT_TRUE(agent_listens(socket_).value());
}

TEST_F(ServerTest, AFileInThePlaceOfTheSocketIsNotTouched) {
  std::filesystem::create_directories(directory_ + "/run");
  std::ofstream(socket_) << "precious";
  auto started = Server::start(socket_, loop_, desk_);
  ASSERT_FALSE(started.ok());
  EXPECT_THAT(started.error().message(), HasSubstr("is a file and no socket"));
  EXPECT_EQ(std::filesystem::file_size(socket_), 8u);
}

TEST_F(ServerTest, AfterStopNobodyAnswersAndTheSocketIsGone) {
  start();
  server_->stop(std::chrono::seconds(2));
  EXPECT_FALSE(std::filesystem::exists(socket_));
  Client client(socket_);
  EXPECT_FALSE(client.status().ok());
  EXPECT_EQ(client.failure(), CallFailure::kUnreachable);
}

TEST(AgentListens, APathThatIsTooLongIsAnError) {
  EXPECT_FALSE(agent_listens(std::string(200, 'a')).ok());
}

}  // namespace
}  // namespace sluice::control
