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

}  // namespace
}  // namespace sluice::source::feed
