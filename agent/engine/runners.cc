#include <linux/pkt_cls.h>

#include "agent/engine/packet_engine.h"
#include "agent/kernel/loader.h"
#include "agent/kernel/log/libbpf_log.h"
#include "agent/kernel/maps.h"
#include "agent/kernel/test_run.h"
#include "agent/packet/maps.h"

namespace sluice::engine {
namespace {

// One packet at a time runs here, so the tables of flows need hardly any room.
constexpr uint32_t kFlowEntries = 64;

class NativeRunner final : public Runner {
 public:
  image::Target& target() override { return maps_; }
  base::Result<bool> passes(const packet::Bytes& frame, sluice_direction direction) override {
    const bool passes = maps_.passes(frame, kRunnerIfindex, direction);
    maps_.clear_events();
    return passes;
  }
  base::Status forget_flows() override {
    maps_.clear_flows();
    return base::done();
  }

 private:
  packet::Maps maps_;
};

class KernelRunner final : public Runner {
 public:
  KernelRunner(std::unique_ptr<kernel::Programs> programs, kernel::KernelMaps maps)
      : programs_(std::move(programs)), maps_(std::move(maps)) {}
  image::Target& target() override { return maps_; }
  base::Result<bool> passes(const packet::Bytes& frame, sluice_direction direction) override {
    kernel::TestRunOptions options;
    options.ifindex = kRunnerIfindex;
    auto run = kernel::test_run(*programs_, direction, frame, options);
    if (!run) return run.error();
    return run->verdict != TC_ACT_SHOT;
  }
  base::Status forget_flows() override { return maps_.forget_flows(); }

 private:
  std::unique_ptr<kernel::Programs> programs_;  // maps_ points into it
  kernel::KernelMaps maps_;
};

}  // namespace

base::Result<std::unique_ptr<Runner>> make_native_runner() {
  return std::unique_ptr<Runner>(std::make_unique<NativeRunner>());
}

base::Result<std::unique_ptr<Runner>> make_kernel_runner() {
  kernel::log::route_libbpf_log();
  kernel::LoadOptions options;
  for (const sluice_map map : {SLUICE_MAP_FLOWS4, SLUICE_MAP_FLOWS6, SLUICE_MAP_FRAGMENTS})
    options.max_entries[map] = kFlowEntries;
  auto loaded = kernel::load(options);
  if (!loaded) return loaded.error();
  auto programs = std::make_unique<kernel::Programs>(std::move(*loaded));
  auto maps = kernel::KernelMaps::open(*programs);
  if (!maps) return maps.error();
  return std::unique_ptr<Runner>(std::make_unique<KernelRunner>(std::move(programs), std::move(*maps)));
}

}  // namespace sluice::engine
