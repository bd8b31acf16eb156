#include "bench/change/chain.h"

#include <fstream>

#include "agent/kernel/log/libbpf_log.h"
#include "bench/change/cluster.h"
#include "bench/change/counting.h"

namespace sluice::bench {

using base::Error;
using base::Result;
using base::Status;
using Clock = std::chrono::steady_clock;

namespace {

constexpr uint32_t kFlowEntries = 64;  // one packet at a time
constexpr sluice_map kFlowMaps[] = {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6, SLUICE_MAP_FRAGMENTS};

bool is_of_flows(sluice_map map) {
  return map == SLUICE_MAP_FLOWS4 || map == SLUICE_MAP_FLOWS6 || map == SLUICE_MAP_FRAGMENTS ||
         map == SLUICE_MAP_FLOW_LOCKS || map == SLUICE_MAP_FLOW_COUNTS || map == SLUICE_MAP_RECENT_VERDICTS ||
         map == SLUICE_MAP_COUNTERS || map == SLUICE_MAP_STATS;
}

// The kernel's own account: memlock of /proc/self/fdinfo, which counts entries since Linux 6.4.
Result<uint64_t> bytes_of(int fd) {
  std::ifstream info("/proc/self/fdinfo/" + std::to_string(fd));
  for (std::string field; info >> field;)
    if (uint64_t bytes = 0; field == "memlock:" && info >> bytes) return bytes;
  return Error("fdinfo of a map: no memlock field");
}

}  // namespace

Result<std::unique_ptr<LoadedMaps>> LoadedMaps::load(std::optional<uint32_t> flows) {
  kernel::log::route_libbpf_log();
  kernel::LoadOptions options;
  options.flows = flows;
  if (!flows)
    for (const sluice_map map : kFlowMaps) options.max_entries[map] = kFlowEntries;
  auto programs = kernel::load(options);
  if (!programs) return programs.error();
  std::unique_ptr<LoadedMaps> loaded(new LoadedMaps(std::move(*programs)));
  auto maps = kernel::KernelMaps::open(loaded->programs_);
  if (!maps) return maps.error();
  loaded->maps_ = std::make_unique<kernel::KernelMaps>(std::move(*maps));
  return loaded;
}

Result<uint64_t> LoadedMaps::bytes(bool flows) const {
  uint64_t sum = 0;
  for (int map = 0; map < SLUICE_MAP_COUNT; ++map) {
    if (!flows && is_of_flows(static_cast<sluice_map>(map))) continue;
    auto bytes = bytes_of(programs_.map(static_cast<sluice_map>(map)).fd);
    if (!bytes) return bytes.error();
    sum += *bytes;
  }
  return sum;
}

Result<Chain> Chain::over(LoadedMaps& maps) {
  auto contents = maps.maps().read();
  if (!contents) return contents.error();
  auto back = image::Placement::read(*contents);
  if (!back) return back.error();
  if (back->image != image::Image{}) return Error("the maps are not empty");
  Chain chain(maps, std::move(back->placement));
  chain.compiler_ = std::make_unique<compile::Compiler>(kNode);
  return chain;
}

Result<Step> Chain::change(std::span<const model::Change> changes,
                           const std::optional<std::vector<compile::LocalPod>>& locals) {
  Step step;
  const auto start = Clock::now();
  auto difference = compiler_->update(changes, locals);
  step.took.compile = Clock::now() - start;
  if (!difference) return difference.error();
  step.difference = std::move(*difference);
  if (Status done = carry_out(compiler_->image(), step); !done) return done.error();
  return step;
}

Status Chain::carry_out(const image::Image& after, Step& step) {
  if (step.difference.empty()) return base::done();  // as control::Node does
  Counting target(maps_.maps());
  const auto start = Clock::now();
  auto plan = placement_.plan(after, step.difference);
  if (!plan) return plan.error();
  const auto planned = Clock::now();
  if (Status put = image::put_in_force(*plan, target); !put) return put;
  const auto in_force = Clock::now();
  step.written.to_force = target.entries();
  if (Status cleaned = image::clean_up(*plan, target); !cleaned) return cleaned;
  step.took.plan = planned - start;
  step.took.write = in_force - planned;
  step.took.grace = target.grace();
  step.took.cleanup = Clock::now() - in_force - target.grace();
  step.written.cleanup = target.entries() - step.written.to_force;
  placement_.release_freed(*plan);
  return base::done();
}

Status Chain::empty() {
  Step step;
  step.difference = image::difference(compiler_->image(), {});
  return carry_out({}, step);
}

Result<Step> Chain::refill() {
  Step step;
  step.difference = image::difference({}, compiler_->image());
  if (Status done = carry_out(compiler_->image(), step); !done) return done.error();
  return step;
}

Result<std::vector<image::Batch>> Chain::batches() const {
  image::Placement nowhere;
  auto plan = nowhere.plan(compiler_->image(), image::difference({}, compiler_->image()));
  if (!plan) return plan.error();
  std::erase_if(plan->prepare, [](const image::Batch& batch) {
    return kernel::kMapShapes[batch.map].type == BPF_MAP_TYPE_ARRAY;
  });
  return std::move(plan->prepare);
}

}  // namespace sluice::bench
