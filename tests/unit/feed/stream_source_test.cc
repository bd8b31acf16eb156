// What the feed holds while nothing of it comes into force.
#include "agent/source/feed/stream_source.h"

#include <gtest/gtest.h>

#include "agent/source/feed/limits.h"

namespace sluice::source::feed {
namespace {

class DeafLine final : public StreamPeer {
 public:
  void welcome(v1::Welcome) override {}
  void tell(v1::Progress) override {}
  void finish(FeedEnd, const std::string&) override {}
};

FedEvent event(int64_t observed) {
  const model::Namespace prod{{"", "prod"}, {}};
  return {{model::Kind::kNamespace, prod.name}, model::Object(prod), observed};
}

TEST(StreamSource, TimesOfWhatIsNotInForceAreBounded) {
  size_t measured = 0;
  const auto now = std::chrono::system_clock::time_point(std::chrono::hours(1));
  auto feeder =
      StreamSource::open({"node-1", [now] { return now; }, [&measured](auto) { ++measured; }}).value();
  const auto line = std::make_shared<DeafLine>();
  v1::Hello hello;
  hello.set_session("one");
  ASSERT_TRUE(feeder->begin(line, hello).ok());
  FedBatch snapshot{1, true, true, {}};
  ASSERT_FALSE(feeder->accept_batch(*line, std::move(snapshot)));
  constexpr size_t kAtOnce = kFeedMostTimed / 2;
  for (uint64_t sequence = 2; sequence < 6; ++sequence) {
    ASSERT_FALSE(feeder->accept_batch(*line, {sequence, false, false, {kAtOnce, event(1)}}));
    ASSERT_TRUE(feeder->drain());
  }
  feeder->note_in_force(now);
  EXPECT_EQ(measured, kFeedMostTimed);
  ASSERT_FALSE(feeder->accept_batch(*line, {6, false, false, {event(1)}}));
  ASSERT_TRUE(feeder->drain());
  feeder->note_in_force(now);
  EXPECT_EQ(measured, kFeedMostTimed + 1) << "and measured again from then on";
}

TEST(StreamSource, SaysHowOldWhatCountsMayBe) {
  auto now = std::chrono::system_clock::time_point(std::chrono::hours(1));
  const auto after = [&](int seconds) { now += std::chrono::seconds(seconds); };
  auto feeder = StreamSource::open({"node-1", [&now] { return now; }, [](auto) {}}).value();
  const auto line = std::make_shared<DeafLine>(), second = std::make_shared<DeafLine>();
  v1::Hello hello;
  hello.set_session("one");
  after(5);
  EXPECT_EQ(feeder->reading().stale_seconds, 5) << "since the start, where nobody has come";
  ASSERT_TRUE(feeder->begin(line, hello).ok());
  after(5);
  EXPECT_EQ(feeder->reading().stale_seconds, 10) << "while its snapshot is due";
  ASSERT_FALSE(feeder->accept_batch(*line, {1, true, true, {}}));
  after(100);
  EXPECT_EQ(feeder->reading().stale_seconds, 0) << "however long nothing changes";
  hello.set_session("two");
  ASSERT_TRUE(feeder->begin(second, hello).ok());
  after(3);
  EXPECT_EQ(feeder->reading().stale_seconds, 3) << "another feeder's snapshot is due";
  ASSERT_FALSE(feeder->accept_batch(*second, {1, true, true, {}}));
  feeder->end(*line, "is not who feeds");
  EXPECT_EQ(feeder->reading().stale_seconds, 0);
  after(50);
  feeder->end(*second, "gone");
  after(7);
  EXPECT_EQ(feeder->reading().stale_seconds, 7);
  now -= std::chrono::minutes(10);
  EXPECT_EQ(feeder->reading().stale_seconds, 0) << "a clock that was set back";
}

}  // namespace
}  // namespace sluice::source::feed
