// A Server on a socket of its own, with handlers that answer from memory; its loop runs on a thread of its own.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <filesystem>
#include <future>
#include <optional>
#include <thread>

#include "agent/base/fd.h"
#include "agent/control/replies.h"
#include "agent/control/server.h"

namespace sluice::control {

class FakeDesk final : public ControlHandler {
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
  std::vector<v1::SnapshotPiece> snapshot() override { return snapshot_pieces(cluster, {}); }
  v1::IdentitiesReply identities() override { return {}; }
  void names(NamesDone done) override { done({}); }
  v1::MetricsReply metrics() override {
    v1::MetricsReply reply;
    reply.set_text("a 1\n");
    return reply;
  }
  v1::MapsReply maps() override {
    v1::MapsReply reply;
    reply.add_maps()->set_name("rules");
    return reply;
  }
  base::Result<v1::CheckReply> check(const v1::CheckRequest& request) override {
    if (request.from().empty()) return base::Error("from: is missing");
    v1::CheckReply reply;
    reply.set_verdict("deny");
    return reply;
  }
  // A record, and then it waits.
  void observe(const v1::ObserveRequest& request, std::shared_ptr<stream::Sink> sink) override {
    if (request.filter().ports_size() > 0) return sink->finish(stream::End::kWrong, "--port: is none");
    reader = sink;
    sink->follow([this] { ++written; }, [this] { left.set_value(); });
    v1::Flow flow;
    flow.set_id("a-1");
    sink->give({flow, flow});
    if (!request.follow()) sink->finish(stream::End::kDone, "");
  }
  base::Result<v1::Flow> event(const v1::EventRequest& request) override {
    if (request.id() != "a-1") return base::Error("no such record");
    v1::Flow flow;
    flow.set_id("a-1");
    return flow;
  }
  bool late = false;
  model::Cluster cluster;
  std::shared_ptr<stream::Sink> reader;
  int written = 0;
  std::promise<void> left;

 private:
  boost::asio::steady_timer timer_;
};

class NoEndpoints final : public EndpointHandler {
 public:
  void add_endpoint(const v1::AddEndpointRequest&, std::chrono::steady_clock::time_point,
                    Added added) override {
    added(EndpointFault{EndpointFault::Kind::kLate, "pod prod/web: not in force in time"});
  }
  EndpointAnswer<v1::DelEndpointReply> del_endpoint(const v1::DelEndpointRequest&) override {
    return v1::DelEndpointReply();
  }
  EndpointAnswer<v1::CheckEndpointReply> check_endpoint(const v1::CheckEndpointRequest&) override {
    return EndpointFault{EndpointFault::Kind::kNotFound, "nobody announced it"};
  }
  EndpointAnswer<v1::KeepEndpointsReply> keep_endpoints(const v1::KeepEndpointsRequest&) override {
    return v1::KeepEndpointsReply();
  }
  v1::ReadyReply ready() override { return {}; }
};

class ServerFixture : public ::testing::Test {
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
  void start(SocketAccess access = {}, source::feed::StreamSource* feeder = nullptr) {
    access.path = socket_;
    auto started = Server::start(loop_, access, {&desk_, &endpoints_, feeder},
                                 [this](uid_t uid, pid_t) { turned_away_.set_value(uid); });
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
  // Runs `act` on the agent's thread; its value.
  template <typename Act>
  auto on_loop(Act act) {
    std::promise<decltype(act())> value;
    boost::asio::post(loop_, [&] { value.set_value(act()); });
    return value.get_future().get();
  }
  // The agent's thread is taken up that long, as on a slow machine: connections wait to be accepted.
  void be_slow(std::chrono::milliseconds time) {
    boost::asio::post(loop_, [time] { std::promise<void>().get_future().wait_for(time); });
  }
  static void wait_readable(int fd) {
    pollfd waited{fd, POLLIN, 0};
    ASSERT_EQ(::poll(&waited, 1, 20'000), 1);
  }
  static mode_t mode_of(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 0777U : 0;
  }

  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{loop_.get_executor()};
  FakeDesk desk_{loop_};
  NoEndpoints endpoints_;
  std::string directory_, socket_;
  std::thread loop_thread_;
  std::optional<Server> server_;
  std::promise<uid_t> turned_away_;
};

}  // namespace sluice::control
