// What others take away of what an agent installed: it is noticed, and pins are put back.
#include <gmock/gmock.h>

#include <optional>

#include "agent/kernel/attach/attach.h"
#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/maps.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

namespace filesystem = std::filesystem;
using attach::AttachMode;

class Lacks : public KernelTest, public ::testing::WithParamInterface<AttachMode> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped() && GetParam() == AttachMode::kTcx && !attach::tcx_supported())
      GTEST_SKIP() << "no TCX in this kernel";
  }
};
INSTANTIATE_TEST_SUITE_P(Modes, Lacks, ::testing::Values(AttachMode::kTcx, AttachMode::kClsact),
                         [](const auto& mode) { return attach::to_text(mode.param); });

TEST_P(Lacks, AProgramThatSomebodyTookOffOrReplaced) {
  std::optional<Veth> veth(std::in_place);
  const uint32_t host = veth->host();
  Programs programs = must(load(small_pinned()));
  attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
  EXPECT_OK(attacher.attach(host));
  EXPECT_FALSE(must(attacher.lacks(host)));
  EXPECT_OK(attacher.detach(host));
  EXPECT_TRUE(must(attacher.lacks(host)));
  EXPECT_OK(attacher.attach(host));
  EXPECT_FALSE(must(attacher.lacks(host)));
  {
    // As another agent would, with the same directory and programs of its own.
    LoadOptions look = small_pinned();
    look.look_only = true;
    Programs others = must(load(look));
    attach::Attacher another = must(attach::Attacher::create(others, GetParam()));
    EXPECT_OK(another.attach(host));
    EXPECT_TRUE(must(attacher.lacks(host)));
  }
  EXPECT_OK(attacher.attach(host));
  EXPECT_FALSE(must(attacher.lacks(host)));
  veth.reset();
  EXPECT_FALSE(must(attacher.lacks(host))) << "the interface is gone";
  EXPECT_OK(attacher.detach(host));
}

class KeepPins : public KernelTest {};

TEST_F(KeepPins, WhatWasUnpinnedOrReplacedIsPinnedAgain) {
  {
    Programs programs = must(load(small_pinned()));
    KernelMaps maps = must(KernelMaps::open(programs));
    EXPECT_OK(maps.flip(41, 9));
    EXPECT_EQ(must(programs.keep_pins()), 0U);
    const auto dir = maps_dir(kPinDir);
    filesystem::remove(dir / "config");
    EXPECT_EQ(must(programs.keep_pins()), 1U);
    filesystem::remove(dir / "rules_0");
    filesystem::remove(dir / "events");
    filesystem::rename(dir / "portsets", dir / "endpoints");
    EXPECT_EQ(must(programs.keep_pins()), 4U);
    filesystem::remove_all(kPinDir);
    EXPECT_GT(must(programs.keep_pins()), 20U);
    EXPECT_EQ(must(programs.keep_pins()), 0U);
    EXPECT_FALSE(load(small_pinned()).ok()) << "the directory made anew is locked, too";
  }
  Programs programs = must(load(small_pinned()));
  EXPECT_EQ(must(KernelMaps::open(programs)).config().epoch, 41U) << "the next agent finds them";
}

}  // namespace
}  // namespace sluice::kernel::testing
