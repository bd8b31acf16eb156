// Server and Client over a real socket, with a handler that answers from memory.
#include "agent/control/server.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/create_channel_posix.h>
#include <sys/syscall.h>

#include <fstream>

#include "agent/control/client.h"
#include "agent/control/message_limits.h"
#include "agent/serve/socket_path.h"
#include "sluice/v1/feed.grpc.pb.h"
#include "tests/unit/control/server_fixture.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ServerTest = ServerFixture;

TEST_F(ServerTest, AnswersItsOwnerOnly) {
  start();
  EXPECT_EQ(mode_of(socket_), 0600u);
  EXPECT_EQ(mode_of(directory_ + "/run"), 0700u);
  Client client(socket_);
  EXPECT_EQ(client.status().value().node(), "node-1");
  EXPECT_EQ(client.maps().value().maps(0).name(), "rules");
  EXPECT_EQ(client.metrics().value().text(), "a 1\n");
  EXPECT_EQ(client.sync(std::chrono::seconds(5)).value().epoch(), 7u);
}

TEST_F(ServerTest, ADirectoryOfItsOwnIsClosedToOthersAndASharedOneIsNot) {
  const std::string directory = directory_ + "/run";
  const auto mode_after_start = [&](mode_t before) {
    EXPECT_EQ(::chmod(directory.c_str(), before), 0);
    start();
    server_->stop(std::chrono::seconds(2));
    return mode_of(directory);
  };
  ASSERT_TRUE(std::filesystem::create_directory(directory));
  std::ofstream(socket_ + ".endpoints") << "";
  EXPECT_EQ(mode_after_start(0755), 0700u);
  EXPECT_EQ(mode_after_start(01777), 0777u) << "as /tmp";
  std::ofstream(directory + "/of-others") << "";
  EXPECT_EQ(mode_after_start(0755), 0755u);
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

TEST_F(ServerTest, AnEventByItsId) {
  start();
  Client client(socket_);
  EXPECT_EQ(client.event("a-1")->id(), "a-1");
  EXPECT_EQ(client.event("a-2").error().message(), "no such record");
  EXPECT_EQ(client.failure(), CallFailure::kRefused);
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

TEST_F(ServerTest, AnAgentThatAnswersLateIsWaitedFor) {
  start();
  for (const int milliseconds : {150, 300, 1000}) {
    be_slow(std::chrono::milliseconds(milliseconds));
    auto status = Client(socket_).status();
    ASSERT_TRUE(status.ok()) << milliseconds << " ms: " << status.error().message();
    be_slow(std::chrono::milliseconds(milliseconds));
    EXPECT_TRUE(Client(socket_).sync(std::chrono::seconds(20)).ok()) << milliseconds;
  }
}

TEST_F(ServerTest, AnAgentThatSaysNothingIsWaitedForAsLongAsIsTold) {
  start();
  be_slow(std::chrono::seconds(2));
  const auto asked = std::chrono::steady_clock::now();
  Client client(socket_, std::chrono::milliseconds(400));
  EXPECT_THAT(client.status().error().message(), HasSubstr("no answer in time"));
  EXPECT_EQ(client.failure(), CallFailure::kLate);
  EXPECT_GE(std::chrono::steady_clock::now() - asked, std::chrono::milliseconds(390));
}

TEST_F(ServerTest, NobodyThereIsKnownAtOnce) {
  const auto asked = std::chrono::steady_clock::now();
  for (int round = 0; round < 2; ++round) {
    Client client(socket_, std::chrono::minutes(5));
    EXPECT_THAT(client.status().error().message(), HasSubstr("no agent answers at"));
    EXPECT_EQ(client.failure(), CallFailure::kUnreachable);
    if (round == 0) leave_stale_socket();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - asked, std::chrono::seconds(60));
}

// As many as a node has pods: none is turned away while the agent is busy with something else.
TEST_F(ServerTest, AHundredCallersAtOnceFindRoomInTheQueue) {
  start();
  be_slow(std::chrono::milliseconds(500));
  std::vector<base::Fd> callers;
  for (int caller = 0; caller < 110; ++caller) {
    callers.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket_.copy(address.sun_path, sizeof address.sun_path - 1);
    const auto* generic = reinterpret_cast<const sockaddr*>(&address);
    ASSERT_EQ(::connect(callers.back().get(), generic, sizeof address), 0) << caller << ": " << errno;
  }
}

TEST_F(ServerTest, ARequestThatIsTooLargeIsRefused) {
  start();
  v1::CheckRequest request;
  request.set_from(std::string(kLargestRequest + 1, 'a'));
  EXPECT_FALSE(Client(socket_).check(request).ok());
}

TEST_F(ServerTest, ALivingAgentsSocketIsNotTaken) {
  start();
  auto second = Server::start(loop_, {socket_}, {&desk_, &endpoints_});
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message(), HasSubstr("another sluiced is running"));
  EXPECT_EQ(Client(socket_).status().value().node(), "node-1");
}

TEST_F(ServerTest, ADeadAgentsSocketIsReplaced) {
  leave_stale_socket();
  EXPECT_FALSE(serve::agent_listens(socket_).value());
  start();
  EXPECT_TRUE(serve::agent_listens(socket_).value());
}

TEST_F(ServerTest, AFileInThePlaceOfTheSocketIsNotTouched) {
  std::filesystem::create_directories(directory_ + "/run");
  std::ofstream(socket_) << "precious";
  auto started = Server::start(loop_, {socket_}, {&desk_, &endpoints_});
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

constexpr uid_t kFeederUid = 64'123, kOtherUid = 64'124;
constexpr gid_t kGroup = 64'200, kOtherGroup = 64'201;

// A connection that another user made: a thread's own credentials (the system calls' way, not the C
// library's) stand at connect(2) for SO_PEERCRED. Empty where the socket does not let them in.
base::Fd connect_as(const std::string& socket, uid_t uid, gid_t group) {
  base::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  std::thread([&] {
    const bool dropped = ::syscall(SYS_setgroups, 1, &group) == 0 &&
                         ::syscall(SYS_setresgid, uid, uid, uid) == 0 &&
                         ::syscall(SYS_setresuid, uid, uid, uid) == 0;
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    socket.copy(address.sun_path, sizeof address.sun_path - 1);
    if (!dropped || ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      fd.close();
  }).join();
  return fd;
}

grpc::Status call_status(base::Fd connection) {
  ::fcntl(connection.get(), F_SETFL, O_NONBLOCK);
  const auto channel = grpc::CreateInsecureChannelFromFd("peer", connection.release());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  v1::StatusReply reply;
  return v1::Control::NewStub(channel)->Status(&context, {}, &reply);
}

grpc::Status call_feed(base::Fd connection) {
  ::fcntl(connection.get(), F_SETFL, O_NONBLOCK);
  const auto channel = grpc::CreateInsecureChannelFromFd("peer", connection.release());
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
  return v1::Feed::NewStub(channel)->Objects(&context)->Finish();
}

class SocketPeersTest : public ServerFixture {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to be other users";
    ServerFixture::SetUp();
    ASSERT_EQ(::chmod(directory_.c_str(), 0755), 0);
  }
  void TearDown() override {
    if (::geteuid() == 0) ServerFixture::TearDown();
  }
};

TEST_F(SocketPeersTest, WithoutAGroupNobodyElseOpensIt) {
  start();
  EXPECT_FALSE(connect_as(socket_, kFeederUid, kGroup).valid());
  EXPECT_TRUE(call_status(connect_as(socket_, 0, 0)).ok());
}

TEST_F(SocketPeersTest, ItsGroupAloneOpensIt) {
  start({"", kGroup, kFeederUid});
  EXPECT_EQ(mode_of(socket_), 0660u);
  EXPECT_EQ(mode_of(directory_ + "/run"), 0750u);
  EXPECT_FALSE(connect_as(socket_, kFeederUid, kOtherGroup).valid());
  EXPECT_TRUE(call_status(connect_as(socket_, 0, 0)).ok());
}

TEST_F(SocketPeersTest, TheFeederMayFeedAndNothingElse) {
  start({"", kGroup, kFeederUid});
  EXPECT_EQ(call_status(connect_as(socket_, kFeederUid, kGroup)).error_code(), grpc::UNIMPLEMENTED);
  EXPECT_EQ(call_feed(connect_as(socket_, kFeederUid, kGroup)).error_message(),
            "this agent takes its objects from a folder: start it without --manifests");
}

TEST_F(SocketPeersTest, AnotherUserOfTheGroupIsTurnedAway) {
  start({"", kGroup, kFeederUid});
  const base::Fd connection = connect_as(socket_, kOtherUid, kGroup);
  ASSERT_TRUE(connection.valid());
  char byte = 0;  // a server of HTTP/2 speaks first (RFC 9113 section 3.4)
  EXPECT_EQ(::recv(connection.get(), &byte, 1, 0), 0) << "closed, and nothing said";
  EXPECT_EQ(turned_away_.get_future().get(), kOtherUid);
}

// A server of HTTP/2 speaks first (RFC 9113 section 3.4).
bool is_served(const base::Fd& connection) {
  char byte = 0;
  return ::recv(connection.get(), &byte, 1, 0) == 1;
}

TEST_F(SocketPeersTest, AFeederHasAHandfulOfConnectionsAtATime) {
  start({"", kGroup, kFeederUid});
  std::vector<base::Fd> held;
  for (size_t i = 0; i < kFeederConnections; ++i) {
    held.push_back(connect_as(socket_, kFeederUid, kGroup));
    ASSERT_TRUE(is_served(held.back())) << i;
  }
  EXPECT_FALSE(is_served(connect_as(socket_, kFeederUid, kGroup)));
  EXPECT_EQ(turned_away_.get_future().get(), kFeederUid);
  EXPECT_TRUE(call_status(connect_as(socket_, 0, 0)).ok()) << "the owner has all it wants";
  held.pop_back();
  EXPECT_TRUE(is_served(connect_as(socket_, kFeederUid, kGroup)));
}

// Ended by the agent's own side: what it hands on it holds a descriptor of.
TEST_F(SocketPeersTest, AStoppedServersConnectionsEndForTheFeeder) {
  start({"", kGroup, kFeederUid});
  const base::Fd connection = connect_as(socket_, kFeederUid, kGroup);
  ASSERT_TRUE(is_served(connection));
  server_->stop(std::chrono::milliseconds(100));
  char bytes[256];
  ssize_t count = 0;
  while ((count = ::recv(connection.get(), bytes, sizeof bytes, 0)) > 0) continue;
  EXPECT_TRUE(count == 0 || errno == ECONNRESET);
}

TEST(AgentListens, APathThatIsTooLongIsAnError) {
  EXPECT_FALSE(serve::agent_listens(std::string(200, 'a')).ok());
}

}  // namespace
}  // namespace sluice::control
