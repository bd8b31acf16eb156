// Attachment on real interfaces, in both modes: ours first, others undisturbed, everything outlives the
// agent, and everything can be removed.
#include "agent/kernel/attach/attach.h"

#include <gmock/gmock.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "agent/kernel/attach/tc_dump.h"
#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/counters.h"
#include "agent/kernel/maps.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace fs = std::filesystem;

constexpr sluice_direction kBoth[] = {SLUICE_INGRESS, SLUICE_EGRESS};
constexpr int kTcxAttachType[] = {47, 46};  // by sluice_direction

class Attach : public KernelTest, public ::testing::WithParamInterface<attach::AttachMode> {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped() && GetParam() == attach::AttachMode::kTcx && !attach::tcx_supported())
      GTEST_SKIP() << "no TCX in this kernel";
  }
};
class Clsact : public KernelTest {};
class Loader : public KernelTest {};

INSTANTIATE_TEST_SUITE_P(Modes, Attach,
                         ::testing::Values(attach::AttachMode::kTcx, attach::AttachMode::kClsact),
                         [](const auto& mode) { return attach::to_text(mode.param); });

bpf_tc_hook hook_of(uint32_t ifindex, sluice_direction direction) {
  bpf_tc_hook hook{};
  hook.sz = sizeof hook;
  hook.ifindex = static_cast<int>(ifindex);
  hook.attach_point = direction == SLUICE_EGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
  return hook;
}

// Someone else's program at both hooks, by the same mechanism as ours.
class ForeignAttachment {
 public:
  ForeignAttachment(const Foreign& program, uint32_t ifindex, attach::AttachMode mode, uint32_t priority) {
    for (const auto direction : kBoth) {
      if (mode == attach::AttachMode::kTcx) {
        const auto type = static_cast<bpf_attach_type>(kTcxAttachType[direction]);
        links_[direction] = base::Fd(bpf_link_create(program.fd(), static_cast<int>(ifindex), type, nullptr));
        EXPECT_TRUE(links_[direction].valid());
        continue;
      }
      bpf_tc_hook hook = hook_of(ifindex, direction);
      if (must(attach::tc_ingress_qdisc(ifindex)).empty()) {
        EXPECT_EQ(bpf_tc_hook_create(&hook), 0);
      }
      bpf_tc_opts options{};
      options.sz = sizeof options;
      options.prog_fd = program.fd();
      options.handle = 1;
      options.priority = priority;
      EXPECT_EQ(bpf_tc_attach(&hook, &options), 0);
    }
  }

 private:
  base::Fd links_[2];
};

uint64_t not_ready(const Programs& programs, sluice_direction direction) {
  return must(read_counters(programs))[SLUICE_DENIED_NOT_READY][direction].packets;
}

// Sends one packet each way and waits until `program` has counted `packets` in all.
void expect_seen(const Veth& veth, const Foreign& program, uint64_t packets) {
  for (const auto direction : kBoth) veth.send(direction, syn(direction, 80));
  EXPECT_TRUE(eventually([&] { return program.seen() == packets; })) << program.seen() << ", not " << packets;
}

// Sends one packet each way and waits until both were denied by ours.
void expect_denied(const Veth& veth, const Programs& programs) {
  for (const auto direction : kBoth) {
    const uint64_t before = not_ready(programs, direction);
    veth.send(direction, syn(direction, 80));
    EXPECT_TRUE(eventually([&] { return not_ready(programs, direction) == before + 1; }))
        << program_label(direction);
  }
}

TEST_P(Attach, BothDirectionsAreSeen) {
  const Veth veth;
  const Programs& programs = shared_pinned();
  attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
  EXPECT_OK(attacher.attach(veth.host()));
  expect_denied(veth, programs);
  EXPECT_THAT(must(attacher.attached()),
              ElementsAre(attach::Attachment{veth.host(), veth.host_name(), GetParam()}));
  EXPECT_OK(attacher.detach(veth.host()));
  EXPECT_THAT(must(attacher.attached()), IsEmpty());
}

TEST_P(Attach, ForeignProgramsRunBehindOursAndStay) {
  const Veth veth;
  const Foreign early, late;
  const ForeignAttachment before(early, veth.host(), GetParam(), 1);
  expect_seen(veth, early, 2);
  const Programs& programs = shared_pinned();
  KernelMaps maps = must(KernelMaps::open(programs));
  attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
  EXPECT_OK(attacher.attach(veth.host()));
  const ForeignAttachment after(late, veth.host(), GetParam(), 9);
  expect_denied(veth, programs);
  EXPECT_EQ(early.seen(), 2U) << "what ours dropped reached no one";
  EXPECT_EQ(late.seen(), 0U);
  EXPECT_OK(maps.set_agent_flags(SLUICE_CONFIG_PERMISSIVE));
  expect_seen(veth, late, 2);
  EXPECT_EQ(early.seen(), 4U) << "what ours allowed went on to both";
  EXPECT_OK(attacher.detach(veth.host()));
  expect_seen(veth, late, 4);
  EXPECT_OK(maps.set_agent_flags(0));
  EXPECT_EQ(early.seen(), 6U);
}

TEST_P(Attach, OutlivesTheAgentAndIsTakenOverInPlace) {
  const Veth veth;
  {
    const Programs programs = must(load(small_pinned()));
    KernelMaps maps = must(KernelMaps::open(programs));
    attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
    EXPECT_OK(attacher.attach(veth.host()));
    expect_denied(veth, programs);
  }
  for (const auto direction : kBoth) veth.send(direction, syn(direction, 80));  // no agent, still denied
  const Programs successor = must(load(small_pinned()));
  for (const auto direction : kBoth) {
    EXPECT_TRUE(eventually([&] { return not_ready(successor, direction) == 2; })) << "the same maps";
  }
  attach::Attacher attacher = must(attach::Attacher::create(successor, GetParam()));
  EXPECT_OK(attacher.attach(veth.host()));
  expect_denied(veth, successor);
  if (GetParam() == attach::AttachMode::kTcx) {
    EXPECT_EQ(must(attach::tcx_link_ids(veth.host(), SLUICE_EGRESS)).size(), 1U);
  }
  if (GetParam() == attach::AttachMode::kClsact) {
    EXPECT_EQ(must(attach::tc_filters(veth.host(), SLUICE_EGRESS)).size(), 1U);
  }
}

TEST_P(Attach, TheOtherModeTakesOver) {
  const auto other =
      GetParam() == attach::AttachMode::kTcx ? attach::AttachMode::kClsact : attach::AttachMode::kTcx;
  const Veth veth;
  const Programs& programs = shared_pinned();
  attach::Attacher first = must(attach::Attacher::create(programs, GetParam()));
  EXPECT_OK(first.attach(veth.host()));
  attach::Attacher second = must(attach::Attacher::create(programs, other));
  EXPECT_OK(second.attach(veth.host()));
  EXPECT_THAT(must(second.attached()), ElementsAre(attach::Attachment{veth.host(), veth.host_name(), other}));
  expect_denied(veth, programs);
  EXPECT_OK(second.detach(veth.host()));
}

TEST_P(Attach, DetachAllLeavesNothing) {
  const Veth one, two;
  const Foreign foreign;
  const ForeignAttachment kept(foreign, two.host(), GetParam(), 3);
  {
    const Programs programs = must(load(small_pinned()));
    attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
    EXPECT_OK(attacher.attach(one.host()));
    EXPECT_OK(attacher.attach(two.host()));
    const auto refused = attach::detach_all(kPinDir);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message(), HasSubstr("another sluiced"));
  }
  EXPECT_OK(attach::detach_all(kPinDir));
  EXPECT_FALSE(fs::exists(kPinDir));
  for (const auto direction : kBoth) {
    EXPECT_THAT(must(attach::tcx_link_ids(one.host(), direction)), IsEmpty());
    EXPECT_THAT(must(attach::tc_filters(one.host(), direction)), IsEmpty());
  }
  EXPECT_EQ(must(attach::tc_ingress_qdisc(one.host())), "");
  expect_seen(two, foreign, 2);
  EXPECT_OK(attach::detach_all(kPinDir));
}

TEST_P(Attach, WhatAnAgentWithAnotherDirectoryAttachedIsLeftAlone) {
  const Veth mine, theirs;
  const Programs& other = shared_pinned();
  attach::Attacher other_attacher = must(attach::Attacher::create(other, GetParam()));
  EXPECT_OK(other_attacher.attach(theirs.host()));
  {
    const Programs programs = must(load(small_pinned()));
    attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
    EXPECT_OK(attacher.attach(mine.host()));
    EXPECT_THAT(must(attacher.attached()),
                ElementsAre(attach::Attachment{mine.host(), mine.host_name(), GetParam()}));
    EXPECT_OK(attacher.detach(theirs.host()));
  }
  // Loaded anew and ended before anything was attached: the programs in place are not those pinned last.
  { const Programs successor = must(load(small_pinned())); }
  EXPECT_OK(attach::detach_all(kPinDir));
  for (const auto direction : kBoth) {
    EXPECT_THAT(must(attach::tcx_link_ids(mine.host(), direction)), IsEmpty());
    EXPECT_THAT(must(attach::tc_filters(mine.host(), direction)), IsEmpty());
  }
  expect_denied(theirs, other);
  EXPECT_OK(other_attacher.detach(theirs.host()));
}

TEST(DetachAll, TouchesNothingOutsideABpfFileSystem) {
  const fs::path folder = "/run/sluice-unit-kernel-detach";
  fs::create_directories(folder / "v1");
  EXPECT_THAT(attach::detach_all(folder).error().message(), HasSubstr("is in no BPF file system"));
  EXPECT_TRUE(fs::exists(folder / "v1"));
  fs::remove_all(folder);
}

TEST_P(Attach, AnInterfaceThatIsGoneIsForgotten) {
  Veth veth;
  const uint32_t ifindex = veth.host();
  const Programs& programs = shared_pinned();
  attach::Attacher attacher = must(attach::Attacher::create(programs, GetParam()));
  EXPECT_OK(attacher.attach(ifindex));
  veth.remove();
  EXPECT_THAT(must(attacher.attached()), IsEmpty());
  must(attach::Attacher::create(programs, GetParam()));
  EXPECT_TRUE(fs::is_empty(links_dir(kSharedPinDir)));
  EXPECT_OK(attacher.detach(ifindex));
  const auto failed = attacher.attach(ifindex);
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message(), HasSubstr("attach interface (" + std::to_string(ifindex) + ")"));
}

TEST_F(Clsact, TheQdiscIsRemovedOnlyIfOursAndEmpty) {
  const Programs& programs = shared_pinned();
  attach::Attacher attacher = must(attach::Attacher::create(programs, attach::AttachMode::kClsact));
  const Foreign foreign;
  enum class Who { kOurs, kTheirs, kOursThenTheirs };
  for (const Who who : {Who::kOurs, Who::kTheirs, Who::kOursThenTheirs}) {
    const Veth veth;
    bpf_tc_hook theirs = hook_of(veth.host(), SLUICE_INGRESS);
    if (who == Who::kTheirs) {
      EXPECT_EQ(bpf_tc_hook_create(&theirs), 0);
    }
    EXPECT_OK(attacher.attach(veth.host()));
    EXPECT_OK(attacher.attach(veth.host()));
    if (who == Who::kOursThenTheirs) ForeignAttachment(foreign, veth.host(), attach::AttachMode::kClsact, 5);
    EXPECT_OK(attacher.detach(veth.host()));
    EXPECT_EQ(must(attach::tc_ingress_qdisc(veth.host())), who == Who::kOurs ? "" : "clsact");
  }
}

// As the bandwidth plugin makes it: what the pod sends is redirected to an ifb, at priority 1 of an ingress
// qdisc.
const char kRedirect[] = "prio 1 protocol all u32 match u32 0 0 action mirred egress redirect dev ";

TEST_F(Clsact, TakesThePlaceOfAnIngressQdiscAndKeepsWhatItsFiltersDo) {
  const Programs& programs = shared_pinned();
  attach::Attacher attacher = must(attach::Attacher::create(programs, attach::AttachMode::kClsact));
  const Veth veth, shaper;  // a veth that stands for the ifb
  const Foreign foreign;
  const ForeignAttachment counts(foreign, shaper.host(), attach::AttachMode::kClsact, 1);
  const std::string dev = veth.host_name();
  ASSERT_EQ(run("tc qdisc add dev " + dev + " handle ffff: ingress"), 0);
  ASSERT_EQ(run("tc filter add dev " + dev + " parent ffff: " + kRedirect + shaper.host_name()), 0);
  ASSERT_EQ(run("tc qdisc add dev " + dev + " root tbf rate 100mbit burst 100kb latency 25ms"), 0);
  for (int again = 0; again < 2; ++again) {
    EXPECT_OK(attacher.attach(veth.host()));
    EXPECT_EQ(must(attach::tc_ingress_qdisc(veth.host())), "clsact");
    expect_denied(veth, programs);
    const auto filters = must(attach::tc_filters(veth.host(), SLUICE_EGRESS));
    ASSERT_EQ(filters.size(), 3U) << "ours, and u32's table and filter";
    EXPECT_EQ(filters.front().kind, "bpf");
    EXPECT_EQ(filters.back().kind, "u32");
    EXPECT_EQ(filters.back().priority, 2U);
  }
  EXPECT_OK(attacher.detach(veth.host()));
  EXPECT_EQ(must(attach::tc_ingress_qdisc(veth.host())), "clsact") << "theirs is in it";
  veth.send(SLUICE_EGRESS, syn(SLUICE_EGRESS, 80));
  EXPECT_TRUE(eventually([&] { return foreign.seen() == 1; })) << "what it did it does: " << foreign.seen();
}

TEST_F(Clsact, AFilterOfTheFirstPriorityMovesBehindOurs) {
  const Programs& programs = shared_pinned();
  attach::Attacher attacher = must(attach::Attacher::create(programs, attach::AttachMode::kClsact));
  const Veth veth;
  const std::string dev = veth.host_name();
  ASSERT_EQ(run("tc qdisc add dev " + dev + " clsact"), 0);
  // On one hook: of u32 on both the kernel shows each hook the tables of both, and they cannot be told apart.
  ASSERT_EQ(run("tc filter add dev " + dev + " ingress prio 1 protocol ip u32 match u32 0 0 classid 1:1"), 0);
  EXPECT_OK(attacher.attach(veth.host()));
  expect_denied(veth, programs);
  const auto filters = must(attach::tc_filters(veth.host(), SLUICE_EGRESS));
  ASSERT_FALSE(filters.empty());
  EXPECT_EQ(filters.front().kind, "bpf");
  EXPECT_EQ(filters.back().kind + std::to_string(filters.back().priority), "u322");
  EXPECT_OK(attacher.detach(veth.host()));
  EXPECT_EQ(must(attach::tc_ingress_qdisc(veth.host())), "clsact");
}

TEST_F(Clsact, WhatCannotMoveIsNamedAndStays) {
  const Programs& programs = shared_pinned();
  attach::Attacher attacher = must(attach::Attacher::create(programs, attach::AttachMode::kClsact));
  const Veth ingress_only, first_place_taken;
  ASSERT_EQ(run("tc qdisc add dev " + ingress_only.host_name() + " ingress"), 0);
  ASSERT_EQ(run("tc qdisc add dev " + first_place_taken.host_name() + " clsact"), 0);
  for (const Veth* veth : {&ingress_only, &first_place_taken}) {
    const std::string hook =
        "dev " + veth->host_name() + (veth == &ingress_only ? " parent ffff:" : " ingress");
    ASSERT_EQ(run("tc filter add " + hook + " prio 1 handle 1: protocol ip u32 divisor 4"), 0);
    ASSERT_EQ(run("tc filter add " + hook + " prio 1 protocol ip u32 match u32 0 0 classid 1:1"), 0);
    const std::string before = must(attach::tc_ingress_qdisc(veth->host()));
    const auto refused = attacher.attach(veth->host());
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(
        refused.error().message(),
        HasSubstr("another filter (u32 with hash tables, or on both hooks) stands where ours must be first"));
    EXPECT_EQ(must(attach::tc_ingress_qdisc(veth->host())), before);
    EXPECT_FALSE(must(attach::tc_filters(veth->host(), SLUICE_EGRESS)).empty());
  }
}

TEST_F(Loader, PinnedMapsKeepTheirContents) {
  {
    const Programs programs = must(load(small_pinned()));
    KernelMaps maps = must(KernelMaps::open(programs));
    EXPECT_OK(maps.flip(41, 9));
  }
  const Programs programs = must(load(small_pinned()));
  KernelMaps maps = must(KernelMaps::open(programs));
  EXPECT_EQ(maps.config().epoch, 41U);
  for (const auto& shape : kMapShapes) {
    const bool is_table = shape.type == BPF_MAP_TYPE_UNSPEC;
    const std::string name = std::string(shape.name) + (is_table ? "_0" : "");
    EXPECT_TRUE(fs::exists(maps_dir(kPinDir) / name)) << name;
  }
  EXPECT_TRUE(fs::exists(maps_dir(kPinDir) / "policy_tables"));
  EXPECT_TRUE(fs::exists(maps_dir(kPinDir) / "events"));
  EXPECT_TRUE(fs::exists(programs_dir(kPinDir) / "from_pod"));
}

TEST_F(Loader, APinnedMapOfAnotherShapeIsAnErrorAndStays) {
  { const Programs programs = must(load(small_pinned())); }
  LoadOptions other = small_pinned();
  other.max_entries[SLUICE_MAP_SOURCES] = 9;
  const auto refused = load(other);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr((maps_dir(kPinDir) / "sources").string() +
                                                   ": a map of another shape is pinned there"));
  EXPECT_THAT(refused.error().message(), HasSubstr("entries 9"));
  EXPECT_OK(load(small_pinned()));
}

TEST_F(Loader, OneAgentADirectory) {
  const Programs& programs = shared_pinned();
  LoadOptions same = small_pinned();
  same.pin_dir = programs.pin_dir();
  const auto second = load(same);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message(), HasSubstr("another sluiced is using it"));
}

TEST_F(Loader, ADirectoryOutsideABpfFileSystemIsRefused) {
  LoadOptions options = small_private();
  options.pin_dir = "/tmp/sluice-unit-kernel";
  const auto refused = load(options);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message(), HasSubstr("mount -t bpf bpf /sys/fs/bpf"));
  EXPECT_FALSE(fs::exists("/tmp/sluice-unit-kernel"));
}

TEST_F(Loader, OtherLayoutVersionsAreRemovedOnRequest) {
  const Programs& programs = shared_pinned();
  fs::create_directory(kSharedPinDir / "v0");
  EXPECT_EQ(bpf_obj_pin(programs.map(SLUICE_MAP_SOURCES).fd, (kSharedPinDir / "v0" / "sources").c_str()), 0);
  // Every map, the tables' own and both rings; and the old one. Nobody has made the tables' arrays yet.
  EXPECT_EQ(must(pinned_maps(kSharedPinDir)).size(), SLUICE_FIRST_TABLE + 4U);
  EXPECT_EQ(must(remove_other_versions(kSharedPinDir)), 1U);
  EXPECT_EQ(must(remove_other_versions(kSharedPinDir)), 0U);
  EXPECT_FALSE(fs::exists(kSharedPinDir / "v0"));
  EXPECT_TRUE(fs::exists(maps_dir(kSharedPinDir) / "sources"));
}

TEST_F(Loader, TheFullLimitsLoad) {
  EXPECT_OK(load({}));
}

}  // namespace
}  // namespace sluice::kernel::testing
