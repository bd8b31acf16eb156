// Which interfaces carry our programs: the laws of attachments.h, over hooks that can refuse.
#include "agent/node/attachments.h"

#include <gmock/gmock.h>

namespace sluice::node {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class AttachmentsTest : public ::testing::Test {
 protected:
  base::Status attach(uint32_t ifindex) {
    if (refused_.contains(ifindex)) return base::Error("no such device");
    there_.insert(ifindex);
    return base::done();
  }
  base::Status detach(uint32_t ifindex) {
    if (refused_.contains(ifindex)) return base::Error("busy");
    there_.erase(ifindex);
    return base::done();
  }
  void attach_missing(const std::set<uint32_t>& wanted) {
    attachments_.attach_missing(wanted, [](uint32_t ifindex) { return "pod" + std::to_string(ifindex); });
  }
  static endpoint::Discovery discovery(int ifindex, const std::string& name, const std::string& netns) {
    endpoint::Discovery all;
    all.found = {{netns, ifindex, name, {}}};
    all.host_interfaces = {{ifindex, name}};
    return all;
  }
  std::set<uint32_t> there_, refused_;
  Attachments attachments_{{[this](uint32_t ifindex) { return attach(ifindex); },
                            [this](uint32_t ifindex) { return detach(ifindex); },
                            [this]() -> base::Result<std::set<uint32_t>> { return there_; }}};
};

TEST_F(AttachmentsTest, WhatIsInheritedIsTakenOffWhereNobodyWantsIt) {
  there_ = {7, 8};
  ASSERT_TRUE(attachments_.inherit().ok());
  EXPECT_THAT(attachments_.carrying(), ElementsAre(7u, 8u));
  EXPECT_THAT(attachments_.attached(), IsEmpty()) << "not for sure";
  attach_missing({7});
  ASSERT_TRUE(attachments_.detach_all_but({7}).ok());
  EXPECT_THAT(there_, ElementsAre(7u));
  EXPECT_THAT(attachments_.carrying(), ElementsAre(7u));
}

TEST_F(AttachmentsTest, AFailureConcernsItsInterfaceAlone) {
  refused_ = {8};
  attach_missing({7, 8, 9});
  EXPECT_THAT(there_, ElementsAre(7u, 9u));
  EXPECT_THAT(attachments_.errors(), ElementsAre(Pair(8u, "pod8: no such device")));
  refused_.clear();
  attach_missing({7, 8, 9});
  EXPECT_THAT(attachments_.errors(), IsEmpty());
}

TEST_F(AttachmentsTest, WhatCannotBeTakenOffIsTriedAgain) {
  ASSERT_TRUE(attachments_.inherit().ok());
  attach_missing({7, 8});
  refused_ = {7};
  EXPECT_FALSE(attachments_.detach_all_but({}).ok());
  EXPECT_THAT(attachments_.carrying(), ElementsAre(7u));
  refused_.clear();
  EXPECT_TRUE(attachments_.detach_all_but({}).ok());
  EXPECT_THAT(there_, IsEmpty());
}

TEST_F(AttachmentsTest, AnInterfaceThatGotTheNumberOfAnotherIsAttachedToAnew) {
  const auto before = discovery(7, "veth7", "a");
  attach_missing({7});
  attachments_.invalidate(before, before);
  EXPECT_THAT(attachments_.attached(), ElementsAre(7u));
  for (const auto& now : {discovery(7, "veth9", "a"), discovery(7, "veth7", "b")}) {
    attach_missing({7});
    attachments_.invalidate(before, now);
    EXPECT_THAT(attachments_.attached(), IsEmpty());
  }
}

TEST_F(AttachmentsTest, WhatOthersTookOffIsPutBack) {
  std::set<uint32_t> lacking{8};
  size_t before = 0;
  Attachments attachments({[this](uint32_t ifindex) { return attach(ifindex); },
                           [this](uint32_t ifindex) { return detach(ifindex); },
                           [this]() -> base::Result<std::set<uint32_t>> { return there_; },
                           [&](uint32_t ifindex) -> base::Result<std::optional<size_t>> {
                             if (ifindex == 9) return base::Error("cannot be asked");
                             if (lacking.contains(ifindex)) return std::optional<size_t>();
                             return std::optional(before);
                           }});
  const auto whose = [](uint32_t) { return std::string("pod"); };
  attachments.attach_missing({7, 8, 9}, whose);
  EXPECT_THAT(attachments.put_back(whose, false), ElementsAre(8u)) << "9 counts as it was";
  there_.clear();
  EXPECT_THAT(attachments.put_back(whose, true), ElementsAre(8u));
  EXPECT_THAT(there_, ElementsAre(7u, 8u, 9u)) << "all of them anew";
  refused_ = {8};
  EXPECT_THAT(attachments.put_back(whose, false), ElementsAre(8u));
  EXPECT_THAT(attachments.errors(), ElementsAre(Pair(8u, "pod: no such device")));
  EXPECT_THAT(attachments.put_back(whose, false), IsEmpty()) << "attach_missing() tries it again";
  EXPECT_THAT(attachments.behind(), IsEmpty());
  before = 2;
  EXPECT_THAT(attachments.put_back(whose, false), IsEmpty()) << "ours are there";
  EXPECT_THAT(attachments.behind(), ElementsAre(7u));
  before = 0;
  attachments.put_back(whose, false);
  EXPECT_THAT(attachments.behind(), IsEmpty());
}

}  // namespace
}  // namespace sluice::node
