// The busiest pairs as people and scripts read them.
#include "agent/apps/ctl/top.h"

#include <gmock/gmock.h>

namespace sluice::apps::ctl {
namespace {

using ::testing::HasSubstr;

observe::FlowRecord record_of(int64_t time) {
  observe::FlowRecord record;
  record.time = time;
  record.reason = "no_rule";
  record.family = net::Family::kIpv4;
  record.protocol = net::kTcp;
  record.source.ns = "shop";
  record.source.pod = "web\x1b[2J";
  record.destination.ip = *net::Ip::parse("10.0.0.9");
  record.destination.port = net::Port::from_host(443);
  record.isolated_by = {"shop/default-deny"};
  record.count = 12;
  record.id = "1f-7";
  return record;
}

TEST(Top, ATable) {
  observe::Pairs pairs;
  EXPECT_THAT(top_text(pairs, 5, 0, false), HasSubstr("Nothing was denied of late"));
  pairs.add(record_of(1'000'000'000));
  const std::string text = top_text(pairs, 5, 31'000'000'000, false);
  EXPECT_THAT(text, HasSubstr("VERDICT  COUNT"));
  EXPECT_THAT(text, HasSubstr("denied   12"));
  EXPECT_THAT(text, HasSubstr("shop/web\\x1b[2J"));
  EXPECT_THAT(text, HasSubstr("TCP/443"));
  EXPECT_THAT(text, HasSubstr("shop/default-deny"));
  EXPECT_THAT(text, HasSubstr("30 s ago"));
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Top, WhatIsNotInItIsSaid) {
  observe::Pairs pairs;
  auto record = record_of(0);
  record.lost = 9;
  pairs.add(record);
  EXPECT_THAT(top_text(pairs, 5, 0, false), HasSubstr("9 lost: not in this table\n"));
}

TEST(Top, Json) {
  observe::Pairs pairs;
  auto record = record_of(1'795'939'200'000'000'000);
  record.source.pod = "web-1";
  pairs.add(record);
  EXPECT_EQ(
      top_json(pairs, 5),
      R"({"pairs":[{"verdict":"denied","count":12,"source":"shop/web-1","destination":"10.0.0.9",)"
      R"("protocol":"TCP","port":443,"direction":"ingress","reason":"no_rule","policy":"shop/default-deny",)"
      R"("last":"2026-11-29T08:00:00.000Z","id":"1f-7"}],"others":0,"lost":0})"
      "\n");
}

}  // namespace
}  // namespace sluice::apps::ctl
