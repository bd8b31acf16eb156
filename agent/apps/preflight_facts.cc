#include "agent/apps/preflight_facts.h"

#include <linux/capability.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <functional>

#include "agent/base/sys_admin.h"
#include "agent/endpoint/gate.h"
#include "agent/endpoint/netns.h"
#include "agent/kernel/attach/clsact.h"
#include "agent/kernel/attach/tcx.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/loader.h"

namespace sluice::apps {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr uint32_t kLoopback = 1;  // every network namespace has it, with this number

// Runs `act` in a network namespace of its own, which ends with it.
Status in_throwaway_netns(const std::function<Status()>& act) {
  Status status = base::done();
  auto ran = endpoint::on_fresh_thread([&] {
    int failure = 0;
    if (const base::RaisedSysAdmin raised; ::unshare(CLONE_NEWNET) != 0) failure = errno;
    status = failure == 0
                 ? act()
                 : Status(Error::from_errno(failure, "make a network namespace (needs CAP_SYS_ADMIN)"));
  });
  return ran ? status : ran;
}

Status attach_to_loopback(const kernel::Programs& programs, bool tcx) {
  if (!tcx) {
    const std::array<int, 2> fds = {programs.program_fd(SLUICE_INGRESS), programs.program_fd(SLUICE_EGRESS)};
    return kernel::attach::clsact_attach(kLoopback, fds);
  }
  for (const auto direction : {SLUICE_INGRESS, SLUICE_EGRESS})
    if (auto link = kernel::attach::tcx_attach(kLoopback, direction, programs.program_fd(direction)); !link)
      return link.error();
  return base::done();
}

Status close_a_gate() {
  auto here = endpoint::Netns::current();
  return here ? endpoint::close_gate(*here) : Status(here.error());
}

Result<kernel::Programs> load(const PreflightOptions& options, bool beside_pinned, bool statistics) {
  kernel::LoadOptions how;
  if (beside_pinned) how.pin_dir = options.bpffs;
  how.look_only = true;
  how.verifier_statistics = statistics;
  return kernel::load(how);
}

void try_programs(const PreflightOptions& options, NodeFacts& facts) {
  const auto began = std::chrono::steady_clock::now();
  auto programs = load(options, facts.pinned, true);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - began;
  if (!programs) programs = load(options, facts.pinned, false);  // which explains more
  if (!programs) {
    facts.programs = programs.error();
    return;
  }
  LoadedPrograms loaded;
  loaded.milliseconds = took.count();
  for (const auto direction : {SLUICE_INGRESS, SLUICE_EGRESS})
    loaded.verified.at(direction) = programs->verified_instructions(direction);
  facts.programs = loaded;
  const bool tcx = options.attach == kernel::attach::AttachMode::kTcx ||
                   (options.attach == kernel::attach::AttachMode::kAuto && facts.tcx);
  facts.attached = in_throwaway_netns([&] { return attach_to_loopback(*programs, tcx); });
}

std::optional<bool> jit_enabled() {
  std::ifstream file("/proc/sys/net/core/bpf_jit_enable");
  int value = 0;
  return file >> value ? std::optional(value != 0) : std::nullopt;
}

std::set<unsigned> capabilities_in_effect() {
  std::set<unsigned> all;
  for (const unsigned capability : {CAP_BPF, CAP_PERFMON, CAP_NET_ADMIN, CAP_SYS_ADMIN})
    if (base::in_effect(capability)) all.insert(capability);
  return all;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

void read_limits(NodeFacts& facts) {
  kernel::raise_memory_lock();
  if (auto lock = kernel::read_memory_lock()) facts.memory_lock = *lock;
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) facts.descriptors = files.rlim_max;
}

}  // namespace

NodeFacts read_node_facts(const PreflightOptions& options) {
  NodeFacts facts;
  utsname system{};
  if (::uname(&system) == 0)
    facts.release = system.release, facts.version = system.version, facts.machine = system.machine;
  facts.capabilities = capabilities_in_effect();
  read_limits(facts);
  facts.bpffs = kernel::check_bpffs(options.bpffs);
  facts.bpffs_mounted = kernel::lies_in_bpffs(options.bpffs);
  facts.pinned = facts.bpffs_mounted && exists(kernel::maps_dir(options.bpffs));
  facts.tcx = kernel::attach::tcx_supported();
  try_programs(options, facts);
  facts.gate = in_throwaway_netns(close_a_gate);
  facts.jit = jit_enabled();
  facts.conntrack = exists("/proc/sys/net/netfilter/nf_conntrack_max");
  facts.netns_dir_exists = exists(options.netns_dir);
  cni::NodeFiles node;
  node.conf_dir = options.cni_conf_dir;
  node.bin_dir = options.cni_bin_dir;
  if (auto survey = cni::survey(node)) facts.cni = std::move(*survey);
  return facts;
}

}  // namespace sluice::apps
