// The laws of the feed (proto/sluice/v1/feed.proto), a sequence a test.
#include "agent/source/feed/session.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "agent/source/feed/encode.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::source::feed {
namespace {

using ::testing::HasSubstr;

constexpr size_t kMost = 4;

model::Object ns(const std::string& name) {
  return model::Namespace{{"", name}, {{model::kNamespaceNameLabel, name}}};
}
v1::Event upsert(const std::string& name, int64_t observed = 0) {
  return encode(model::Change::upsert(ns(name)), observed);
}
v1::Event removal(const std::string& name, int64_t observed = 0) {
  return encode(model::Change::remove({model::Kind::kNamespace, {"", name}}), observed);
}
// Refused, whatever its name: a label that makes no sense.
v1::Event wrong(const std::string& name) {
  v1::Event event = upsert(name);
  (*event.mutable_upsert()->mutable_namespace_()->mutable_labels())["-"] = "";
  return event;
}

enum Marks { kNone = 0, kBegins = 1, kEnds = 2, kWhole = 3, kContinues = 4 };

class FeedSessionTest : public ::testing::Test {
 protected:
  std::string send(uint64_t sequence, int marks, const std::vector<v1::Event>& events) {
    v1::Batch batch;
    batch.set_sequence(sequence);
    batch.set_begins_snapshot((marks & kBegins) != 0);
    batch.set_ends_snapshot((marks & kEnds) != 0);
    batch.set_continues((marks & kContinues) != 0);
    for (const auto& event : events) *batch.add_events() = event;
    auto read = read_batch(batch);
    if (auto* breach = std::get_if<FeedBreach>(&read)) return kept(*breach);
    if (auto breach = session_.accept(std::move(std::get<FedBatch>(read)))) return kept(*breach);
    return "";
  }
  std::string kept(const FeedBreach& breach) {
    kind_ = breach.kind;
    return breach.what;
  }
  // The names of the namespaces that are there after what has been handed out.
  std::string state() {
    for (const auto& change : session_.drain_news().changes) cluster_.apply(change);
    std::string names;
    for (const auto& [name, value] : cluster_.namespaces) names += name.name;
    return names;
  }

  FeedSession session_{kMost};
  model::Cluster cluster_;
  FeedBreach::Kind kind_ = FeedBreach::Kind::kInvalid;
};

TEST_F(FeedSessionTest, NothingOfASnapshotCountsBeforeItsEnd) {
  EXPECT_FALSE(session_.begin("s", 0));
  EXPECT_EQ(send(1, kBegins, {upsert("a")}), "");
  EXPECT_EQ(send(2, kNone, {upsert("b")}), "");
  EXPECT_EQ(state(), "");
  EXPECT_FALSE(session_.synced());
  EXPECT_EQ(session_.taken(), 2u);
  EXPECT_EQ(session_.drain_news().sequence, 0u);
  EXPECT_EQ(send(3, kEnds, {upsert("c")}), "");
  EXPECT_EQ(session_.drain_news().sequence, 3u);
  EXPECT_TRUE(session_.synced());
}

TEST_F(FeedSessionTest, NothingOfAChangeOfSeveralBatchesCountsBeforeItsEnd) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a")}), "");
  EXPECT_EQ(send(2, kContinues, {upsert("b")}), "");
  EXPECT_EQ(send(3, kContinues, {removal("a")}), "");
  EXPECT_EQ(state(), "a");
  EXPECT_FALSE(session_.caught_up());
  EXPECT_EQ(session_.drain_news().sequence, 1u);
  EXPECT_EQ(send(4, kNone, {upsert("c")}), "");
  EXPECT_EQ(state(), "bc");
  EXPECT_TRUE(session_.caught_up());
  EXPECT_EQ(session_.drain_news().sequence, 4u);
}

TEST_F(FeedSessionTest, AChangeThatDoesNotEndIsForgottenAndBounded) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a")}), "");
  EXPECT_EQ(send(2, kContinues, {upsert("b"), upsert("a"), upsert("a")}), "");
  EXPECT_THAT(send(3, kWhole, {upsert("a")}), HasSubstr("begins a snapshot within a change"));
  EXPECT_THAT(send(3, kContinues, {}), HasSubstr("continues and says nothing"));
  EXPECT_THAT(send(3, kNone, {upsert("a"), upsert("a")}), HasSubstr("more than 4 objects"));
  EXPECT_FALSE(session_.begin("s", 2)) << "half of a change is nothing to go on from";
  EXPECT_EQ(state(), "a");
  EXPECT_THAT(send(1, kBegins | kContinues, {upsert("a")}), HasSubstr("continues in a snapshot"));
}

TEST_F(FeedSessionTest, ASnapshotRemovesWhatItDoesNotName) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a"), upsert("b")}), "");
  EXPECT_EQ(state(), "ab");
  EXPECT_EQ(send(2, kBegins, {upsert("b")}), "");
  EXPECT_EQ(state(), "ab");
  EXPECT_EQ(send(3, kEnds, {upsert("c")}), "");
  EXPECT_EQ(state(), "bc");
}

TEST_F(FeedSessionTest, AnEmptySnapshotIsASnapshot) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {}), "");
  EXPECT_TRUE(session_.synced());
  EXPECT_EQ(send(2, kNone, {upsert("a")}), "");
  EXPECT_EQ(send(3, kNone, {removal("a"), removal("never")}), "");
  EXPECT_EQ(state(), "");
}

TEST_F(FeedSessionTest, ResumesAfterExactlyTheLastBatchTaken) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a")}), "");
  EXPECT_EQ(send(2, kNone, {upsert("b")}), "");
  EXPECT_TRUE(session_.begin("s", 2));
  EXPECT_EQ(send(3, kNone, {removal("a")}), "");
  EXPECT_EQ(state(), "b");
}

struct NoResume {
  const char* name;
  const char* session;
  uint64_t after;
};
class FeedNotResumed : public FeedSessionTest, public ::testing::WithParamInterface<NoResume> {};
TEST_P(FeedNotResumed, ASnapshotIsDueAndTheStateStays) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a")}), "");
  EXPECT_EQ(send(2, kNone, {upsert("b")}), "");
  EXPECT_FALSE(session_.begin(GetParam().session, GetParam().after));
  EXPECT_FALSE(session_.caught_up());
  EXPECT_THAT(send(1, kNone, {upsert("c")}), HasSubstr("must begin a snapshot"));
  EXPECT_EQ(state(), "ab");
  EXPECT_EQ(send(1, kWhole, {upsert("b")}), "");
  EXPECT_EQ(state(), "b");
}
INSTANTIATE_TEST_SUITE_P(Rows, FeedNotResumed,
                         ::testing::Values(NoResume{"another session", "t", 2},
                                           NoResume{"an older batch", "s", 1},
                                           NoResume{"a batch never sent", "s", 3},
                                           NoResume{"afresh", "s", 0}),
                         [](const auto& row) {
                           std::string name = row.param.name;
                           std::replace(name.begin(), name.end(), ' ', '_');
                           return name;
                         });

TEST_F(FeedSessionTest, ASnapshotThatBreaksOffIsForgotten) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a")}), "");
  EXPECT_EQ(send(2, kBegins, {upsert("b")}), "");
  EXPECT_FALSE(session_.begin("s", 2));
  EXPECT_EQ(state(), "a");
  EXPECT_EQ(send(1, kWhole, {upsert("a"), upsert("c")}), "");
  EXPECT_EQ(state(), "ac");
}

TEST_F(FeedSessionTest, ARefusedObjectStaysAsItWasUntilItIsMendedOrGone) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a"), wrong("b")}), "");
  EXPECT_EQ(state(), "a");
  ASSERT_EQ(session_.refused().size(), 1u);
  EXPECT_THAT(session_.refused().begin()->second, HasSubstr("Namespace b: labels: \"-\" is not a label key"));
  EXPECT_EQ(send(2, kNone, {wrong("a")}), "");
  EXPECT_EQ(state(), "a");
  EXPECT_EQ(session_.refused().size(), 2u);
  EXPECT_EQ(send(3, kNone, {upsert("b"), removal("a")}), "");
  EXPECT_EQ(state(), "b");
  EXPECT_TRUE(session_.refused().empty());
}

// A feeder of a later version may say of a policy what this agent cannot read: nobody is left open for it.
TEST_F(FeedSessionTest, ARefusedPolicyIsClosedWhereNoneWasHeld) {
  model::NetworkPolicy sound;
  sound.name = {"prod", "p"};
  sound.pod_selector = {{{"app", model::Operator::kExists, {}}}};
  sound.egress.emplace_back();
  const v1::Event good = encode(model::Change::upsert(sound), 0);
  v1::Event odd = good;
  odd.mutable_upsert()->mutable_network_policy()->mutable_pod_selector()->mutable_requirements(0)->set_key(
      "-");
  model::NetworkPolicy closed;
  closed.name = sound.name;
  closed.isolates_egress = true;
  const auto held = [&] {
    state();
    return cluster_.policies.contains(sound.name) ? std::optional(cluster_.policies.at(sound.name))
                                                  : std::nullopt;
  };
  for (const bool in_snapshot : {true, false}) {
    session_.begin(in_snapshot ? "s" : "t", 0);
    EXPECT_EQ(in_snapshot ? send(1, kWhole, {odd}) : send(1, kWhole, {}), "");
    if (!in_snapshot) {
      EXPECT_EQ(held(), std::nullopt);
      EXPECT_EQ(send(2, kNone, {odd}), "");
    }
    EXPECT_EQ(held(), closed);
    ASSERT_EQ(session_.refused().size(), 1u);
    EXPECT_THAT(session_.refused().begin()->second,
                HasSubstr("meanwhile it isolates every pod of namespace prod"));
    EXPECT_EQ(send(in_snapshot ? 2 : 3, kNone, {good}), "");
    EXPECT_EQ(held(), sound);
    EXPECT_EQ(send(in_snapshot ? 3 : 4, kNone, {odd}), "");
    EXPECT_EQ(held(), sound) << "the last good one, where it is known";
  }
  session_.begin("u", 0);
  EXPECT_EQ(send(1, kWhole, {}), "");
  EXPECT_EQ(held(), std::nullopt);
}

TEST_F(FeedSessionTest, ASnapshotKeepsWhatItRefuses) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a"), upsert("b")}), "");
  EXPECT_EQ(send(2, kWhole, {wrong("a")}), "");
  EXPECT_EQ(state(), "a");
  EXPECT_EQ(session_.refused().size(), 1u);
  EXPECT_EQ(send(3, kWhole, {}), "");
  EXPECT_EQ(state(), "");
  EXPECT_TRUE(session_.refused().empty());
}

struct Breach {
  const char* name;
  uint64_t sequence;
  int marks;
  std::vector<v1::Event> events;
  const char* what;
  FeedBreach::Kind kind = FeedBreach::Kind::kInvalid;
};
class FeedBreaks : public FeedSessionTest, public ::testing::WithParamInterface<Breach> {};
// After a snapshot of a and b, and c removed in batch 2.
TEST_P(FeedBreaks, ChangesNothing) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a"), upsert("b"), upsert("c")}), "");
  EXPECT_EQ(send(2, kNone, {removal("c")}), "");
  const auto& row = GetParam();
  EXPECT_THAT(send(row.sequence, row.marks, row.events), HasSubstr(row.what));
  EXPECT_EQ(kind_, row.kind);
  EXPECT_EQ(state(), "ab");
  EXPECT_EQ(session_.taken(), 2u);
  EXPECT_EQ(send(3, kNone, {upsert("d")}), "") << "the state is as if it had not come";
}
INSTANTIATE_TEST_SUITE_P(
    Rows, FeedBreaks,
    ::testing::Values(
        Breach{"again", 2, kNone, {upsert("x")}, "batch 2: is out of order: 3 is next"},
        Breach{"gap", 4, kNone, {upsert("x")}, "batch 4: is out of order: 3 is next"},
        Breach{"zero", 0, kNone, {upsert("x")}, "out of order"},
        Breach{"end_without_begin", 3, kEnds, {upsert("x")}, "ends a snapshot that nothing began"},
        Breach{"removal_in_a_snapshot",
               3,
               kWhole,
               {upsert("a"), removal("b")},
               "removes Namespace b in a snapshot"},
        Breach{"no_object", 3, kNone, {upsert("x"), v1::Event()}, "event 1: object of no kind"},
        Breach{"unknown_kind",
               3,
               kNone,
               {[] {
                 v1::Event event;
                 event.mutable_removed()->set_kind(static_cast<v1::Kind>(77));
                 return event;
               }()},
               "event 0: object of no kind"},
        Breach{"endless_name", 3, kNone, {upsert(std::string(2000, 'x'))}, "the name is longer"},
        Breach{"too_many",
               3,
               kNone,
               {upsert("v"), upsert("w"), upsert("x")},
               "more than 4 objects",
               FeedBreach::Kind::kTooMuch},
        Breach{"too_many_refused",
               3,
               kNone,
               {wrong("v"), wrong("w"), wrong("x")},
               "more than 4 objects",
               FeedBreach::Kind::kTooMuch},
        Breach{"too_many_in_a_snapshot",
               3,
               kWhole,
               {upsert("v"), upsert("w"), upsert("x"), upsert("y"), upsert("z")},
               "more than 4 objects",
               FeedBreach::Kind::kTooMuch}),
    [](const auto& row) { return row.param.name; });

TEST_F(FeedSessionTest, WhatTakesAwayIsNeverTooMuch) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a"), upsert("b"), upsert("c")}), "");
  EXPECT_EQ(send(2, kNone, {wrong("a"), wrong("b"), wrong("c")}), "")
      << "held and refused: each counts twice";
  EXPECT_THAT(send(3, kNone, {upsert("d")}), HasSubstr("more than 4 objects"));
  EXPECT_EQ(send(3, kNone, {removal("a"), removal("b")}), "");
  EXPECT_EQ(send(4, kNone, {upsert("d")}), "");
}

TEST_F(FeedSessionTest, ASnapshotThatGrowsTooLargeIsForgotten) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kBegins, {upsert("a"), upsert("b")}), "");
  EXPECT_THAT(send(2, kNone, {upsert("c"), upsert("d"), upsert("e")}), HasSubstr("more than 4 objects"));
  EXPECT_EQ(send(2, kNone, {upsert("b"), upsert("c"), upsert("d")}), "") << "b is counted once";
  EXPECT_THAT(send(3, kBegins, {}), HasSubstr("begins a snapshot while one is under way"));
}

TEST_F(FeedSessionTest, OnlyChangesAfterASnapshotAreTimed) {
  session_.begin("s", 0);
  EXPECT_EQ(send(1, kWhole, {upsert("a", 11)}), "");
  EXPECT_EQ(send(2, kNone, {upsert("b", 12), removal("a", 13), upsert("c")}), "");
  EXPECT_THAT(session_.drain_news().observed, ::testing::ElementsAre(12, 13));
  EXPECT_TRUE(session_.drain_news().observed.empty());
}

// Plays the feeder: a world that changes, its batches, and the cluster that what is handed out adds up to.
class RandomFeed {
 public:
  explicit RandomFeed(uint64_t seed) : seed_(seed), world_(oracle::random_cluster(seed, 6)) {}

  void begin_anew() {
    sequence_ = 0;
    name_ = "s" + std::to_string(++sessions_);
    EXPECT_FALSE(session_.begin(name_, 0));
  }
  void resume() { EXPECT_TRUE(session_.begin(name_, sequence_)); }
  void snapshot(bool ends) {
    FedBatch batch{++sequence_, true, ends, {}};
    for (auto& object : world_.objects())
      batch.events.push_back({model::id_of(object), std::move(object), 0});
    EXPECT_EQ(session_.accept(std::move(batch)), std::nullopt);
  }
  // The world changes, and the feed is told or it is not.
  void change(uint64_t step, bool told) {
    v1::Batch batch;
    for (const auto& change : oracle::random_change(world_, seed_ * 100 + step)) {
      world_.apply(change);
      *batch.add_events() = encode(change, 0);
    }
    if (!told) return;
    batch.set_sequence(++sequence_);
    EXPECT_EQ(session_.accept(std::get<FedBatch>(read_batch(batch))), std::nullopt);
  }
  void take() {
    for (const auto& change : session_.drain_news().changes) held_.apply(change);
  }
  bool agree() const { return held_ == world_; }

 private:
  const uint64_t seed_;
  model::Cluster world_, held_;
  FeedSession session_{100'000};
  uint64_t sequence_ = 0, sessions_ = 0;
  std::string name_;
};

// Whatever changes come, with resumptions, lost batches and broken snapshots between.
TEST(FeedSessionRandom, WhatIsHandedOutIsTheCluster) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    RandomFeed feed(seed);
    feed.begin_anew();
    feed.snapshot(true);
    for (uint64_t step = 1; step <= 30; ++step) {
      const bool lost = step % 7 == 3;
      feed.change(step, !lost);
      if (lost) {
        feed.begin_anew();
        if (step % 2 == 0) {
          feed.snapshot(false);
          feed.begin_anew();
        }
        feed.snapshot(true);
      }
      if (step % 5 == 0) feed.resume();
      if (step % 3 == 0) feed.take();
    }
    feed.take();
    ASSERT_TRUE(feed.agree()) << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::source::feed
