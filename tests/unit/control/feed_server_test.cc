// The feed over a real socket: FeedClient at one end, FeedService and StreamSource at the other.
#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>

#include "agent/control/client.h"
#include "agent/control/server.h"
#include "agent/source/feed/limits.h"
#include "sluice/v1/feed.grpc.pb.h"
#include "tests/unit/control/server_fixture.h"
#include "tests/unit/control/test_feeder.h"

namespace sluice::control {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

const std::chrono::system_clock::time_point kNow{seconds(1'700'000'000)};

class FeedServerTest : public ServerFixture {
 protected:
  void SetUp() override {
    ServerFixture::SetUp();
    feeder_ = std::move(*source::feed::StreamSource::open(
        {"node-1", [this] { return kNow + late_; },
         [this](std::chrono::duration<double> took) { took_.push_back(took.count()); }}));
    start({}, feeder_.get());
  }
  // What the agent would take now.
  source::Batch take() {
    return on_loop([this] { return feeder_->drain().value_or(source::Batch{}); });
  }
  void put_in_force() {
    on_loop([this] {
      (void)feeder_->drain();
      feeder_->note_in_force(kNow + late_);
      return 0;
    });
  }
  std::string first_problem() {
    const auto problems = take().problems;
    return problems.empty() ? "" : problems.front().to_text();
  }

  std::unique_ptr<source::feed::StreamSource> feeder_;
  std::chrono::milliseconds late_{0};
  std::vector<double> took_;
};

// Nobody else uses gRPC meanwhile: with each stream goes the last channel, which must never happen on a
// thread of gRPC's own.
TEST(FeedClientTest, StreamsComeAndGo) {
  constexpr int kStreams = 500;
  TestFeeder tester(::testing::TempDir() + "nobody-listens.sock");
  for (int i = 0; i < kStreams; ++i) {
    tester.open("s");
    if (i % 2 == 0) {
      EXPECT_THAT(tester.end(), HasSubstr("no agent answers at "));
    }
  }
}

TEST_F(FeedServerTest, FromHelloToInForce) {
  EXPECT_THAT(first_problem(),
              HasSubstr("waiting for the first snapshot: no feeder has come since 2023-11-14T22:13:20Z"));
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed()) << tester.end();
  EXPECT_FALSE(tester.welcome->resumed());
  EXPECT_EQ(tester.welcome->node(), "node-1");
  EXPECT_EQ(tester.welcome->window(), source::feed::kFeedWindow);
  EXPECT_THAT(first_problem(),
              HasSubstr("waiting for the first snapshot: feeder tester is sending a snapshot"));
  ASSERT_EQ(tester.send(true, {"a", "b"}).value(), 1u);
  ASSERT_TRUE(tester.is_taken(1));
  EXPECT_EQ(tester.progress.in_force(), 0u);
  const auto batch = take();
  EXPECT_EQ(batch.changes.size(), 2u);
  EXPECT_TRUE(batch.problems.empty()) << batch.problems.front().to_text();
  on_loop([this] {
    feeder_->note_in_force(kNow + late_);
    return 0;
  });
  ASSERT_TRUE(tester.until([&] { return tester.progress.in_force() == 1; }));
  EXPECT_TRUE(took_.empty()) << "a snapshot is no change";
  ASSERT_EQ(tester.send(false, {"c"}, std::chrono::nanoseconds(kNow.time_since_epoch()).count()).value(), 2u);
  ASSERT_TRUE(tester.is_taken(2));
  on_loop([this] {
    late_ = std::chrono::milliseconds(250);
    return 0;
  });
  put_in_force();
  EXPECT_THAT(took_, ::testing::ElementsAre(0.25));
}

TEST_F(FeedServerTest, ResumesWhereItWas) {
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  (void)tester.send(true, {"a"});
  ASSERT_TRUE(tester.is_taken(1));
  tester.client.close();
  tester.open("s", 1);
  ASSERT_TRUE(tester.welcomed());
  EXPECT_TRUE(tester.welcome->resumed());
  EXPECT_EQ(tester.send(false, {"b"}).value(), 2u);
  ASSERT_TRUE(tester.is_taken(2));
  EXPECT_EQ(take().changes.size(), 2u);
}

TEST_F(FeedServerTest, WithoutAFeederTheStateStaysAndItIsSaid) {
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  (void)tester.send(true, {"a"});
  ASSERT_TRUE(tester.is_taken(1));
  EXPECT_EQ(take().changes.size(), 1u);
  tester.client.close();
  wait_readable(feeder_->fd());
  const auto batch = take();
  EXPECT_TRUE(batch.changes.empty());
  ASSERT_EQ(batch.problems.size(), 1u);
  EXPECT_THAT(batch.problems[0].to_text(), HasSubstr("no feeder since 2023-11-14T22:13:20Z (tester: "));
  EXPECT_FALSE(on_loop([this] { return feeder_->reading(); }).connected);
}

TEST_F(FeedServerTest, ASecondFeederTakesOver) {
  TestFeeder first(socket_), second(socket_);
  first.open("s");
  ASSERT_TRUE(first.welcomed());
  (void)first.send(true, {"a"});
  ASSERT_TRUE(first.is_taken(1));
  second.open("t", 0, "second");
  ASSERT_TRUE(second.welcomed());
  EXPECT_THAT(first.end(), HasSubstr("another feeder took over: second"));
  (void)second.send(true, {"b"});
  ASSERT_TRUE(second.is_taken(1));
  EXPECT_EQ(on_loop([this] { return feeder_->reading(); }).connections, 2u);
  EXPECT_TRUE(on_loop([this] { return feeder_->reading(); }).connected);
}

TEST_F(FeedServerTest, ManyBatchesGoThroughTheWindow) {
  constexpr uint64_t kBatches = 200;
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  (void)tester.send(true, {});
  for (uint64_t sequence = 2; sequence <= kBatches; ++sequence) {
    ASSERT_TRUE(tester.until([&] { return tester.client.has_room(); }));
    ASSERT_EQ(tester.send(false, {"n" + std::to_string(sequence)}).value(), sequence);
  }
  ASSERT_TRUE(tester.is_taken(kBatches));
  EXPECT_EQ(take().changes.size(), kBatches - 1);
}

TEST_F(FeedServerTest, WhatMakesNoSenseIsRefusedAndTheOthersCount) {
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  (void)tester.send(true, {"good", "BAD"});
  ASSERT_TRUE(tester.is_taken(1));
  ASSERT_EQ(tester.progress.refused_count(), 1u);
  EXPECT_THAT(tester.progress.refused(0).why(), HasSubstr("Namespace BAD: name.name: "));
  const auto batch = take();
  EXPECT_EQ(batch.changes.size(), 1u);
  ASSERT_EQ(batch.problems.size(), 1u);
  EXPECT_THAT(batch.problems[0].to_text(), HasSubstr("Namespace BAD: name.name: "));
}

TEST_F(FeedServerTest, ASyncWaitsForAFeederThatHasCaughtUp) {
  const uint64_t ticket = feeder_->request_read();
  EXPECT_LT(take().generation, ticket);
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  EXPECT_LT(take().generation, ticket);
  (void)tester.send(true, {});
  ASSERT_TRUE(tester.is_taken(1));
  EXPECT_GE(take().generation, ticket);
}

TEST_F(FeedServerTest, TheFeedersOwnStateIsTold) {
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  (void)tester.send(true, {});
  ASSERT_TRUE(tester.is_taken(1));
  (void)take();
  v1::SourceState state;
  state.add_problems("https://10.96.0.1:443: connection\nrefused");
  (*state.mutable_ignored_kinds())["Deployment"] = 7;
  tester.client.tell(state);
  wait_readable(feeder_->fd());
  const auto batch = take();
  ASSERT_EQ(batch.problems.size(), 1u);
  EXPECT_EQ(batch.problems[0].to_text(), "https://10.96.0.1:443: connection\\x0arefused");
  EXPECT_EQ(batch.skipped.at("Deployment"), 7u);
}

// A feeder that keeps to no law; the row says what it writes.
struct Wrong {
  const char* name;
  std::vector<v1::FeedRequest> requests;
  grpc::StatusCode code;
  const char* what;
};
v1::FeedRequest hello(const std::string& session) {
  v1::FeedRequest request;
  request.mutable_hello()->set_session(session);
  return request;
}
v1::FeedRequest batch(uint64_t sequence, bool whole) {
  v1::FeedRequest request;
  request.mutable_batch()->set_sequence(sequence);
  request.mutable_batch()->set_begins_snapshot(whole);
  request.mutable_batch()->set_ends_snapshot(whole);
  return request;
}
v1::FeedRequest long_state() {
  v1::FeedRequest request;
  request.mutable_state()->add_warnings(std::string(2000, 'x'));
  return request;
}
v1::FeedRequest huge() {
  v1::FeedRequest request = batch(1, true);
  auto* ns = request.mutable_batch()->add_events()->mutable_upsert()->mutable_namespace_();
  ns->mutable_name()->set_name(std::string(source::feed::kFeedLargestMessage, 'x'));
  return request;
}

class FeedLaws : public FeedServerTest, public ::testing::WithParamInterface<Wrong> {};
TEST_P(FeedLaws, AreKept) {
  const auto stub =
      v1::Feed::NewStub(grpc::CreateChannel("unix:" + socket_, grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(20));
  auto stream = stub->Objects(&context);
  for (const auto& request : GetParam().requests) stream->Write(request);
  v1::FeedReply reply;
  while (stream->Read(&reply)) continue;
  const auto status = stream->Finish();
  EXPECT_EQ(status.error_code(), GetParam().code) << status.error_message();
  EXPECT_THAT(status.error_message(), HasSubstr(GetParam().what));
  EXPECT_TRUE(take().changes.empty());
}
INSTANTIATE_TEST_SUITE_P(
    Rows, FeedLaws,
    ::testing::Values(
        Wrong{"batch_first", {batch(1, true)}, grpc::FAILED_PRECONDITION, "a stream begins with hello"},
        Wrong{"state_first", {long_state()}, grpc::FAILED_PRECONDITION, "a stream begins with hello"},
        Wrong{"hello_twice", {hello("s"), hello("s")}, grpc::FAILED_PRECONDITION, "hello comes once"},
        Wrong{"nothing_said", {v1::FeedRequest()}, grpc::INVALID_ARGUMENT, "one of hello, batch and state"},
        Wrong{"no_session", {hello("")}, grpc::INVALID_ARGUMENT, "hello.session: is empty"},
        Wrong{"long_session",
              {hello(std::string(65, 'x'))},
              grpc::INVALID_ARGUMENT,
              "hello.session: has 65 bytes"},
        Wrong{"no_snapshot", {hello("s"), batch(1, false)}, grpc::INVALID_ARGUMENT, "must begin a snapshot"},
        Wrong{"gap", {hello("s"), batch(2, true)}, grpc::INVALID_ARGUMENT, "is out of order"},
        Wrong{"long_state", {hello("s"), long_state()}, grpc::RESOURCE_EXHAUSTED, "2000 bytes"},
        Wrong{"huge", {hello("s"), huge()}, grpc::RESOURCE_EXHAUSTED, "larger than max"}),
    [](const auto& row) { return row.param.name; });

TEST_F(FeedServerTest, AClosedClientCallsNobody) {
  auto tester = std::make_unique<TestFeeder>(socket_);
  tester->open("s");
  tester->client.close();
  EXPECT_FALSE(tester->client.is_open());
  EXPECT_FALSE(tester->client.send({}));
  tester->open("s");
  ASSERT_TRUE(tester->welcomed());
  tester.reset();
  wait_readable(feeder_->fd());
}

TEST_F(FeedServerTest, AStopEndsTheStream) {
  TestFeeder tester(socket_);
  tester.open("s");
  ASSERT_TRUE(tester.welcomed());
  on_loop([this] {
    feeder_->stop();
    return 0;
  });
  EXPECT_THAT(tester.end(), HasSubstr("no agent answers at"));
  server_->stop(seconds(2));
  tester.open("s");
  EXPECT_THAT(tester.end(), HasSubstr("no agent answers at"));
}

using NoFeedTest = ServerFixture;
TEST_F(NoFeedTest, AnAgentWithAFolderTakesNoFeed) {
  start({}, nullptr);
  TestFeeder tester(socket_);
  tester.open("s");
  EXPECT_THAT(tester.end(), HasSubstr("start it without --manifests"));
}

}  // namespace
}  // namespace sluice::control
