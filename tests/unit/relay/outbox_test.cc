// What waits for one node, as batches: cut out at one moment, bounded, each object once.
#include "agent/relay/outbox.h"

#include <gtest/gtest.h>

#include <set>

#include "agent/source/feed/encode.h"
#include "agent/source/feed/session.h"

namespace sluice::relay {
namespace {

using model::ObjectId;

ObjectId ns(const std::string& name) {
  return {model::Kind::kNamespace, {"", name}};
}

// A node's view that is a set of namespaces, and what the node's agent makes of what it is sent.
class OutboxTest : public testing::Test {
 protected:
  v1::Batch next(size_t items = 1000) {
    const v1::Batch batch = outbox_.next(
        [&] {
          std::vector<ObjectId> all;
          for (const auto& name : there_) all.push_back(ns(name));
          return all;
        },
        [&](const ObjectId& id) {
          return there_.contains(id.name.name)
                     ? std::make_shared<const std::string>(source::feed::pack(model::Namespace{
                           id.name, {{model::kNamespaceNameLabel, id.name.name}, {"is", is_}}}))
                     : nullptr;
        },
        {1 << 20, items});
    auto read = source::feed::read_batch(batch);
    const auto breach = agent_.accept(std::move(std::get<source::feed::FedBatch>(read)));
    EXPECT_FALSE(breach) << breach->what;
    for (const auto& change : agent_.drain_news().changes) held_.apply(change);
    return batch;
  }
  // As the agent has it: each namespace's name and what it is.
  std::string held() const {
    std::string text;
    for (const auto& [name, value] : held_.namespaces) text += name.name + value.labels.at("is") + " ";
    return text;
  }
  void SetUp() override { agent_.begin("s", 0); }

  std::set<std::string> there_{"a", "b", "c"};
  std::string is_ = "1";
  Outbox outbox_{3};
  source::feed::FeedSession agent_{100};
  model::Cluster held_;
};

TEST_F(OutboxTest, BeginsWithASnapshot) {
  EXPECT_TRUE(outbox_.has_batch() && outbox_.snapshot_next());
  EXPECT_TRUE(next(2).begins_snapshot());
  EXPECT_TRUE(outbox_.in_snapshot());
  EXPECT_EQ(held(), "");
  const v1::Batch last = next(2);
  EXPECT_TRUE(last.ends_snapshot() && !last.begins_snapshot());
  EXPECT_EQ(held(), "a1 b1 c1 ");
  EXPECT_FALSE(outbox_.has_batch());
}

TEST_F(OutboxTest, AnEmptyViewIsASnapshotToo) {
  there_.clear();
  const v1::Batch only = next();
  EXPECT_TRUE(only.begins_snapshot() && only.ends_snapshot());
  EXPECT_TRUE(agent_.caught_up());
}

TEST_F(OutboxTest, WhatIsCutOutIsOfOneMoment) {
  next();
  for (const char* name : {"a", "b", "c"}) outbox_.note(ns(name), 1);
  is_ = "2";
  EXPECT_TRUE(next(1).continues());
  is_ = "3";
  outbox_.note(ns("c"), 1);  // after the cut
  EXPECT_TRUE(next(1).continues());
  EXPECT_EQ(held(), "a1 b1 c1 ") << "nothing of it counts before its end";
  EXPECT_FALSE(next(1).continues());
  EXPECT_EQ(held(), "a2 b2 c2 ");
  EXPECT_FALSE(next(1).continues());
  EXPECT_EQ(held(), "a2 b2 c3 ");
}

TEST_F(OutboxTest, AnObjectThatChangesAgainIsSentOnceWithWhenItChangedFirst) {
  next();
  outbox_.note(ns("a"), 7);
  outbox_.note(ns("a"), 9);
  const v1::Batch batch = next();
  ASSERT_EQ(batch.events_size(), 1);
  EXPECT_EQ(batch.events(0).observed(), 7);
  EXPECT_FALSE(outbox_.has_batch());
}

TEST_F(OutboxTest, WhatIsNotThereIsRemoved) {
  next();
  there_.erase("b");
  outbox_.note(ns("b"), 0);
  next();
  EXPECT_EQ(held(), "a1 c1 ");
}

TEST_F(OutboxTest, TooMuchAtOnceIsForgottenAndASnapshotComes) {
  next();
  there_ = {"a", "d"};
  for (const char* name : {"a", "b", "c", "d"}) {
    outbox_.note(ns(name), 0);
    EXPECT_LE(outbox_.waiting(), 3u);
  }
  EXPECT_TRUE(outbox_.snapshot_next());
  outbox_.note(ns("e"), 0);
  EXPECT_EQ(outbox_.waiting(), 0u);
  EXPECT_TRUE(next().begins_snapshot());
  EXPECT_EQ(held(), "a1 d1 ");
  EXPECT_EQ(outbox_.snapshots(), 2u);
}

TEST_F(OutboxTest, ASnapshotThatIsDueWaitsForTheEndOfWhatIsUnderWay) {
  next();
  for (const char* name : {"a", "b"}) outbox_.note(ns(name), 0);
  EXPECT_TRUE(next(1).continues());
  for (const char* name : {"a", "b", "c", "d"}) outbox_.note(ns(name), 0);
  EXPECT_FALSE(outbox_.snapshot_next());
  EXPECT_FALSE(next(1).begins_snapshot());
  EXPECT_TRUE(outbox_.snapshot_next());
  EXPECT_TRUE(next().begins_snapshot());
}

}  // namespace
}  // namespace sluice::relay
