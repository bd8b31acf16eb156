#include "agent/rehearse/other_times.h"

#include <gmock/gmock.h>

#include "tests/oracle/build.h"

namespace sluice::rehearse {
namespace {

using namespace oracle::build;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

PolicyBuilder with_hours(const char* name, const char* hours, uint16_t port = 80) {
  PolicyBuilder made = policy(name).ingress(rule().from(pods({})).tcp(port));
  made.active = hours;
  return made;
}

using Outside = std::vector<model::Object>;

TEST(OtherTimes, WhatIsOutsideItsHoursAndNotTheSame) {
  const model::Cluster none;
  const Outside days = {with_hours("shop/days", "Mon-Fri")};
  const Outside changed = {with_hours("shop/days", "Mon-Fri", 81)};
  EXPECT_THAT(changed_at_other_times({none, days}, {none, days}), IsEmpty());
  EXPECT_THAT(changed_at_other_times({none, days}, {none, changed}), ElementsAre("NetworkPolicy shop/days"));
  EXPECT_THAT(changed_at_other_times({none, days}, {none, {}}), ElementsAre("NetworkPolicy shop/days"));
  EXPECT_THAT(changed_at_other_times({none, {}}, {none, days}), ElementsAre("NetworkPolicy shop/days"));
}

TEST(OtherTimes, OtherHoursCountWheneverTheyAre) {
  const auto now = cluster(with_hours("shop/days", "Mon-Fri"));
  const auto longer = cluster(with_hours("shop/days", "Mon-Sat"));
  const auto always = cluster(with_hours("shop/days", ""));
  EXPECT_THAT(changed_at_other_times({now, {}}, {longer, {}}), ElementsAre("NetworkPolicy shop/days"));
  EXPECT_THAT(changed_at_other_times({now, {}}, {always, {}}), ElementsAre("NetworkPolicy shop/days"));
  EXPECT_THAT(changed_at_other_times({{}, Outside{with_hours("shop/days", "Sat")}}, {now, {}}),
              ElementsAre("NetworkPolicy shop/days"));
}

// The difference of now tells these.
TEST(OtherTimes, WithinItsHoursInBothIsOfNow) {
  const auto now = cluster(with_hours("shop/days", "Mon-Fri"));
  EXPECT_THAT(changed_at_other_times({now, {}}, {cluster(with_hours("shop/days", "Mon-Fri", 81)), {}}),
              IsEmpty());
  EXPECT_THAT(changed_at_other_times({now, {}}, {{}, {}}), IsEmpty());
  EXPECT_THAT(changed_at_other_times({cluster(policy("shop/a")), {}}, {cluster(policy("shop/b")), {}}),
              IsEmpty());
}

TEST(OtherTimes, ClusterNetworkPoliciesToo) {
  auto tier = admin("nights", 1);
  tier.active = "22:00-06:00";
  EXPECT_THAT(changed_at_other_times({{}, {}}, {{}, Outside{tier}}),
              ElementsAre("ClusterNetworkPolicy nights"));
}

}  // namespace
}  // namespace sluice::rehearse
