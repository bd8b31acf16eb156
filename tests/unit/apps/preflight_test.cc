// preflight: each fact and what is said of it; and once the real kernel.
#include "agent/apps/preflight.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

namespace sluice::apps {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// A node on which nothing lacks.
NodeFacts sound_node() {
  NodeFacts facts;
  facts.release = "6.12.57";
  facts.version = "#1 SMP PREEMPT_DYNAMIC";
  facts.machine = "x86_64";
  facts.capabilities = {CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN};
  facts.descriptors = 65536;
  facts.bpffs_mounted = facts.tcx = facts.conntrack = facts.netns_dir_exists = true;
  facts.programs = LoadedPrograms{{61000, 62000}, 40};
  facts.jit = true;
  facts.cni.conf_dir_exists = facts.cni.plugin_exists = true;
  facts.cni.named_in = "05-sluice.conflist";
  return facts;
}

TEST(Preflight, ASoundNodeIsFitAndNothingFollows) {
  for (const auto& row : judge(sound_node(), {})) {
    EXPECT_EQ(row.fitness, Fitness::kOk) << row.check;
    EXPECT_EQ(row.follows, "") << row.check;
  }
}

struct Lack {
  const char* name;
  std::function<void(NodeFacts&)> take_away;
  const char* check;
  Fitness fitness;
  const char* text;  // part of what is found or follows
};

class PreflightLack : public ::testing::TestWithParam<Lack> {};

TEST_P(PreflightLack, IsInItsRowAndInNoOther) {
  NodeFacts facts = sound_node();
  GetParam().take_away(facts);
  const auto rows = judge(facts, {});
  EXPECT_EQ(is_fit(rows), GetParam().fitness != Fitness::kUnfit);
  for (const auto& row : rows) {
    if (row.check != GetParam().check) {
      EXPECT_NE(row.fitness, Fitness::kUnfit) << row.check;
      continue;
    }
    EXPECT_EQ(row.fitness, GetParam().fitness);
    EXPECT_THAT(row.found + "; " + row.follows, HasSubstr(GetParam().text));
  }
}

const base::Error kRefused("load BPF programs: Invalid argument: the verifier says: R1 offset");

INSTANTIATE_TEST_SUITE_P(
    Apps, PreflightLack,
    ::testing::
        Values(Lack{"preempt_rt", [](auto& f) { f.version = "#1 SMP PREEMPT_RT Debian"; }, "PREEMPT_RT",
                    Fitness::kUnfit, "run a kernel without it"},
               Lack{"sys_admin", [](auto& f) { f.capabilities.erase(CAP_SYS_ADMIN); }, "capabilities",
                    Fitness::kUnfit, "without SYS_ADMIN"},
               Lack{"net_admin", [](auto& f) { f.capabilities.erase(CAP_NET_ADMIN); }, "capabilities",
                    Fitness::kUnfit, "without NET_ADMIN"},
               Lack{"bpf_is_part_of_sys_admin", [](auto& f) { f.capabilities.erase(CAP_BPF); },
                    "capabilities", Fitness::kOk, "all that an agent needs"},
               Lack{"nobody", [](auto& f) { f.capabilities.clear(); }, "capabilities", Fitness::kUnfit,
                    "without NET_ADMIN, SYS_ADMIN, BPF"},
               Lack{"memory_lock",
                    [](auto& f) {
                      f.memory_lock = {true, 65536, 65536};
                    },
                    "memory lock", Fitness::kUnfit, "LimitMEMLOCK=infinity"},
               Lack{"memory_lock_lifted",
                    [](auto& f) {
                      f.memory_lock = {true, kernel::kUnlimitedLock, kernel::kUnlimitedLock};
                    },
                    "memory lock", Fitness::kOk, "unlimited"},
               Lack{"few_descriptors", [](auto& f) { f.descriptors = 1024; }, "open files", Fitness::kNote,
                    "about 480 pods"},
               Lack{"no_bpffs", [](auto& f) { f.bpffs = base::Error("mount one"); }, "bpffs", Fitness::kUnfit,
                    "mount one"},
               Lack{"bpffs_to_be_mounted", [](auto& f) { f.bpffs_mounted = false; }, "bpffs", Fitness::kNote,
                    "ends with its container"},
               Lack{"an_agents_maps", [](auto& f) { f.pinned = true; }, "bpffs", Fitness::kOk,
                    "pinned in /sys/fs"},
               Lack{"programs", [](auto& f) { f.programs = kRefused; }, "programs", Fitness::kUnfit,
                    "R1 offset"},
               Lack{"instructions_not_told", [](auto& f) { f.programs = LoadedPrograms{}; }, "programs",
                    Fitness::kOk, "from_pod ?, to_pod ?"},
               Lack{"no_tcx", [](auto& f) { f.tcx = false; }, "attachment", Fitness::kOk, "clsact; no TCX"},
               Lack{"no_clsact",
                    [](auto& f) {
                      f.tcx = false;
                      f.attached = base::Error("make clsact: No such file or directory");
                    },
                    "attachment", Fitness::kUnfit, "sch_ingress"},
               Lack{"no_jit", [](auto& f) { f.jit = false; }, "JIT", Fitness::kNote, "bpf_jit_enable"},
               Lack{"no_conntrack", [](auto& f) { f.conntrack = false; }, "conntrack", Fitness::kNote,
                    "speaks next"},
               Lack{"no_nf_tables", [](auto& f) { f.gate = base::Error("no nf_tables"); }, "nf_tables",
                    Fitness::kNote, "--no-gate"},
               Lack{"no_namespaces", [](auto& f) { f.netns_dir_exists = false; }, "namespaces",
                    Fitness::kNote, "/run/netns does not exist"},
               Lack{"no_cni_folder", [](auto& f) { f.cni = {}; }, "CNI folder", Fitness::kNote,
                    "/etc/cni/net.d does not exist"},
               Lack{"plugin_is_lost", [](auto& f) { f.cni.plugin_exists = false; }, "CNI folder",
                    Fitness::kNote, "no pod can be made"},
               Lack{
                   "not_chained",
                   [](auto& f) {
                     f.cni.named_in.clear();
                     f.cni.base_name = "10-kindnet.conflist";
                   },
                   "CNI folder", Fitness::kNote, "10-kindnet.conflist"},
               Lack{"before_bandwidth", [](auto& f) { f.cni.precedes_bandwidth = true; }, "CNI folder",
                    Fitness::kNote, "before the bandwidth plugin in 05-sluice.conflist"}),
    [](const auto& lack) { return lack.param.name; });

TEST(Preflight, PrintsOneRowACheck) {
  const std::vector<PreflightRow> rows = {{"kernel", Fitness::kOk, "Linux 6.12", ""},
                                          {"bpffs", Fitness::kUnfit, "none", "mount\none"}};
  EXPECT_EQ(preflight_table(rows, false),
            "CHECK   STATE  FOUND       WHAT FOLLOWS\n"
            "kernel  ok     Linux 6.12\n"
            "bpffs   unfit  none        mount one\n"
            "\nUnfit: an agent cannot run here; the rows `unfit` say why.\n");
  EXPECT_EQ(preflight_json(rows),
            R"({"fit":false,"checks":[{"check":"kernel","state":"ok","found":"Linux 6.12","follows":""},)"
            R"({"check":"bpffs","state":"unfit","found":"none","follows":"mount\none"}]})"
            "\n");
}

TEST(Preflight, ReallyLoadsAndAttachesAndLeavesNothing) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root: loads programs";
  PreflightOptions options;
  options.bpffs = "/sys/fs/bpf/sluice-preflight-test";
  for (const auto mode : {kernel::attach::AttachMode::kAuto, kernel::attach::AttachMode::kClsact}) {
    options.attach = mode;
    const NodeFacts facts = read_node_facts(options);
    ASSERT_TRUE(facts.programs.ok()) << facts.programs.error().message();
    for (const auto& count : (*facts.programs).verified) EXPECT_GT(count.value_or(0), 10'000U);
    EXPECT_TRUE(facts.attached.ok()) << facts.attached.error().message();
    EXPECT_TRUE(facts.gate.ok()) << facts.gate.error().message();
    EXPECT_FALSE(std::filesystem::exists(options.bpffs));
  }
  options.bpffs = ::testing::TempDir();
  EXPECT_FALSE(is_fit(judge(read_node_facts(options), options)));
}

}  // namespace
}  // namespace sluice::apps
