#include "agent/stream/policy_asks.h"

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using model::LogLevel;
using observe::FlowRecord;
using observe::Verdict;
using stream::PolicyAsks;

class PolicyAsksTest : public ReconcilerTest {
 protected:
  PolicyAsksTest() : node_(make_node()), asks_(node_->view()) {
    give_first(*node_);
    node_->apply();
  }
  // prod/web, with what `set` makes of it, selects web.
  template <typename Set>
  void give(const Set& set, const char* name = "prod/web") {
    model::NetworkPolicy made = policy(name).selects({{"app", "web"}}).ingress(rule().tcp(80));
    set(made);
    node_->set_objects(objects(made));
    node_->apply();
  }
  static FlowRecord denied(std::vector<std::string> by, uint64_t count = 1) {
    FlowRecord record;
    record.isolated_by = std::move(by);
    record.count = count;
    return record;
  }
  static FlowRecord allowed(const std::string& rule) {
    FlowRecord record;
    record.verdict = Verdict::kAllowed;
    record.rule = rule;
    return record;
  }

  std::unique_ptr<Reconciler> node_;
  PolicyAsks asks_;
};

TEST_F(PolicyAsksTest, TheMostTalkativePolicyIsHeard) {
  const FlowRecord one = denied({"prod/web"}), two = denied({"prod/other", "prod/web"});
  EXPECT_TRUE(asks_.wants_line(one, true));
  EXPECT_FALSE(asks_.wants_line(one, false));
  EXPECT_FALSE(asks_.wants_line(allowed("prod/web:ingress[0]"), true));
  give([](auto& made) { made.log_level = LogLevel::kNone; });
  EXPECT_FALSE(asks_.wants_line(one, true));
  EXPECT_FALSE(asks_.wants_line(two, true)) << "the other says nothing";
  give([](auto& made) { made.log_level = LogLevel::kDenied; }, "prod/other");
  EXPECT_TRUE(asks_.wants_line(two, false));
  EXPECT_FALSE(asks_.wants_line(one, true));
  give([](auto& made) { made.log_level = LogLevel::kAll; });
  EXPECT_TRUE(asks_.wants_line(one, false));
  EXPECT_TRUE(asks_.wants_line(allowed("prod/web:ingress[0]"), false));
  EXPECT_FALSE(asks_.wants_line(allowed("prod/other:ingress[0]"), true));
  EXPECT_FALSE(asks_.wants_line(allowed(""), true)) << "no rule: the pod is not isolated";
  EXPECT_FALSE(asks_.wants_line(denied({"gone/gone"}), false));
}

TEST_F(PolicyAsksTest, WhatIsAllowedIsAskedForWhereItIsLoggedOrCounted) {
  const auto web = [this] { return node_->view().compiler().cluster().pods.at({"prod", "web"}); };
  const auto db = [this] { return node_->view().compiler().cluster().pods.at({"prod", "db"}); };
  EXPECT_FALSE(asks_.asks_for_allowed(web()));
  give([](auto& made) { made.log_level = LogLevel::kDenied; });
  EXPECT_FALSE(asks_.asks_for_allowed(web()));
  give([](auto& made) { made.log_level = LogLevel::kAll; });
  EXPECT_TRUE(asks_.asks_for_allowed(web()));
  EXPECT_FALSE(asks_.asks_for_allowed(db())) << "it is not selected";
  give([](auto& made) { made.metrics = true; });
  EXPECT_TRUE(asks_.asks_for_allowed(web()));
}

TEST_F(PolicyAsksTest, AChangeConcernsPodsWhereThePolicyAsksOrAsked) {
  const auto change = [](bool metrics) {
    model::NetworkPolicy made = policy("prod/web");
    made.metrics = metrics;
    return model::Change::upsert(model::Object(made));
  };
  const auto removal = model::Change::remove({model::Kind::kNetworkPolicy, {"prod", "web"}});
  const auto is_asked = [this](const model::Change& what) {
    return PolicyAsks::is_asked_by(what, node_->view().compiler().cluster());
  };
  EXPECT_FALSE(is_asked(change(false)));
  EXPECT_FALSE(is_asked(removal));
  EXPECT_TRUE(is_asked(change(true)));
  give([](auto& made) { made.log_level = LogLevel::kAll; });
  EXPECT_TRUE(is_asked(change(false)));
  EXPECT_TRUE(is_asked(removal));
}

TEST_F(PolicyAsksTest, CountsByPolicyAndVerdictWhileThePolicyAsksForIt) {
  asks_.count(denied({"prod/web"}));
  EXPECT_TRUE(asks_.counts().empty()) << "nobody asks";
  give([](auto& made) { made.metrics = true; });
  asks_.count(denied({"prod/web", "prod/none"}, 7));
  asks_.count(allowed("prod/web:ingress[0]"));
  FlowRecord audit = denied({"prod/web"});
  audit.verdict = Verdict::kAudit;
  asks_.count(audit);
  const auto& counts = asks_.counts();
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts.at({"prod", "web"}), (PolicyAsks::Counts{1, 7, 1}));
  give([](auto& made) { made.metrics = false; });
  EXPECT_TRUE(asks_.counts().empty());
}

}  // namespace
}  // namespace sluice::node
