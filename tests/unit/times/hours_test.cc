#include "agent/times/hours.h"

#include <gtest/gtest.h>

#include "agent/times/parse.h"

namespace sluice::times {
namespace {

model::NetworkPolicy policy(const char* name, const char* active) {
  model::NetworkPolicy policy;
  policy.name = {"shop", name};
  policy.active = active;
  return policy;
}

TEST(Hours, WhatIsOutsideItsHoursIsTakenOut) {
  model::Cluster cluster;
  model::ClusterNetworkPolicy tier;
  tier.name = {"", "nights"};
  tier.active = "22:00-06:00";
  for (const model::Object& object :
       {model::Object(policy("always", "")), model::Object(policy("days", "08:00-18:00")),
        model::Object(policy("odd", "now and then")), model::Object(tier)})
    cluster.apply(model::Change::upsert(object));
  model::Cluster night = cluster;
  const Outside by_day = at(cluster, parse_instant("2026-11-30T12:00Z").value());
  EXPECT_EQ(by_day.with_hours, 2U);
  EXPECT_EQ(by_day.ids, std::vector{model::id_of(tier)});
  ASSERT_EQ(by_day.unread.size(), 1U);
  EXPECT_EQ(by_day.unread.begin()->first.to_text(), "NetworkPolicy shop/odd");
  EXPECT_TRUE(cluster.cluster_policies.empty());
  EXPECT_EQ(cluster.policies.size(), 3U);
  const Outside by_night = at(night, parse_instant("2026-11-30T23:00Z").value());
  EXPECT_EQ(by_night.ids, std::vector{model::id_of(policy("days", ""))});
  EXPECT_EQ(night.cluster_policies.size(), 1U);
  EXPECT_EQ(night.policies.size(), 2U);
}

TEST(Hours, OnlyPoliciesHaveSome) {
  EXPECT_EQ(hours_of(model::Pod{}), nullptr);
  EXPECT_EQ(hours_of(policy("x", "")), nullptr);
  const model::Object with = policy("x", "Mon");
  EXPECT_EQ(*hours_of(with), "Mon");
}

}  // namespace
}  // namespace sluice::times
