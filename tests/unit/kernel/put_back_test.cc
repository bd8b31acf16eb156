// What others take away of what an agent installed: it is noticed, and pins are put back.
#include <bpf/bpf.h>
#include <gmock/gmock.h>

#include <optional>

#include "agent/kernel/attach/attach.h"
#include "agent/kernel/attach/link_pins.h"
#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/maps.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

namespace filesystem = std::filesystem;
using attach::AttachMode;

bool lacks(const attach::Attacher& attacher, uint32_t ifindex) {
  return !must(attacher.others_first(ifindex)).has_value();
}

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
  EXPECT_FALSE(lacks(attacher, host));
  EXPECT_OK(attacher.detach(host));
  EXPECT_TRUE(lacks(attacher, host));
  EXPECT_OK(attacher.attach(host));
  EXPECT_FALSE(lacks(attacher, host));
  {
    // As another agent would, with the same directory and programs of its own.
    LoadOptions look = small_pinned();
    look.look_only = true;
    Programs others = must(load(look));
    attach::Attacher another = must(attach::Attacher::create(others, GetParam()));
    EXPECT_OK(another.attach(host));
    EXPECT_TRUE(lacks(attacher, host));
  }
  EXPECT_OK(attacher.attach(host));
  EXPECT_FALSE(lacks(attacher, host));
  veth.reset();
  EXPECT_FALSE(lacks(attacher, host)) << "the interface is gone";
  EXPECT_OK(attacher.detach(host));
}

// At the head as ours are: who comes later is before ours there, and as a link before every filter.
TEST_P(Lacks, NothingWhereOthersComeBeforeOurs) {
  if (!attach::tcx_supported()) GTEST_SKIP() << "no TCX in this kernel";
  const Veth veth;
  Programs programs = must(load(small_pinned()));
  attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
  EXPECT_OK(attacher.attach(veth.host()));
  EXPECT_EQ(must(attacher.others_first(veth.host())), 0U);
  LoadOptions look = small_pinned();
  look.look_only = true;
  Programs others = must(load(look));
  {
    const base::Fd first =
        must(attach::tcx_attach(veth.host(), SLUICE_EGRESS, others.program_fd(SLUICE_EGRESS)));
    EXPECT_EQ(must(attacher.others_first(veth.host())), 1U);
    const base::Fd other =
        must(attach::tcx_attach(veth.host(), SLUICE_INGRESS, others.program_fd(SLUICE_INGRESS)));
    EXPECT_EQ(must(attacher.others_first(veth.host())), 1U) << "at the hook where there are more";
  }
  EXPECT_EQ(must(attacher.others_first(veth.host())), 0U);
  EXPECT_OK(attacher.detach(veth.host()));
}

// The kernel takes a program at a hook once: where a link that lost its pin is still there, it is that one.
TEST_F(KernelTest, ALinkThatLostItsPinIsPinnedAgain) {
  if (!attach::tcx_supported()) GTEST_SKIP() << "no TCX in this kernel";
  const Veth veth;
  Programs programs = must(load(small_pinned()));
  attach::Attacher attacher = must(attach::Attacher::create(programs, AttachMode::kTcx));
  EXPECT_OK(attacher.attach(veth.host()));
  const auto path = attach::link_path(kPinDir, veth.host(), SLUICE_INGRESS);
  const base::Fd held(bpf_obj_get(path.c_str()));
  ASSERT_TRUE(held.valid());
  const uint32_t id = must(attach::tcx_link(held.get())).id;
  filesystem::remove(path);
  EXPECT_FALSE(lacks(attacher, veth.host()));
  EXPECT_OK(attacher.attach(veth.host()));
  const base::Fd again(bpf_obj_get(path.c_str()));
  ASSERT_TRUE(again.valid());
  EXPECT_EQ(must(attach::tcx_link(again.get())).id, id);
  EXPECT_OK(attacher.detach(veth.host()));
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
