#include "agent/apps/preflight.h"

#include <linux/capability.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>

#include "agent/apps/command_line.h"
#include "agent/apps/table.h"
#include "agent/apps/terminal.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/loader.h"

namespace sluice::apps {
namespace {

constexpr uint64_t kDescriptorsForAllPods = 10'000;
constexpr uint64_t kDescriptorsEachPod = 2, kDescriptorsBeside = 64;

PreflightRow row(const char* check, Fitness fitness, std::string found, std::string follows = {}) {
  return {check, fitness, std::move(found), std::move(follows)};
}

PreflightRow kernel_row(const NodeFacts& facts) {
  return row("kernel", Fitness::kOk, "Linux " + facts.release + " " + facts.machine);
}

PreflightRow preempt_rt_row(const NodeFacts& facts) {
  const auto runs = kernel::check_kernel(facts.version);
  if (runs) return row("PREEMPT_RT", Fitness::kOk, "no");
  return row("PREEMPT_RT", Fitness::kUnfit, "yes", runs.error().message());
}

PreflightRow capabilities_row(const NodeFacts& facts) {
  const bool admin = facts.capabilities.contains(CAP_SYS_ADMIN);
  std::string missing;
  const auto look = [&](unsigned capability, const char* name) {
    if (!facts.capabilities.contains(capability))
      missing += (missing.empty() ? "" : ", ") + std::string(name);
  };
  look(CAP_NET_ADMIN, "NET_ADMIN");
  look(CAP_SYS_ADMIN, "SYS_ADMIN");
  if (!admin) look(CAP_BPF, "BPF");
  if (!missing.empty())
    return row(
        "capabilities", Fitness::kUnfit, "without " + missing,
        "an agent with these loads no programs, attaches none, or finds no pod: run it as root with BPF, "
        "PERFMON, NET_ADMIN and SYS_ADMIN");
  if (!admin && !facts.capabilities.contains(CAP_PERFMON))
    return row("capabilities", Fitness::kNote, "without PERFMON", "each packet costs more: Spectre masking");
  return row("capabilities", Fitness::kOk, "all that an agent needs");
}

PreflightRow memory_lock_row(const NodeFacts& facts) {
  if (!facts.memory_lock.counted)
    return row("memory lock", Fitness::kOk, "BPF maps do not count against it (Linux 5.11)");
  if (!facts.memory_lock.stands_in_the_way()) return row("memory lock", Fitness::kOk, "unlimited");
  return row("memory lock", Fitness::kUnfit, std::to_string(facts.memory_lock.soft / 1024) + " KiB",
             kernel::memory_lock_text(facts.memory_lock));
}

PreflightRow descriptors_row(const NodeFacts& facts) {
  const std::string found = "at most " + std::to_string(facts.descriptors);
  if (facts.descriptors >= kDescriptorsForAllPods) return row("open files", Fitness::kOk, found);
  const uint64_t room = facts.descriptors > kDescriptorsBeside ? facts.descriptors - kDescriptorsBeside : 0;
  return row("open files", Fitness::kNote, found,
             "enough for about " + std::to_string(room / kDescriptorsEachPod) +
                 " pods: set LimitNOFILE=65536 in the unit, or `ulimit -Hn 65536` in the shell");
}

PreflightRow bpffs_row(const NodeFacts& facts, const PreflightOptions& options) {
  if (!facts.bpffs) return row("bpffs", Fitness::kUnfit, "none", facts.bpffs.error().message());
  if (!facts.bpffs_mounted)
    return row(
        "bpffs", Fitness::kNote, "not mounted at /sys/fs/bpf",
        "the agent mounts one, which ends with its container where it runs in one: mount it on the node by "
        "`mount -t bpf bpf /sys/fs/bpf`");
  return row("bpffs", Fitness::kOk, "mounted",
             facts.pinned ? "an agent's maps are pinned in " + options.bpffs : "");
}

PreflightRow programs_row(const NodeFacts& facts) {
  if (!facts.programs) return row("programs", Fitness::kUnfit, "refused", facts.programs.error().message());
  const LoadedPrograms& programs = *facts.programs;
  const auto text = [&](sluice_direction direction) {
    const auto count = programs.verified.at(direction);
    return std::string(kernel::program_label(direction)) + " " + (count ? std::to_string(*count) : "?");
  };
  char took[32];
  std::snprintf(took, sizeof took, "%.0f ms", programs.milliseconds);
  return row("programs", Fitness::kOk,
             "load in " + std::string(took) + "; verified instructions: " + text(SLUICE_EGRESS) + ", " +
                 text(SLUICE_INGRESS));
}

PreflightRow attachment_row(const NodeFacts& facts, const PreflightOptions& options) {
  const bool tcx = options.attach == kernel::attach::AttachMode::kTcx ||
                   (options.attach == kernel::attach::AttachMode::kAuto && facts.tcx);
  const std::string mode = tcx ? "TCX" : "clsact";
  if (!facts.programs) return row("attachment", Fitness::kNote, "not tried", "the programs are refused");
  if (!facts.attached)
    return row("attachment", Fitness::kUnfit, mode + ": refused",
               facts.attached.error().message() +
                   (tcx ? ": choose --attach auto"
                        : ": the kernel needs sch_ingress, cls_bpf and act_bpf for it: load these modules"));
  if (facts.tcx) return row("attachment", Fitness::kOk, mode);
  return row("attachment", Fitness::kOk, mode + "; no TCX (Linux 6.6)",
             "each packet costs a little more than with TCX");
}

PreflightRow jit_row(const NodeFacts& facts) {
  if (!facts.jit) return row("JIT", Fitness::kNote, "not to be seen");
  if (*facts.jit) return row("JIT", Fitness::kOk, "on");
  return row("JIT", Fitness::kNote, "off",
             "each packet costs several times more: `sysctl -w net.core.bpf_jit_enable=1`");
}

PreflightRow conntrack_row(const NodeFacts& facts) {
  if (facts.conntrack) return row("conntrack", Fitness::kOk, "there");
  return row(
      "conntrack", Fitness::kNote, "not loaded",
      "a connection that is open when a pod is first protected counts as opened by whoever speaks next");
}

PreflightRow gate_row(const NodeFacts& facts) {
  if (facts.gate) return row("nf_tables", Fitness::kOk, "a pod's gate can be closed");
  if (!facts.capabilities.contains(CAP_SYS_ADMIN) || !facts.capabilities.contains(CAP_NET_ADMIN))
    return row("nf_tables", Fitness::kNote, "not tried", "capabilities are missing");
  return row("nf_tables", Fitness::kNote, facts.gate.error().message(),
             "sluice-cni cannot close a new pod's namespace and fails its ADD: load nf_tables, or install it "
             "with --no-gate (chart: cni.gate=false)");
}

PreflightRow netns_row(const NodeFacts& facts, const PreflightOptions& options) {
  if (facts.netns_dir_exists) return row("namespaces", Fitness::kOk, options.netns_dir);
  return row("namespaces", Fitness::kNote, options.netns_dir + " does not exist",
             "the agent finds no pod and is not ready until it does; check --netns-dir");
}

PreflightRow cni_row(const NodeFacts& facts, const PreflightOptions& options) {
  const std::string follows = "no CNI plugin tells of new pods: they are open until the agent finds them";
  if (!facts.cni.conf_dir_exists)
    return row("CNI folder", Fitness::kNote, options.cni_conf_dir + " does not exist", follows);
  if (facts.cni.precedes_bandwidth)
    return row(
        "CNI folder", Fitness::kNote,
        "sluice-cni stands before the bandwidth plugin in " + facts.cni.named_in,
        "a pod whose egress is to be shaped is not made (`file exists`) where programs are attached by "
        "clsact: put sluice-cni last, or take it out and run `sluice-cni install`");
  if (!facts.cni.named_in.empty() && facts.cni.plugin_exists)
    return row("CNI folder", Fitness::kOk, "sluice-cni is in " + facts.cni.named_in);
  if (!facts.cni.named_in.empty())
    return row(
        "CNI folder", Fitness::kNote,
        "sluice-cni is in " + facts.cni.named_in + " and not in " + options.cni_bin_dir,
        "no pod can be made by that configuration: run `sluice-cni install`, or `sluice-cni uninstall`");
  return row("CNI folder", Fitness::kNote,
             facts.cni.base_name.empty() ? options.cni_conf_dir + " has no configuration"
                                         : "sluice-cni is not chained to " + facts.cni.base_name,
             follows);
}

boost::json::object to_json(const PreflightRow& row) {
  return {
      {"check", row.check}, {"state", to_text(row.fitness)}, {"found", row.found}, {"follows", row.follows}};
}

}  // namespace

const char* to_text(Fitness fitness) {
  switch (fitness) {
    case Fitness::kOk:
      return "ok";
    case Fitness::kNote:
      return "note";
    case Fitness::kUnfit:
      return "unfit";
  }
  return "";
}

std::vector<PreflightRow> judge(const NodeFacts& facts, const PreflightOptions& options) {
  return {kernel_row(facts),       preempt_rt_row(facts),
          capabilities_row(facts), memory_lock_row(facts),
          descriptors_row(facts),  bpffs_row(facts, options),
          programs_row(facts),     attachment_row(facts, options),
          jit_row(facts),          conntrack_row(facts),
          gate_row(facts),         netns_row(facts, options),
          cni_row(facts, options)};
}

bool is_fit(const std::vector<PreflightRow>& rows) {
  return std::ranges::none_of(rows, [](const auto& row) { return row.fitness == Fitness::kUnfit; });
}

std::string preflight_table(const std::vector<PreflightRow>& rows, bool colour) {
  Table table({"CHECK", "STATE", "FOUND", "WHAT FOLLOWS"});
  for (const auto& row : rows) table.add({row.check, to_text(row.fitness), row.found, one_line(row.follows)});
  return table.text(colour) + (is_fit(rows)
                                   ? "\nFit: an agent can run here.\n"
                                   : "\nUnfit: an agent cannot run here; the rows `unfit` say why.\n");
}

std::string preflight_json(const std::vector<PreflightRow>& rows) {
  boost::json::array checks;
  for (const auto& row : rows) checks.push_back(to_json(row));
  return boost::json::serialize(boost::json::object{{"fit", is_fit(rows)}, {"checks", std::move(checks)}}) +
         "\n";
}

int run_preflight(const PreflightOptions& options) {
  const auto rows = judge(read_node_facts(options), options);
  std::fputs((options.output == "json" ? preflight_json(rows) : preflight_table(rows, use_colour())).c_str(),
             stdout);
  if (std::fflush(stdout) != 0) return kExitFailed;
  return is_fit(rows) ? kExitDone : kExitFailed;
}

}  // namespace sluice::apps
