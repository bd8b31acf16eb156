// Which records a reader wants.
#include "agent/observe/filter.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

const model::Labels kApiLabels = {{"app", "api"}, {"tier", "back"}};

const model::Labels* labels_of(const model::ObjectName& pod) {
  return pod.name == "api-1" ? &kApiLabels : nullptr;
}

bool wants(const Filter& filter, const FlowRecord& record = denied_record()) {
  return filter.matches(record, labels_of);
}

TEST(Filter, NothingAskedIsEverything) {
  EXPECT_TRUE(wants({}));
  EXPECT_TRUE(wants({}, allowed_record()));
}

TEST(Filter, OneFieldAtATime) {
  const Party web = *Party::parse("shop/web-1"), api = *Party::parse("shop/api-1");
  EXPECT_TRUE(wants({.namespaces = {"other", "shop"}}));
  EXPECT_FALSE(wants({.namespaces = {"other"}}));
  EXPECT_TRUE(wants({.either = {web}}));
  EXPECT_TRUE(wants({.either = {api}}));
  EXPECT_FALSE(wants({.from = {api}}));
  EXPECT_TRUE(wants({.from = {web}, .to = {api}}));
  EXPECT_FALSE(wants({.from = {api}, .to = {web}}));
  EXPECT_TRUE(wants({.ports = {net::Port::from_host(8080)}}));
  EXPECT_FALSE(wants({.ports = {net::Port::from_host(40122)}})) << "the source's";
  EXPECT_TRUE(wants({.protocols = {net::kUdp, net::kTcp}}));
  EXPECT_FALSE(wants({.protocols = {net::kUdp}}));
  EXPECT_FALSE(wants({.directions = {model::Direction::kEgress}}));
  EXPECT_TRUE(wants({.verdicts = {Verdict::kDenied, Verdict::kAudit}}));
  EXPECT_FALSE(wants({.verdicts = {Verdict::kAllowed}}));
  EXPECT_FALSE(wants({.since = denied_record().time + 1}));
}

TEST(Filter, APolicyIsTheRulesOrOneThatIsolates) {
  EXPECT_TRUE(wants({.policies = {"shop/default-deny"}}));
  EXPECT_FALSE(wants({.policies = {"shop/default"}}));
  EXPECT_TRUE(wants({.policies = {"shop/web"}}, allowed_record()));
  EXPECT_FALSE(wants({.policies = {"shop/we"}}, allowed_record()));
}

TEST(Filter, IcmpIsThatOfEitherFamily) {
  FlowRecord ping = denied_record();
  ping.protocol = net::kIcmpv6;
  EXPECT_TRUE(wants({.protocols = {net::kIcmp}}, ping));
}

TEST(Filter, LabelsAllOfOneEnd) {
  for (const auto& [text, matches] : {std::pair("app=api", true),
                                      {"app==api", true},
                                      {"app=web", false},
                                      {"app=api,tier=back", true},
                                      {"app=api,tier=front", false},
                                      {"app", true},
                                      {"!app", false},
                                      {"app!=web", true},
                                      {"app!=api", false}}) {
    const auto labels = parse_labels(text);
    ASSERT_TRUE(labels) << text;
    EXPECT_EQ(wants({.labels = *labels}), matches) << text;
  }
  EXPECT_FALSE(wants({.labels = *parse_labels("app!=web")}, allowed_record())) << "no pod that is known";
  for (const char* text : {"", "=x", "a,", "!"}) EXPECT_FALSE(parse_labels(text)) << text;
}

}  // namespace
}  // namespace sluice::observe
