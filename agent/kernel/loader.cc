#include "agent/kernel/loader.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/sys_admin.h"
#include "agent/kernel/bpffs.h"
#include "agent/kernel/flows.h"
#include "agent/kernel/hz.h"
#include "agent/kernel/log/libbpf_log.h"
#include "agent/kernel/log/verifier_log.h"
#include "agent/kernel/memory_lock.h"
#include "agent/kernel/pins.h"
#include "policy.skel.h"
#include "sluice/timeouts.h"

namespace sluice::kernel {
namespace {

using base::Error;
using base::Status;

constexpr uint32_t kTimeoutSeconds[SLUICE_TIMEOUT_COUNT] = {
#define SLUICE_SECONDS(NAME, seconds, text) seconds,
    SLUICE_TIMEOUTS(SLUICE_SECONDS)
#undef SLUICE_SECONDS
};

constexpr size_t kVerifierLogBytes = 1 << 20;
constexpr size_t kStatisticsBytes = 1 << 16;
constexpr uint32_t kStatisticsAlone =
    4;  // BPF_LOG_STATS of the kernel's bpf_verifier.h: what is wrong, and numbers

bpf_map* find_map(const sluice_policy& skeleton, const std::string& name) {
  return bpf_object__find_map_by_name(skeleton.obj, ("sluice_" + name).c_str());
}

Status set_entries(const sluice_policy& skeleton, sluice_map map, uint32_t entries) {
  const std::string name = kMapShapes[map].name;
  const int code = bpf_map__set_max_entries(find_map(skeleton, name), entries);
  return code == 0 ? base::done() : Status(Error::from_errno(-code, "map " + name + ": set its size"));
}

// A recent map: how much of it is a CPU's own, told to the programs and to the map.
Status set_recent(const sluice_policy& skeleton, sluice_map map, uint32_t cpus,
                  volatile const uint32_t& told) {
  const uint32_t part = recent_entries(kMapShapes[map].entries, cpus);
  const_cast<uint32_t&>(told) = part;
  return set_entries(skeleton, map, part * cpus);
}

Status write_constants(sluice_policy& skeleton, uint32_t cpus) {
  auto hz = jiffies_per_second();
  if (!hz) return hz.error();
  for (size_t i = 0; i < SLUICE_TIMEOUT_COUNT; ++i) {
    skeleton.rodata->sluice_timeout_jiffies[i] = kTimeoutSeconds[i] * *hz;
  }
  skeleton.rodata->sluice_second_jiffies = *hz;
  auto& rodata = *skeleton.rodata;
  rodata.sluice_stats_parts = stats_parts(cpus);
  rodata.sluice_stats_shared = cpus > rodata.sluice_stats_parts ? 1 : 0;
  return set_recent(skeleton, SLUICE_MAP_RECENT_VERDICTS, cpus, rodata.sluice_recent_verdict_count);
}

Status set_limits(const sluice_policy& skeleton, const LoadOptions& options, uint32_t cpus) {
  auto limits = options.max_entries;
  const uint32_t flows = options.flows.value_or(default_flows());
  limits.try_emplace(SLUICE_MAP_FLOWS4, SLUICE_FLOW_BUCKETS4(flows));
  limits.try_emplace(SLUICE_MAP_FLOWS6, SLUICE_FLOW_BUCKETS6(flows));
  uint32_t& endpoints =
      limits.try_emplace(SLUICE_MAP_STATS, kMapShapes[SLUICE_MAP_STATS].entries).first->second;
  endpoints *= stats_parts(cpus);
  for (const auto& [map, entries] : limits) {
    if (is_table(map)) continue;
    if (Status set = set_entries(skeleton, map, entries); !set) return set;
  }
  return base::done();
}

// One of the flow tables, before load. It is as large as the pinned one where nobody says how large it is to
// be; where somebody does, the pinned one of another size is opened as the former one.
Status fit_flow_table(const sluice_policy& skeleton, const LoadOptions& options, sluice_map map,
                      base::Fd& former) {
  const auto path = maps_dir(*options.pin_dir) / kMapShapes[map].name;
  const auto entries = pinned_entries(path);
  if (!entries) return entries.error();
  if (*entries == 0) return base::done();
  if (!options.flows || options.look_only) return set_entries(skeleton, map, *entries);
  if (*entries == bpf_map__max_entries(find_map(skeleton, kMapShapes[map].name))) return base::done();
  auto opened = open_pinned(path);
  if (!opened) return opened.error();
  former = std::move(*opened);
  return base::done();
}

Status fit_flow_tables(const sluice_policy& skeleton, const LoadOptions& options, FormerFlows& former) {
  if (!options.pin_dir) return base::done();
  if (auto fit = fit_flow_table(skeleton, options, SLUICE_MAP_FLOWS4, former.flows4); !fit) return fit;
  return fit_flow_table(skeleton, options, SLUICE_MAP_FLOWS6, former.flows6);
}

// What the programs are told of the flow tables that they got.
void write_flow_constants(sluice_policy& skeleton, const LoadOptions& options) {
  auto& rodata = *skeleton.rodata;
  rodata.sluice_flow_bucket_count4 = bpf_map__max_entries(skeleton.maps.sluice_flows4);
  rodata.sluice_flow_bucket_count6 = bpf_map__max_entries(skeleton.maps.sluice_flows6);
  rodata.sluice_flow_share_count = options.flow_share != 0
                                       ? options.flow_share
                                       : rodata.sluice_flow_bucket_count4 * 2 / SLUICE_FLOW_SHARES;
}

// For each map of the contract (not the constants): what `act` does with it and its pin.
template <typename Act>
Status for_each_pin(const sluice_policy& skeleton, const std::filesystem::path& pin_dir, Act act) {
  const auto dir = maps_dir(pin_dir);
  for (const auto& shape : kMapShapes) {
    if (shape.type == BPF_MAP_TYPE_UNSPEC) continue;
    if (Status status = act(find_map(skeleton, shape.name), dir / shape.name); !status) return status;
  }
  if (Status status = act(skeleton.maps.sluice_policy_tables, dir / "policy_tables"); !status) return status;
  if (Status status = act(skeleton.maps.sluice_answers, dir / "answers"); !status) return status;
  return act(skeleton.maps.sluice_events, dir / "events");
}

Status pin_all(const sluice_policy& skeleton, const std::filesystem::path& pin_dir) {
  if (auto pinned = for_each_pin(skeleton, pin_dir, pin_new); !pinned) return pinned;
  const auto programs = programs_dir(pin_dir);
  auto from =
      pin_program(bpf_program__fd(skeleton.progs.sluice_from_pod), programs / program_label(SLUICE_EGRESS));
  if (!from) return from;
  return pin_program(bpf_program__fd(skeleton.progs.sluice_to_pod), programs / program_label(SLUICE_INGRESS));
}

// The kernel says EPERM both of capabilities and of memory that may not be locked.
std::string why_not_permitted(const base::Result<MemoryLock>& lock) {
  const bool capable =
      base::in_effect(CAP_SYS_ADMIN) || (base::in_effect(CAP_BPF) && base::in_effect(CAP_NET_ADMIN));
  if (capable && lock && lock->stands_in_the_way()) return memory_lock_text(*lock);
  return "CAP_BPF and CAP_NET_ADMIN are needed; run as root";
}

Error load_error(int code, const std::vector<char>& log) {
  const std::string text = log::end_of_verifier_log(log.data());
  Error error = Error::from_errno(-code, "load BPF programs");
  if (!text.empty()) return Error(error.message() + ": the verifier says: " + text);
  if (code == -ENOMEM)
    return Error(error.message() +
                 ": raise the memory limit of this process (a pod's, a unit's MemoryMax=), or " +
                 "start it with fewer --flows");
  return code == -EPERM ? Error(error.message() + ": " + why_not_permitted(read_memory_lock())) : error;
}

}  // namespace

void Programs::Close::operator()(sluice_policy* skeleton) const noexcept {
  sluice_policy__destroy(skeleton);
}

Programs::Programs(Programs&&) noexcept = default;
Programs& Programs::operator=(Programs&&) noexcept = default;
Programs::~Programs() = default;

MapHandle Programs::map(sluice_map map) const {
  if (is_table(map)) {
    const auto limit = table_limits_.find(map);
    return {map, table_arrays_->fd(static_cast<sluice_table>(map - SLUICE_FIRST_TABLE)),
            limit == table_limits_.end() ? kMapShapes[map].entries : limit->second};
  }
  const bpf_map* found = find_map(*skeleton_, kMapShapes[map].name);
  return {map, bpf_map__fd(found), bpf_map__max_entries(found)};
}

int Programs::events_fd() const {
  return bpf_map__fd(skeleton_->maps.sluice_events);
}

int Programs::answers_fd() const {
  return bpf_map__fd(skeleton_->maps.sluice_answers);
}

void Programs::ask_for_statistics() {
  for (const auto direction : {SLUICE_INGRESS, SLUICE_EGRESS}) {
    auto& log = statistics_.at(direction);
    log.assign(kStatisticsBytes, '\0');
    (void)bpf_program__set_log_level(program(direction), kStatisticsAlone);
    (void)bpf_program__set_log_buf(program(direction), log.data(), log.size());
  }
}

bpf_program* Programs::program(sluice_direction direction) const {
  return direction == SLUICE_EGRESS ? skeleton_->progs.sluice_from_pod : skeleton_->progs.sluice_to_pod;
}

int Programs::program_fd(sluice_direction direction) const {
  return bpf_program__fd(program(direction));
}

// Asked of the kernel, which tells from 5.16 on, or read from what its verifier wrote.
std::optional<uint32_t> Programs::verified_instructions(sluice_direction direction) const {
  bpf_prog_info info{};
  uint32_t size = sizeof info;
  if (bpf_obj_get_info_by_fd(program_fd(direction), &info, &size) == 0 && info.verified_insns != 0)
    return info.verified_insns;
  const auto& log = statistics_.at(direction);
  return log.empty() ? std::nullopt : log::verified_instructions(log.data());
}

// The flows first, then the pins: an agent that dies in between finds all as it was.
Status Programs::replace_former_flows() {
  if (auto taken = copy_former_flows(*this, former_flows_); !taken) return taken;
  const auto dir = maps_dir(*pin_dir_);
  for (const sluice_map which : {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6}) {
    const bool former = (which == SLUICE_MAP_FLOWS4 ? former_flows_.flows4 : former_flows_.flows6).valid();
    if (!former) continue;
    if (auto pinned = replace_pin(map(which).fd, dir / kMapShapes[which].name); !pinned) return pinned;
  }
  return base::done();
}

Status Programs::open_table_arrays() {
  auto config = MappedArray<sluice_config>::open(map(SLUICE_MAP_CONFIG));
  if (!config) return config.error();
  auto arrays = TableArrays::open(bpf_map__fd(skeleton_->maps.sluice_policy_tables), std::move(*config),
                                  pin_dir_ ? std::optional(maps_dir(*pin_dir_)) : std::nullopt, look_only_);
  if (!arrays) return arrays.error();
  table_arrays_ = std::move(*arrays);
  return base::done();
}

Status Programs::take_over_flows() {
  if (!former_flows_.flows4.valid() && !former_flows_.flows6.valid()) return base::done();
  if (auto taken = copy_former_flows(*this, former_flows_); !taken) return taken;
  former_flows_ = {};
  return count_flows(*this);
}

int Programs::edit_fd() const {
  return bpf_program__fd(skeleton_->progs.sluice_edit_flow);
}

uint32_t Programs::flows() const {
  return bpf_map__max_entries(skeleton_->maps.sluice_flows4) * 2;
}

uint32_t default_flows() {
  constexpr uint64_t kEachGib = 16384, kGib = uint64_t{1} << 30;
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  const uint64_t bytes =
      pages > 0 && page > 0 ? static_cast<uint64_t>(pages) * static_cast<uint64_t>(page) : 0;
  return static_cast<uint32_t>(std::clamp<uint64_t>((bytes + kGib / 2) / kGib * kEachGib, SLUICE_LEAST_FLOWS,
                                                    uint64_t{4} * SLUICE_LEAST_FLOWS));
}

uint32_t recent_entries(uint32_t entries, uint32_t cpus) {
  uint32_t part = entries;
  while (part > 1 && uint64_t{part} * cpus > uint64_t{entries} * SLUICE_RECENT_CPUS) part /= 2;
  return part;
}

uint32_t stats_parts(uint32_t cpus) {
  uint32_t parts = 1;
  while (parts < cpus && parts < SLUICE_STATS_PARTS) parts *= 2;
  return parts;
}

base::Status check_kernel(std::string_view version) {
  if (version.find("PREEMPT_RT") == version.npos) return base::done();
  return Error("kernel " + std::string(version) +
               ": PREEMPT_RT lets one packet's program interrupt another's: run a kernel without it");
}

// The directory may be another one now. The lock of the former one lets its file system, unmounted while it was in use,
// and the links that are pinned there, live on until whoever keeps programs attached has done so once more.
Status Programs::lock_again() {
  struct stat held {
  }, there{};
  const bool same = ::fstat(lock_.get(), &held) == 0 && ::stat(pin_dir_->c_str(), &there) == 0 &&
                    held.st_dev == there.st_dev && held.st_ino == there.st_ino;
  if (same) return base::done();
  auto lock = lock_bpffs(*pin_dir_);
  if (!lock) return lock.error();
  former_lock_ = std::exchange(lock_, std::move(*lock));
  return base::done();
}

base::Result<size_t> Programs::keep_pins() {
  if (!pin_dir_ || look_only_) return size_t{0};
  former_lock_ = base::Fd();
  if (!std::filesystem::exists(maps_dir(*pin_dir_)) || !std::filesystem::exists(links_dir(*pin_dir_)) ||
      !std::filesystem::exists(programs_dir(*pin_dir_))) {
    const base::RaisedSysAdmin mounting;
    if (auto ready = ensure_bpffs(*pin_dir_); !ready) return ready.error();
    if (auto locked = lock_again(); !locked) return locked.error();
  }
  auto again = table_arrays_->keep_pins();
  if (!again) return again;
  const auto keep = [&again](const bpf_map* map, const std::filesystem::path& path) -> Status {
    auto kept = keep_pin(bpf_map__fd(map), path);
    if (kept) *again += *kept ? 1 : 0;
    return kept ? base::done() : Status(kept.error());
  };
  if (auto kept = for_each_pin(*skeleton_, *pin_dir_, keep); !kept) return kept.error();
  for (const auto direction : {SLUICE_INGRESS, SLUICE_EGRESS}) {
    const auto path = programs_dir(*pin_dir_) / program_label(direction);
    if (std::filesystem::exists(path)) continue;
    if (auto pinned = pin_program(program_fd(direction), path); !pinned) return pinned.error();
    ++*again;
  }
  return again;
}

base::Result<Programs> load(const LoadOptions& options) {
  log::route_libbpf_log();
  utsname system{};
  if (::uname(&system) != 0) return Error::from_errno(errno, "uname");
  if (auto runs = check_kernel(system.version); !runs) return runs.error();
  raise_memory_lock();
  Programs programs;
  programs.pin_dir_ = options.pin_dir;
  programs.look_only_ = options.look_only;
  programs.table_limits_ = options.max_entries;
  if (options.pin_dir && !options.look_only) {
    if (auto ready = ensure_bpffs(*options.pin_dir); !ready) return ready.error();
    auto lock = lock_bpffs_soon(*options.pin_dir);
    if (!lock) return lock.error();
    programs.lock_ = std::move(*lock);
    if (options.locked) options.locked();
  }
  std::vector<char> log(kVerifierLogBytes, '\0');
  bpf_object_open_opts open_options{};
  open_options.sz = sizeof open_options;
  open_options.kernel_log_buf = log.data();
  open_options.kernel_log_size = log.size();
  programs.skeleton_.reset(sluice_policy__open_opts(&open_options));
  if (!programs.skeleton_) return Error::from_errno(errno, "open BPF object");
  sluice_policy& skeleton = *programs.skeleton_;
  const int possible = libbpf_num_possible_cpus();
  if (possible < 0) return Error::from_errno(-possible, "count the CPUs");
  const auto cpus = static_cast<uint32_t>(possible);
  if (auto written = write_constants(skeleton, cpus); !written) return written.error();
  if (auto set = set_limits(skeleton, options, cpus); !set) return set.error();
  if (auto fit = fit_flow_tables(skeleton, options, programs.former_flows_); !fit) return fit.error();
  if (options.pin_dir) {
    const auto reuse = [&](bpf_map* map, const std::filesystem::path& path) {
      const bool former = (map == skeleton.maps.sluice_flows4 && programs.former_flows_.flows4.valid()) ||
                          (map == skeleton.maps.sluice_flows6 && programs.former_flows_.flows6.valid());
      return former ? base::done() : reuse_pinned(map, path);
    };
    if (auto reused = for_each_pin(skeleton, *options.pin_dir, reuse); !reused) return reused.error();
  }
  write_flow_constants(skeleton, options);
  if (options.verifier_statistics) programs.ask_for_statistics();
  if (const int code = sluice_policy__load(&skeleton); code != 0) return load_error(code, log);
  if (options.pin_dir && !options.look_only) {
    if (auto pinned = pin_all(skeleton, *options.pin_dir); !pinned) return pinned.error();
    if (auto replaced = programs.replace_former_flows(); !replaced) return replaced.error();
  }
  if (auto opened = programs.open_table_arrays(); !opened) return opened.error();
  return programs;
}

}  // namespace sluice::kernel
