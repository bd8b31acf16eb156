// Faults under traffic: the agent is killed, and what it installed is taken away, while allowed streams and forbidden
// datagrams run (fault_fixture.h). docs/reliability.md has the table, tests/reliability/faults.txt its rows.
#include <bpf/bpf.h>
#include <linux/bpf.h>
#include <net/if.h>
#include <sys/mount.h>

#include <cstdlib>
#include <random>

#include "agent/kernel/attach/tcx.h"
#include "tests/live/fault_fixture.h"
#include "tests/live/tracer.h"
#include "tests/live/track.h"

namespace sluice::live {
namespace {

// SLUICE_FAULT_POINTS=N for more points than `make test` has; 0: each.
int points(int usual) {
  const char* wanted = std::getenv("SLUICE_FAULT_POINTS");
  return wanted == nullptr ? usual : std::atoi(wanted);
}

bool maps_are_pinned() {
  return run({"/bin/sh", "-c", "test -e /sys/fs/bpf/sluice/v*/events"}) == 0;
}

class KilledTest : public FaultTest {
 protected:
  // Changes the policy, and has the agent killed before its `call`-th system call from then on; 0: lives on. How many
  // calls there were until the change was in force, or it died.
  int change_and_die(int call) {
    Tracer tracer(agent_.pid());
    EXPECT_TRUE(tracer.sound());
    change_policy();
    Process until({SLUICECTL, "sync", "--timeout", "20s"});
    const int calls = tracer.follow(until, call);
    until.end(SIGKILL);
    return calls;
  }
};

TEST_F(KilledTest, BeforeAnySystemCallOfAnUpdate) {
  ASSERT_NO_FATAL_FAILURE(begin());
  const int all = change_and_die(0);
  ASSERT_NO_FATAL_FAILURE(expect_sound("traced, and not killed"));
  ASSERT_GT(all, 20) << "calls of one update";
  const int step = points(2) == 0 ? 1 : std::max(all / points(2), 1);
  for (int call = 1; call <= all; call += step) {
    change_and_die(call);
    ASSERT_NO_FATAL_FAILURE(kill_and_start());
    ASSERT_NO_FATAL_FAILURE(expect_sound("killed before call " + std::to_string(call)));
  }
}

// Of many, some two hundred are looked at; those between are killed while they start, too. Streams and probes go on all the
// while: what is lost or let through at any of them is seen at the next look.
TEST_F(KilledTest, AtRandomMomentsOfUpdates) {
  ASSERT_NO_FATAL_FAILURE(begin());
  std::mt19937 random(20261130);
  std::uniform_int_distribution<int> after_a_change(0, 60), after_a_start(0, 1000);
  const int rounds = points(2) == 0 ? 500 : points(2), between = std::max(rounds / 200, 1);
  for (int round = 0; round < rounds; ++round) {
    const bool look = round % between == 0;
    if (look) {
      ASSERT_TRUE(in_force());
    }
    change_policy();
    const int wait = look ? after_a_change(random) : after_a_start(random);
    EXPECT_FALSE(agent_.ends_within(std::chrono::milliseconds(wait)));
    if (!look) {
      agent_.end(SIGKILL);
      start_agent();
      continue;
    }
    ASSERT_NO_FATAL_FAILURE(kill_and_start());
    ASSERT_NO_FATAL_FAILURE(
        expect_sound("kill " + std::to_string(round) + ", " + std::to_string(wait) + " ms after a change"));
  }
  ASSERT_NO_FATAL_FAILURE(kill_and_start());
  ASSERT_NO_FATAL_FAILURE(expect_sound("after all"));
}

class AroundARunningAgentTest : public FaultTest {
 protected:
  void it_stands_still() {
    ::kill(agent_.pid(), SIGSTOP);
    change_policy();
    EXPECT_EQ(run({SLUICECTL, "sync", "--timeout", "300ms"}), 1);
    ::kill(agent_.pid(), SIGCONT);
    EXPECT_TRUE(in_force());
    expect_sound("it stood still");
  }
  void a_second_agent_comes() {
    const std::string more = std::string(SLUICED) + " --node-name node-1 --manifests " + kFaultManifests +
                             " --metrics 127.0.0.1:19623 --log-level error";
    EXPECT_NE(run({"/bin/sh", "-c", more + " 2> /dev/null"}), 0) << "the same socket";
    EXPECT_NE(run({"/bin/sh", "-c", more + " --socket /run/second.sock 2> /dev/null"}), 0) << "the same pins";
    EXPECT_NE(run({"/bin/sh", "-c", SLUICED " --detach 2> /dev/null"}), 0);
    expect_sound("a second agent");
  }
  void connection_tracking_is_flushed() {
    const auto forgotten = forget_tracked();
    EXPECT_TRUE(forgotten) << forgotten.error().message();
    expect_sound("flushed");
  }
  void addresses_of_the_node_come_and_go() {
    shell(
        "for i in $(seq 20); do ip addr add 192.0.2.$i/32 dev lo && ip addr add 2001:db8::$i/128 dev lo; "
        "done");
    ASSERT_TRUE(in_force());
    ASSERT_NO_FATAL_FAILURE(expect_sound("they came"));
    shell("ip addr flush dev lo scope global");
    ASSERT_TRUE(in_force());
    expect_sound("they went");
  }
};

TEST_F(AroundARunningAgentTest, NothingIsLostOrLetThrough) {
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_NO_FATAL_FAILURE(it_stands_still());
  ASSERT_NO_FATAL_FAILURE(a_second_agent_comes());
  ASSERT_NO_FATAL_FAILURE(connection_tracking_is_flushed());
  ASSERT_NO_FATAL_FAILURE(addresses_of_the_node_come_and_go());
}

// What is taken off, by shell words; $IF is an interface of each pod, $ID its number.
struct TakenOff {
  const char* name;
  const char* attach;
  const char* words;
  bool loses_datagrams =
      false;  // a qdisc that comes or goes stops the interface for a moment (qdisc_graft())
};
void PrintTo(const TakenOff& row, std::ostream* out) {
  *out << row.name;
}
class TakenOffTest : public FaultTest, public ::testing::WithParamInterface<TakenOff> {};

TEST_P(TakenOffTest, IsPutBackSaidAndCounted) {
  const bool tcx = run({SLUICED, "--preflight", "--attach", "tcx"}) == 0;
  if (std::string(GetParam().attach) == "tcx" && !tcx) GTEST_SKIP() << "no TCX here";
  ASSERT_NO_FATAL_FAILURE(begin({"--attach", GetParam().attach}));
  for (const auto& [pod, interface] : interfaces_)
    shell("IF=" + interface + "; ID=$(ip -o link show dev $IF | cut -d: -f1); " + GetParam().words);
  EXPECT_TRUE(eventually([] { return status().find("put back    5 interfaces") != std::string::npos; }))
      << status();
  forgive();
  if (GetParam().loses_datagrams) {
    ASSERT_NO_FATAL_FAILURE(begin_datagrams_again());
  }
  ASSERT_NO_FATAL_FAILURE(expect_sound("put back"));
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, TakenOffTest,
    ::testing::Values(TakenOff{"Qdisc", "clsact", "tc qdisc del dev $IF clsact", true},
                      TakenOff{"OneFilter", "clsact", "tc filter del dev $IF ingress"},
                      TakenOff{"LinkUnpinned", "tcx", "rm /sys/fs/bpf/sluice/links/$ID-to_pod"},
                      TakenOff{"LinkDetached", "tcx",
                               "bpftool link detach pinned /sys/fs/bpf/sluice/links/$ID-from_pod"}),
    [](const auto& row) { return std::string(row.param.name); });

// Another agent's program at the head of the hook, which lets everything go on (TCX_NEXT).
TEST_F(FaultTest, ProgramsOfOthersBeforeOursAreWarnedOf) {
  if (!kernel::attach::tcx_supported()) GTEST_SKIP() << "no TCX here";
  const bpf_insn code[] = {{BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -1},
                           {BPF_JMP | BPF_EXIT, 0, 0, 0, 0}};
  const base::Fd program(
      bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "others", "GPL", code, std::size(code), nullptr));
  ASSERT_TRUE(program.valid());
  ASSERT_NO_FATAL_FAILURE(begin());
  const auto says = [](const std::string& text) { return status().find(text) != std::string::npos; };
  const std::string& name = interface(interfaces_.begin()->first);
  {
    const auto link =
        kernel::attach::tcx_attach(::if_nametoindex(name.c_str()), SLUICE_EGRESS, program.get());
    ASSERT_TRUE(link) << link.error().message();
    EXPECT_TRUE(eventually([&] { return says("1 interface (" + name + ") has programs of somebody else"); }))
        << status();
    ASSERT_NO_FATAL_FAILURE(expect_sound("ours is second"));
  }
  EXPECT_TRUE(eventually([&] { return !says("programs of somebody else"); })) << status();
  EXPECT_FALSE(says("put back")) << "ours were there all the time";
  ASSERT_NO_FATAL_FAILURE(expect_sound("alone again"));
}

TEST_F(FaultTest, PinsOfMapsAreRemoved) {
  ASSERT_NO_FATAL_FAILURE(begin());
  shell("rm -r /sys/fs/bpf/sluice/v*");
  EXPECT_TRUE(eventually(maps_are_pinned));
  change_policy();
  ASSERT_TRUE(in_force());
  ASSERT_NO_FATAL_FAILURE(expect_sound("pinned again"));
  ASSERT_NO_FATAL_FAILURE(kill_and_start());
  ASSERT_NO_FATAL_FAILURE(expect_sound("the next agent finds them"));
}

TEST_F(FaultTest, TheBpfFileSystemIsUnmounted) {
  // One over the other, so that another one comes to light, which is the sandbox's too. What an agent gave up for good
  // (--sandbox) it would need here.
  ASSERT_EQ(::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr), 0);
  ASSERT_NO_FATAL_FAILURE(begin({"--sandbox", "off"}));
  ASSERT_EQ(::umount2("/sys/fs/bpf", MNT_DETACH), 0);
  EXPECT_TRUE(eventually(maps_are_pinned));
  change_policy();
  ASSERT_TRUE(in_force());
  ASSERT_NO_FATAL_FAILURE(expect_sound("mounted again, without a gap"));
  ASSERT_NO_FATAL_FAILURE(kill_and_start());
  ASSERT_NO_FATAL_FAILURE(expect_sound("the next agent"));
}

TEST_F(FaultTest, AnAgentThatIsConfinedSaysThatItCannotMountAnother) {
#ifdef SLUICE_SANITIZE
  GTEST_SKIP() << "built with a sanitizer an agent is not confined";
#endif
  ASSERT_EQ(::mount("bpf", "/sys/fs/bpf", "bpf", 0, nullptr), 0);
  ASSERT_NO_FATAL_FAILURE(begin());
  ASSERT_EQ(::umount2("/sys/fs/bpf", MNT_DETACH), 0);
  EXPECT_TRUE(eventually([] {
    return status().find("cannot take over what is in force") != std::string::npos;
  })) << status();
  change_policy();
  ASSERT_TRUE(in_force()) << "maps are written through descriptors";
  ASSERT_NO_FATAL_FAILURE(expect_traffic());
}

TEST_F(FaultTest, TheBpfFileSystemIsReadOnlyForAWhile) {
  ASSERT_NO_FATAL_FAILURE(begin());
  shell("mount -o remount,ro /sys/fs/bpf");
  change_policy();
  ASSERT_TRUE(in_force()) << "maps are written through descriptors";
  ASSERT_NO_FATAL_FAILURE(expect_traffic());
  EXPECT_TRUE(eventually([] {
    return status().find("cannot take over what is in force") != std::string::npos;
  })) << status();
  agent_.end(SIGKILL);
  start_agent();
  EXPECT_EQ(run({SLUICECTL, "sync", "--timeout", "300ms"}), 1) << "an agent that could leave nothing";
  shell("mount -o remount,rw /sys/fs/bpf");
  ASSERT_NO_FATAL_FAILURE(kill_and_start());
  ASSERT_NO_FATAL_FAILURE(expect_sound("writable again"));
}

TEST_F(FaultTest, DetachedAndBack) {
  ASSERT_NO_FATAL_FAILURE(begin());
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  EXPECT_EQ(run({SLUICED, "--detach"}), 0);
  EXPECT_FALSE(std::filesystem::exists(kFaultPins));
  EXPECT_TRUE(eventually([this] { return forbidden() > 0; })) << "nothing is enforced";
  start_agent();
  ASSERT_TRUE(in_force());
  forgive();
  ASSERT_NO_FATAL_FAILURE(expect_sound("back"));
}

TEST_F(FaultTest, TheDiskOfTheSocketIsFull) {
  ASSERT_NO_FATAL_FAILURE(begin());
  agent_.end(SIGTERM);
  shell(
      "mount -t tmpfs -o size=64k tmpfs /run/sluice; dd if=/dev/zero of=/run/sluice/full bs=4k 2> /dev/null; "
      "true");
  start_agent();
  ASSERT_TRUE(in_force());
  change_policy();
  ASSERT_TRUE(in_force());
  ASSERT_NO_FATAL_FAILURE(expect_sound("full"));
  agent_.end(SIGKILL);
  shell("umount /run/sluice");
  start_agent();
  ASSERT_TRUE(in_force());
  ASSERT_NO_FATAL_FAILURE(expect_sound("room again"));
}

}  // namespace
}  // namespace sluice::live
