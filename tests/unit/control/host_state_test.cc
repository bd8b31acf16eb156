// What is stale and when it is read again, over a Reconciler with user-space maps.
#include "agent/control/host_state.h"

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::control {
namespace {

using namespace oracle::build;  // NOLINT(google-build-using-namespace)

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class HostStateTest : public node::ReconcilerTest {
 protected:
  HostStateTest() {
    node_->set_objects(objects(model::Pod(pod("prod/web", "10.0.0.1").label("app", "web")), deny_web()));
  }
  // Fingerprint once and applies; what failed, or "".
  std::string refresh() {
    const auto looked = host_.refresh();
    node_->apply();
    return looked ? "" : looked.error().message();
  }
  void look_well() {
    ASSERT_EQ(refresh(), "");
    ASSERT_FALSE(host_.is_stale());
    discoveries_ = readings_ = 0;
  }

  endpoint::News news_;  // until they are taken
  std::string news_fail_, discovery_fails_, addresses_fail_;
  endpoint::Discovery there_ = discovery({});
  int discoveries_ = 0, readings_ = 0;
  std::unique_ptr<node::Reconciler> node_ = make_node();
  HostState host_{{[this]() -> base::Result<endpoint::News> {
                     if (!news_fail_.empty()) return base::Error(news_fail_);
                     return std::exchange(news_, {});
                   },
                   [this]() -> base::Result<endpoint::Discovery> {
                     ++discoveries_;
                     if (!discovery_fails_.empty()) return base::Error(discovery_fails_);
                     return there_;
                   },
                   [this]() -> base::Result<std::vector<net::Ip>> {
                     ++readings_;
                     if (!addresses_fail_.empty()) return base::Error(addresses_fail_);
                     return std::vector{ip("192.168.0.1")};
                   }},
                  *node_};
};

TEST_F(HostStateTest, EverythingIsReadAtFirstAndThenWhatTheNewsAskFor) {
  EXPECT_TRUE(host_.is_stale());
  EXPECT_EQ(refresh(), "");
  EXPECT_TRUE(node_->view().ready()) << node_->view().why_not_ready();
  refresh();
  EXPECT_EQ(discoveries_, 1);
  news_.inside = true;
  refresh();
  EXPECT_EQ(discoveries_, 2);
  EXPECT_EQ(readings_, 1);
  news_.node_addresses = true;
  refresh();
  EXPECT_EQ(readings_, 2);
  news_.overrun = true;
  refresh();
  EXPECT_EQ(discoveries_, 3);
  EXPECT_EQ(readings_, 3);
}

TEST_F(HostStateTest, ADiscoveryThatFailedIsOwedUntilItSucceeds) {
  look_well();
  news_.links = true;
  there_ = discovery({found("a", 7, "10.0.0.1")});
  discovery_fails_ = "open a netlink socket: Too many open files";
  EXPECT_EQ(refresh(), discovery_fails_);
  EXPECT_TRUE(host_.is_stale());
  EXPECT_EQ(node_->view().why_not_ready(), discovery_fails_);
  pass_a_second();
  EXPECT_THAT(node_->view().problems(), Contains(discovery_fails_));
  EXPECT_EQ(refresh(), discovery_fails_) << "no news, and it is read all the same";
  discovery_fails_ = "";
  EXPECT_EQ(refresh(), "");
  EXPECT_FALSE(host_.is_stale());
  EXPECT_THAT(maps_.attached, Contains(7U)) << "the pod that came meanwhile";
  EXPECT_TRUE(node_->view().ready()) << node_->view().why_not_ready();
  pass_a_second();
  EXPECT_THAT(node_->view().problems(), IsEmpty());
}

TEST_F(HostStateTest, AFailedDiscoveryLosesNoNewsOfNodeAddresses) {
  look_well();
  news_.links = news_.node_addresses = true;
  discovery_fails_ = "list links: Dump inconsistency detected, interrupted";
  refresh();
  EXPECT_EQ(readings_, 1);
}

TEST_F(HostStateTest, NodeAddressesThatFailedAreOwedToo) {
  addresses_fail_ = "node addresses: list addresses: Resource temporarily unavailable";
  EXPECT_EQ(refresh(), addresses_fail_);
  EXPECT_TRUE(host_.is_stale());
  EXPECT_EQ(node_->view().why_not_ready(), addresses_fail_) << "before the first state too";
  EXPECT_EQ(discoveries_, 1);
  addresses_fail_ = "";
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(discoveries_, 1) << "only what is owed";
  EXPECT_TRUE(node_->view().ready()) << node_->view().why_not_ready();
}

TEST_F(HostStateTest, WhatIsThereAndCannotBeSeenIsLookedAtAgain) {
  there_ = discovery({}, {}, {"namespace a: start a thread: Resource temporarily unavailable"});
  EXPECT_EQ(refresh(), "");
  EXPECT_TRUE(host_.is_stale());
  there_ = discovery({found("a", 7, "10.0.0.1")});
  look_well();
  EXPECT_THAT(maps_.attached, Contains(7U));
}

TEST_F(HostStateTest, ANamespaceThatCannotBeFollowedIsAProblemWhileThatLasts) {
  look_well();
  news_.problems = {"follow namespace a: open a netlink socket: Too many open files"};
  refresh();
  EXPECT_TRUE(host_.is_stale());
  pass_a_second();
  EXPECT_THAT(node_->view().problems(), Contains(HasSubstr("follow namespace a")));
  news_ = {};
  look_well();
  EXPECT_THAT(node_->view().problems(), Not(Contains(HasSubstr("follow namespace a"))));
}

TEST_F(HostStateTest, WithoutNewsItLooksAtEverythingUntilThereAreNewsAgain) {
  look_well();
  there_ = discovery({found("a", 7, "10.0.0.1")});
  news_fail_ = "watch /netns: No space left on device";
  EXPECT_EQ(refresh(), news_fail_);
  EXPECT_TRUE(host_.is_stale());
  EXPECT_THAT(maps_.attached, Contains(7U));
  pass_a_second();
  EXPECT_THAT(node_->view().problems(), Contains(news_fail_));
  news_fail_ = "";
  EXPECT_EQ(refresh(), "");
  EXPECT_EQ(discoveries_, 2);
  EXPECT_EQ(readings_, 2);
  EXPECT_FALSE(host_.is_stale());
  pass_a_second();
  EXPECT_THAT(node_->view().problems(), IsEmpty());
}

}  // namespace
}  // namespace sluice::control
