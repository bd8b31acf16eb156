// The Node's states over user-space maps: first state, change, restart, failure and recovery, attachments.
#include "agent/control/node.h"

#include <gmock/gmock.h>

#include "agent/packet/maps.h"
#include "tests/oracle/build.h"

namespace sluice::control {
namespace {

using namespace oracle::build;  // NOLINT(google-build-using-namespace)
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// User-space maps that remember what they are attached to, and can refuse.
class FakeMaps final : public packet::Maps {
 public:
  base::Status attach(uint32_t ifindex) override {
    if (refused.contains(ifindex)) return base::Error("attach: no such device");
    attached.insert(ifindex);
    ++attaches;
    return base::done();
  }
  base::Status detach(uint32_t ifindex) override {
    attached.erase(ifindex);
    return base::done();
  }
  base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) override {
    if (flips_fail) return base::Error("flip: refused");
    return packet::Maps::flip(epoch, next_endpoint_id);
  }
  std::set<uint32_t> attached, refused;
  int attaches = 0;
  bool flips_fail = false;
};

class NodeTest : public ::testing::Test {
 protected:
  NodeMaps node_maps() {
    return {&maps_,
            [this]() -> base::Result<image::Contents> {
              if (unreadable_) return base::Error("cannot be read");
              return maps_.contents();
            },
            [this]() -> base::Result<std::set<uint32_t>> { return maps_.attached; }};
  }
  std::unique_ptr<Node> make_node() {
    return std::make_unique<Node>("n1", node_maps(),
                                  NodeClock{[this] { return std::chrono::steady_clock::time_point(now_++); },
                                            [] { return std::chrono::system_clock::time_point(); }},
                                  log_);
  }
  template <typename... Objects>
  static ObjectNews objects(const Objects&... all) {
    ObjectNews news;
    (news.changes.push_back(model::Change::upsert(model::Object(all))), ...);
    return news;
  }
  static endpoint::Found found(const std::string& netns, int ifindex, const char* address) {
    return {netns, ifindex, "veth" + std::to_string(ifindex), {ip(address)}};
  }
  // A node with web (isolated) and db found on interfaces 7 and 8.
  static void tell_first(Node& node) {
    node.take_objects(objects(model::Pod(pod("prod/web", "10.0.0.1").label("app", "web")),
                              model::Pod(pod("prod/db", "10.0.0.2").label("app", "db")), deny_web()));
    node.take_discovery({{found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2")}, {}});
    node.take_node_addresses({ip("192.168.0.1")});
  }
  static model::NetworkPolicy deny_web() { return policy("prod/web").selects({{"app", "web"}}); }
  static model::NetworkPolicy with_blocks(int count) {
    auto wide = policy("prod/blocks").selects({{"app", "db"}});
    for (int i = 0; i < count; ++i)
      wide.ingress(
          rule().from(block("172.16." + std::to_string(i) + ".0/24")).tcp(static_cast<uint16_t>(80 + i)));
    return wide;
  }

  FakeMaps maps_;
  bool unreadable_ = false;
  std::chrono::steady_clock::duration now_{};
  Log log_{LogFormat::kText, LogLevel::off};
};

TEST_F(NodeTest, NothingIsAppliedBeforeEverySourceHasSpoken) {
  auto node = make_node();
  node->take_objects(objects(deny_web()));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  node->take_discovery({});
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  ObjectNews unfinished;
  unfinished.complete = false;
  node = make_node();
  node->take_discovery({});
  node->take_node_addresses({});
  node->take_objects(unfinished);
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  EXPECT_FALSE(node->ready());
}

TEST_F(NodeTest, TheFirstStateIsPutInForceAndAttached) {
  auto node = make_node();
  tell_first(*node);
  EXPECT_TRUE(node->stale());
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->last_change()->what, "first state");
  EXPECT_EQ(node->image().endpoints.size(), 2u);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
  EXPECT_THAT(node->problems(), IsEmpty());
  EXPECT_EQ(node->pod_of(ip("10.0.0.2")), "prod/db");
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
}

TEST_F(NodeTest, AChangeIsOneEpoch) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const uint64_t epoch = node->epoch();
  node->take_objects(objects(with_blocks(3)));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->epoch(), epoch + 1);
  EXPECT_EQ(node->last_change()->what, "1 object");
  EXPECT_EQ(maps_.attaches, 2);
}

TEST_F(NodeTest, NewsThatChangeNothingWriteNothing) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const uint64_t epoch = node->epoch();
  node->take_objects(objects(deny_web()));
  EXPECT_EQ(node->apply(), Applied::kNothingToDo);
  EXPECT_TRUE(node->settled());
  EXPECT_EQ(node->epoch(), epoch);
}

TEST_F(NodeTest, ARestartFindsItsStateAndExchangesThePrograms) {
  auto first = make_node();
  tell_first(*first);
  first->apply();
  const uint64_t epoch = first->epoch();
  first.reset();
  maps_.attached.insert(99);  // of a pod that went while no agent ran
  maps_.attaches = 0;
  auto second = make_node();
  tell_first(*second);
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_EQ(second->epoch(), epoch);
  EXPECT_EQ(second->last_change()->entries, 0u);
  EXPECT_EQ(maps_.attaches, 2);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, ARestartAppliesWhatChangedMeanwhile) {
  auto first = make_node();
  tell_first(*first);
  first->apply();
  const uint64_t epoch = first->epoch();
  auto second = make_node();
  tell_first(*second);
  second->take_objects(objects(with_blocks(2)));
  EXPECT_EQ(second->apply(), Applied::kInForce);
  EXPECT_EQ(second->epoch(), epoch + 1);
  EXPECT_GT(second->last_change()->entries, 0u);
}

TEST_F(NodeTest, AFullMapLeavesThePreviousStateAndIsTriedAgain) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  const auto before = node->image();
  const uint64_t epoch = node->epoch();
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 2);
  node->take_objects(objects(with_blocks(5)));
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_THAT(node->last_error(), HasSubstr("prefixes4"));
  EXPECT_EQ(node->epoch(), epoch);
  EXPECT_EQ(node->image(), before);
  EXPECT_FALSE(node->settled());
  EXPECT_EQ(node->totals().failures, 1u);
  maps_.set_limit(SLUICE_MAP_PREFIXES4, 100);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->image(), node->compiler().image());
  EXPECT_EQ(node->last_error(), "");
  EXPECT_TRUE(node->settled());
}

TEST_F(NodeTest, APodWhosePolicyDoesNotFitGetsTheProgramsAllTheSame) {
  auto node = make_node();
  maps_.set_limit(SLUICE_MAP_ADDRESSES4, 0);
  maps_.set_limit(SLUICE_MAP_RULES, 0);
  maps_.flips_fail = true;
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_FALSE(node->ready());
  EXPECT_THAT(node->image().endpoints, IsEmpty());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, MapsThatCannotBeReadChangeNothingAndDetachNothing) {
  maps_.attached = {99};
  unreadable_ = true;
  auto node = make_node();
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kFailed);
  EXPECT_THAT(node->last_error(), HasSubstr("cannot be read"));
  EXPECT_TRUE(maps_.attached.contains(99));
  unreadable_ = false;
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, AFailedAttachmentIsAProblemUntilItSucceeds) {
  auto node = make_node();
  maps_.refused = {8};
  tell_first(*node);
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(node->problems(), ElementsAre("prod/db: attach: no such device"));
  EXPECT_TRUE(node->stale());
  EXPECT_FALSE(node->settled());
  maps_.refused.clear();
  node->apply();
  EXPECT_THAT(node->problems(), IsEmpty());
  EXPECT_TRUE(node->settled());
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u));
}

TEST_F(NodeTest, APodThatLeavesIsDetached) {
  auto node = make_node();
  tell_first(*node);
  node->apply();
  node->take_discovery({{found("a", 7, "10.0.0.1")}, {}});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_EQ(node->last_change()->what, "endpoints");
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
  EXPECT_EQ(node->image().endpoints.size(), 1u);
}

TEST_F(NodeTest, APodObjectThatComesAfterItsNamespaceIsFound) {
  auto node = make_node();
  node->take_objects({});
  node->take_discovery({{found("a", 7, "10.0.0.1")}, {}});
  node->take_node_addresses({});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, IsEmpty());
  node->take_objects(objects(model::Pod(pod("prod/web", "10.0.0.1"))));
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u));
}

TEST_F(NodeTest, BothInterfacesOfAnAddressAreHeld) {
  auto node = make_node();
  tell_first(*node);
  node->take_discovery(
      {{found("a", 7, "10.0.0.1"), found("b", 8, "10.0.0.2"), found("c", 9, "10.0.0.1")}, {}});
  EXPECT_EQ(node->apply(), Applied::kInForce);
  EXPECT_THAT(maps_.attached, ElementsAre(7u, 8u, 9u));
  EXPECT_FALSE(node->problems().empty());
}

TEST_F(NodeTest, APreviewWritesNothing) {
  auto node = make_node();
  tell_first(*node);
  auto difference = node->preview();
  ASSERT_TRUE(difference.ok());
  EXPECT_EQ(difference->endpoints.size(), 2u);
  EXPECT_EQ(maps_.contents().config.epoch, 1u);
  EXPECT_THAT(maps_.attached, IsEmpty());
}

}  // namespace
}  // namespace sluice::control
