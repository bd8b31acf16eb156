// A Relay and nodes that are no more than what they were written: who is fed what, in turn, and who is turned away.
#include "agent/relay/relay.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "agent/source/feed/decode.h"
#include "agent/source/feed/encode.h"

namespace sluice::relay {
namespace {

using std::chrono::milliseconds;

class FollowerDouble final : public Follower {
 public:
  void write(v1::FollowReply reply) override {
    EXPECT_FALSE(writing) << "one at a time";
    writing = true;
    replies.push_back(std::move(reply));
  }
  void finish(const Refusal& why) override { ended = why.why; }

  size_t snapshots() const {
    return static_cast<size_t>(std::ranges::count_if(
        replies, [](const auto& reply) { return reply.has_batch() && reply.batch().begins_snapshot(); }));
  }
  bool writing = false;
  std::vector<v1::FollowReply> replies;
  std::string ended;
};

class RelayRoomTest : public testing::Test {
 protected:
  RelayRoomTest()
      : mirror_(source::feed::pack,
                [this](const model::ObjectId& id, int64_t observed) { relay_.changed(id, observed); }),
        relay_(loop_, {"test", "source"}, mirror_, {3, 10, 1, milliseconds(40)}) {}

  void list_everything() {
    for (const model::Kind kind : model::kKinds) {
      mirror_.begin_list(kind);
      mirror_.end_list(kind, 0);
    }
  }
  void run(milliseconds time = milliseconds(5)) {
    loop_.restart();
    loop_.run_for(time);
  }
  std::shared_ptr<FollowerDouble> follow(const std::string& node) {
    const auto follower = std::make_shared<FollowerDouble>();
    if (const auto refusal = relay_.follow(follower, node)) follower->ended = refusal->why;
    return follower;
  }
  // Takes what it was written, until nothing more comes.
  void take_all(FollowerDouble& follower) {
    while (std::exchange(follower.writing, false)) {
      relay_.written(follower);
      run();
    }
  }
  void put_pod(const std::string& name, const std::string& node) {
    model::Pod pod;
    pod.name = {"shop", name};
    pod.node_name = node;
    mirror_.upsert(pod, {}, 0);
  }

  boost::asio::io_context loop_{1};
  source::kube::Mirror mirror_;
  Relay relay_;
};

TEST_F(RelayRoomTest, NobodyIsFedBeforeEverythingIsListed) {
  EXPECT_EQ(follow("a")->ended, "this relay has not listed everything yet: ask another");
  list_everything();
  EXPECT_EQ(follow("a")->ended, "");
  EXPECT_EQ(follow("")->ended, "node: give the name of the node, at most 253 bytes");
  EXPECT_EQ(follow(std::string(254, 'a'))->ended, "node: give the name of the node, at most 253 bytes");
}

TEST_F(RelayRoomTest, EachIsToldWhoFeedsAndTheStateAndItsView) {
  list_everything();
  put_pod("one", "a");
  put_pod("two", "b");
  const auto a = follow("a");
  take_all(*a);
  ASSERT_EQ(a->replies.size(), 3u);
  EXPECT_EQ(a->replies[0].following().source(), "source");
  EXPECT_TRUE(a->replies[1].has_state());
  ASSERT_EQ(a->replies[2].batch().events_size(), 1);
  EXPECT_EQ(a->replies[2].batch().events(0).upsert().pod().name().name(), "one");
  put_pod("three", "b");
  run();
  EXPECT_FALSE(a->writing) << "nothing of it concerns this node";
  put_pod("four", "a");
  run();
  EXPECT_TRUE(a->writing);
}

// Agents close it: so it has to reach them.
TEST_F(RelayRoomTest, APolicyThatNobodyCanReadComesToItsNamespace) {
  list_everything();
  put_pod("one", "a");
  model::NetworkPolicy policy;
  policy.name = {"shop", "odd"};
  policy.active = std::string(10'000, 'x');
  ASSERT_FALSE(source::feed::decode(source::feed::encode(model::Object(policy))));
  mirror_.upsert(policy, {}, 0);
  const auto a = follow("a"), b = follow("b");
  take_all(*a);
  take_all(*b);
  const auto policies = [](const FollowerDouble& node) {
    size_t count = 0;
    for (const auto& reply : node.replies)
      for (const auto& event : reply.batch().events()) count += event.upsert().has_network_policy();
    return count;
  };
  EXPECT_EQ(policies(*a), 1u);
  EXPECT_EQ(policies(*b), 0u) << "no pod of its namespace is there";
}

TEST_F(RelayRoomTest, SoManyNodesAndNoMore) {
  list_everything();
  const auto first = follow("a");
  follow("a");
  follow("b");
  EXPECT_EQ(follow("c")->ended, "this relay feeds 3 nodes already: ask another, or run one more");
  relay_.end(*first);
  EXPECT_EQ(follow("c")->ended, "");
}

TEST_F(RelayRoomTest, SnapshotsTakeTurns) {
  list_everything();
  const auto a = follow("a"), b = follow("b");
  for (const auto& each : {a, b})
    for (int i = 0; i < 2; ++i) {  // who feeds, and the state
      each->writing = false;
      relay_.written(*each);
    }
  run();
  EXPECT_EQ(a->snapshots() + b->snapshots(), 1u) << "the other waits";
  take_all(*a);
  run();
  take_all(*b);
  EXPECT_EQ(a->snapshots() + b->snapshots(), 2u);
}

TEST_F(RelayRoomTest, WhoDiesInItsTurnGivesItBack) {
  list_everything();
  const auto a = follow("a"), b = follow("b");
  for (const auto& each : {a, b})
    for (int i = 0; i < 2; ++i) {
      each->writing = false;
      relay_.written(*each);
    }
  relay_.end(*a);
  run();
  EXPECT_EQ(b->snapshots(), 1u);
}

TEST_F(RelayRoomTest, WhoTakesNothingIsCutOff) {
  list_everything();
  const auto a = follow("a"), b = follow("b");
  for (int i = 0; i < 20 && a->ended.empty(); ++i) {
    take_all(*b);
    run(milliseconds(10));
  }
  EXPECT_NE(a->ended.find("this node took nothing"), std::string::npos) << a->ended;
  EXPECT_EQ(b->ended, "");
  EXPECT_EQ(relay_.nodes(), 1u);
}

}  // namespace
}  // namespace sluice::relay
