// Server and Client over a real socket: what is read as a stream, records and snapshots.
#include "agent/control/server.h"

#include <gmock/gmock.h>
#include <grpcpp/create_channel.h>

#include "agent/control/client.h"
#include "tests/oracle/random_cluster.h"
#include "tests/unit/control/server_fixture.h"

namespace sluice::control {
namespace {

using ::testing::HasSubstr;
using ServerStreamsTest = ServerFixture;

// A kilobyte each: more than any window of a connection holds.
model::Cluster many_pods(int count) {
  model::Cluster cluster;
  model::Pod pod;
  for (int i = 0; i < 10; ++i) pod.labels["label-" + std::to_string(i)] = std::string(60, 'x');
  for (int i = 0; i < count; ++i) {
    pod.name = {"shop", "pod-" + std::to_string(i)};
    cluster.pods[pod.name] = pod;
  }
  return cluster;
}

TEST_F(ServerStreamsTest, AReaderHasItsRecordsAndTheEnd) {
  start();
  Client client(socket_);
  int records = 0;
  const auto take = [&records](const v1::Flow& flow) {
    EXPECT_EQ(flow.id(), "a-1");
    ++records;
    return true;
  };
  EXPECT_TRUE(client.observe({}, take).ok());
  EXPECT_EQ(records, 2);
  v1::ObserveRequest wrong;
  wrong.mutable_filter()->add_ports(0);
  EXPECT_EQ(client.observe(wrong, take).error().message(), "--port: is none");
  EXPECT_EQ(client.failure(), CallFailure::kRefused);
}

TEST_F(ServerStreamsTest, AReaderThatLeavesIsGone) {
  start();
  v1::ObserveRequest request;
  request.set_follow(true);
  Client client(socket_);
  EXPECT_TRUE(client.observe(request, [](const v1::Flow&) { return false; }).ok());
  EXPECT_EQ(desk_.left.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(ServerStreamsTest, AReaderThatFollowsForATimeEndsWithIt) {
  start();
  v1::ObserveRequest request;
  request.set_follow(true);
  int records = 0;
  const auto take = [&records](const v1::Flow&) { return ++records > 0; };
  EXPECT_TRUE(Client(socket_).observe(request, take, std::chrono::milliseconds(500)).ok());
  EXPECT_EQ(records, 2);
}

TEST_F(ServerStreamsTest, ASnapshotIsTheCluster) {
  desk_.cluster = oracle::random_cluster(1, 300);
  desk_.cluster.pods.merge(many_pods(1000).pods);
  start();
  model::Cluster read;
  const auto take = [&read](const model::Object& object) { read.apply(model::Change::upsert(object)); };
  for (int i = 0; i < 5; ++i) {
    read = {};
    Client client(socket_);
    const auto done = client.snapshot(take);
    ASSERT_TRUE(done.ok()) << done.error().message();
    ASSERT_EQ(read, desk_.cluster);
  }
}

TEST_F(ServerStreamsTest, ASnapshotOfNothing) {
  start();
  int objects = 0;
  EXPECT_TRUE(Client(socket_).snapshot([&objects](const model::Object&) { ++objects; }).ok());
  EXPECT_EQ(objects, 0);
}

// Callers that take nothing hold two snapshots at the most, until their deadline.
TEST_F(ServerStreamsTest, SnapshotsThatNobodyTakes) {
  desk_.cluster = many_pods(20'000);
  start();
  const auto stub =
      v1::Control::NewStub(grpc::CreateChannel("unix:" + socket_, grpc::InsecureChannelCredentials()));
  const auto stall = [&](grpc::ClientContext& context) {
    auto reader = stub->Snapshot(&context, v1::SnapshotRequest());
    v1::SnapshotPiece first;
    EXPECT_TRUE(reader->Read(&first));
    return reader;
  };
  grpc::ClientContext contexts[2];
  for (auto& context : contexts)
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  const auto one = stall(contexts[0]), two = stall(contexts[1]);
  const auto nothing = [](const model::Object&) {};
  EXPECT_THAT(Client(socket_).snapshot(nothing).error().message(), HasSubstr("2 snapshots are being read"));
  for (auto& context : contexts) context.TryCancel();
  EXPECT_FALSE(one->Finish().ok());
  EXPECT_FALSE(two->Finish().ok());
  // The agent hears of it a little later.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (auto taken = Client(socket_).snapshot(nothing); !taken; taken = Client(socket_).snapshot(nothing))
    ASSERT_LT(std::chrono::steady_clock::now(), until) << taken.error().message();
}

}  // namespace
}  // namespace sluice::control
