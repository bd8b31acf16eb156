#include "bench/change/memory.h"

#include <malloc.h>
#include <unistd.h>

#include <fstream>
#include <functional>

#include "bench/harness/options.h"

namespace sluice::bench {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr uint32_t kManyFlows = 1'048'576;

struct Memory {
  double heap = 0;      // allocated by the agent's part, bytes
  double resident = 0;  // of the process, its own; the maps that it maps are the kernel's
  double peak = 0;      // resident while all was learnt at once
  double kernel = 0;    // the maps, those of flows left out
  Memory operator-(const Memory& other) const {
    return {heap - other.heap, resident - other.resident, peak - other.peak, kernel - other.kernel};
  }
};

// "RssAnon" or "VmHWM", bytes.
Result<double> status_field(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string field; status >> field;)
    if (double kibibytes = 0; field == name + ":" && status >> kibibytes) return kibibytes * 1024;
  return Error("/proc/self/status: no field " + name);
}

void forget_peak() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

Result<Memory> now(const LoadedMaps& maps) {
  malloc_trim(0);
  const auto heap = mallinfo2();
  auto resident = status_field("RssAnon"), peak = status_field("VmHWM");
  auto kernel = maps.bytes(false);
  if (!resident) return resident.error();
  if (!peak) return peak.error();
  if (!kernel) return kernel.error();
  return Memory{static_cast<double>(heap.uordblks + heap.hblkhd), *resident, *peak,
                static_cast<double>(*kernel)};
}

// What the world takes once it is in force and the objects as decoded are gone.
Result<Memory> memory_of(LoadedMaps& maps, const std::function<World()>& make) {
  malloc_trim(0);
  forget_peak();
  auto before = now(maps);
  if (!before) return before.error();
  auto chain = Chain::over(maps);
  if (!chain) return chain.error();
  {
    const World world = make();
    if (auto step = chain->change(world.objects, world.locals); !step) return step.error();
  }
  auto after = now(maps);
  if (!after) return after.error();
  if (Status emptied = chain->empty(); !emptied) return emptied.error();
  return *after - *before;
}

Result<Memory> memory_of(LoadedMaps& maps, const Size& size) {
  return memory_of(maps, [&] { return generate(size); });
}

// Pods that differ in one label each, and a policy with a rule for each of the first `named` of them: so many
// identities, each with its peer set, address and rule.
World told_apart(uint32_t named) {
  constexpr uint32_t kPods = 5000;
  World world{{kPods, 1, 1}, {}, {}};
  model::NetworkPolicy policy;
  policy.name = {namespace_name(0), "apart"};
  for (uint32_t i = 0; i < kPods; ++i) {
    model::Pod pod = pod_at({kPodsPerNamespace, 0, 1}, i);
    pod.name = {namespace_name(0), "pod-" + std::to_string(i)};
    pod.node_name = i == 0 ? kNode : "elsewhere";
    pod.labels = {{"number", std::to_string(i)}};
    if (i == 0) world.locals.push_back({pod.name, 1});
    if (i != 0 && i <= named)
      policy.ingress.push_back(
          {{model::SelectorPeer{model::LabelSelector{{{"number", model::Operator::kIn, {std::to_string(i)}}}},
                                {}}},
           {{net::kTcp, net::PortRange::one(net::Port::from_host(80))}}});
    world.objects.push_back(model::Change::upsert(std::move(pod)));
  }
  world.objects.push_back(model::Change::upsert(std::move(policy)));
  return world;
}

void add(Document& document, const std::string& name, const Labels& labels, double value) {
  document.facts.push_back({"change", name, labels, value, "bytes"});
}

// name: "bytes_per_pod"; more - less of it between two worlds.
Status add_slope(LoadedMaps& maps, const std::string& name, const std::function<World()>& small,
                 const std::function<World()>& large, double more, Document& document) {
  auto less = memory_of(maps, small);
  if (!less) return less.error();
  auto all = memory_of(maps, large);
  if (!all) return all.error();
  const Memory slope = *all - *less;
  add(document, name, {{"where", "agent"}}, slope.heap / more);
  add(document, name, {{"where", "kernel"}}, slope.kernel / more);
  return base::done();
}

// All maps, in a node of so many flows, once the world is in force.
Status add_map_bytes(const Size& size, uint32_t flows, Document& document) {
  auto maps = LoadedMaps::load(flows);
  if (!maps) return maps.error();
  auto chain = Chain::over(**maps);
  if (!chain) return chain.error();
  const World world = generate(size);
  if (auto step = chain->change(world.objects, world.locals); !step) return step.error();
  auto bytes = (*maps)->bytes(true);
  if (!bytes) return bytes.error();
  Labels labels = labels_of(size);
  labels["flows"] = std::to_string(flows);
  add(document, "map_bytes", labels, static_cast<double>(*bytes));
  return base::done();
}

}  // namespace

Labels labels_of(const Size& size) {
  Labels labels = {{"pods", std::to_string(size.pods)},
                   {"policies", std::to_string(size.policies)},
                   {"local", std::to_string(size.local)}};
  if (size.tiers > 0) labels["tiers"] = std::to_string(size.tiers);
  return labels;
}

Status measure_memory(LoadedMaps& maps, bool quick, Document& document) {
  const Size tiered{100'000, 10'000, 110, 200};
  auto with_tiers = memory_of(maps, tiered);
  if (!with_tiers) return with_tiers.error();
  add(document, "resident_bytes", labels_of(tiered), with_tiers->resident);
  const Size largest{100'000, 10'000, 110};
  auto memory = memory_of(maps, largest);
  if (!memory) return memory.error();
  const Labels labels = labels_of(largest);
  add(document, "resident_bytes", labels, memory->resident);
  add(document, "resident_peak_bytes", labels, memory->peak);
  add(document, "kernel_bytes", labels, memory->kernel);
  if (auto added = add_map_bytes(largest, kManyFlows, document); !added) return added;
  if (interrupted()) return Error("interrupted");
  const uint32_t few = quick ? 5'000 : 10'000, many = quick ? 20'000 : 100'000;
  auto world = [](const Size& size) { return [=] { return generate(size); }; };
  if (Status s = add_slope(maps, "bytes_per_pod", world({few, 1'000, 110}), world({many, 1'000, 110}),
                           many - few, document);
      !s)
    return s;
  if (Status s = add_slope(maps, "bytes_per_policy", world({few, 1'000, 110}), world({few, 10'000, 110}),
                           9'000, document);
      !s)
    return s;
  return add_slope(
      maps, "bytes_per_identity", [] { return told_apart(1'000); }, [] { return told_apart(4'000); }, 3'000,
      document);
}

}  // namespace sluice::bench
