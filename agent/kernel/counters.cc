#include "agent/kernel/counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <atomic>
#include <string>
#include <vector>

#include "agent/kernel/mapped_array.h"

namespace sluice::kernel {
namespace {

static_assert(SLUICE_COUNTER(1, 1) == 3 &&
              kMapShapes[SLUICE_MAP_COUNTERS].entries == SLUICE_REASON_COUNT * 2);

using base::Error;

// The value of each CPU.
template <typename Value>
base::Result<std::vector<Value>> read_cpus(const MapHandle& map, uint32_t key) {
  static_assert(sizeof(Value) % 8 == 0, "per-CPU values lie at multiples of 8 bytes");
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return Error::from_errno(-cpus, "count CPUs");
  std::vector<Value> values(static_cast<size_t>(cpus));
  if (const int code = bpf_map_lookup_elem(map.fd, &key, values.data()); code != 0) {
    return Error::from_errno(-code,
                             std::string("map ") + map.shape().name + ": read entry " + std::to_string(key));
  }
  return values;
}

uint64_t load(__u64& word) {
  return std::atomic_ref(word).load(std::memory_order_relaxed);
}

void add(sluice_endpoint_stats& sum, sluice_endpoint_stats& part) {
  for (int direction = 0; direction < 2; ++direction) {
    sum.denied_packets[direction] += load(part.denied_packets[direction]);
    sum.denied_bytes[direction] += load(part.denied_bytes[direction]);
  }
  for (int kind = 0; kind < 2; ++kind) sum.suppressed[kind] += load(part.suppressed[kind]);
  sum.lost += load(part.lost);
}

void clear(sluice_endpoint_stats& part) {
  for (__u64* word : {&part.denied_packets[0], &part.denied_packets[1], &part.denied_bytes[0],
                      &part.denied_bytes[1], &part.suppressed[0], &part.suppressed[1], &part.lost})
    std::atomic_ref(*word).store(0, std::memory_order_relaxed);
  std::atomic_ref(part.window).store(0, std::memory_order_relaxed);
  for (__u16& reports : part.in_window) std::atomic_ref(reports).store(0, std::memory_order_relaxed);
}

// The parts of one endpoint, where the programs count.
class EndpointParts {
 public:
  static base::Result<EndpointParts> open(const Programs& programs, uint32_t endpoint) {
    const int cpus = libbpf_num_possible_cpus();
    if (cpus < 0) return Error::from_errno(-cpus, "count the CPUs");
    auto all = MappedArray<sluice_endpoint_stats>::open(programs.map(SLUICE_MAP_STATS));
    if (!all) return all.error();
    const uint32_t count = stats_parts(static_cast<uint32_t>(cpus));
    if (endpoint >= all->size() / count)
      return Error("map stats: no entry " + std::to_string(endpoint) + ", it has " +
                   std::to_string(all->size() / count));
    return EndpointParts(std::move(*all), endpoint * count, count);
  }
  template <typename Visit>
  void for_each(Visit visit) {
    for (uint32_t part = 0; part < count_; ++part) visit(all_[first_ + part]);
  }

 private:
  EndpointParts(MappedArray<sluice_endpoint_stats> all, uint32_t first, uint32_t count)
      : all_(std::move(all)), first_(first), count_(count) {}
  MappedArray<sluice_endpoint_stats> all_;
  uint32_t first_, count_;
};

}  // namespace

base::Result<Counters> read_counters(const Programs& programs) {
  const MapHandle map = programs.map(SLUICE_MAP_COUNTERS);
  Counters counters{};
  for (uint32_t index = 0; index < map.entries; ++index) {
    auto cpus = read_cpus<sluice_counter>(map, index);
    if (!cpus) return cpus.error();
    sluice_counter& sum = counters[index / 2][index % 2];  // SLUICE_COUNTER()
    for (const auto& cpu : *cpus) {
      sum.packets += cpu.packets;
      sum.bytes += cpu.bytes;
    }
  }
  return counters;
}

base::Result<sluice_endpoint_stats> read_stats(const Programs& programs, uint32_t endpoint) {
  auto parts = EndpointParts::open(programs, endpoint);
  if (!parts) return parts.error();
  sluice_endpoint_stats sum{};
  parts->for_each([&](sluice_endpoint_stats& part) { add(sum, part); });
  return sum;
}

base::Result<std::vector<sluice_endpoint_stats>> read_stats_parts(const Programs& programs,
                                                                  uint32_t endpoint) {
  auto parts = EndpointParts::open(programs, endpoint);
  if (!parts) return parts.error();
  std::vector<sluice_endpoint_stats> all;
  parts->for_each([&](sluice_endpoint_stats& part) { add(all.emplace_back(), part); });
  return all;
}

base::Status clear_stats(const Programs& programs, uint32_t endpoint) {
  auto parts = EndpointParts::open(programs, endpoint);
  if (!parts) return parts.error();
  parts->for_each(clear);
  return base::done();
}

base::Status age_stats(const Programs& programs, uint32_t endpoint, uint32_t jiffies) {
  auto parts = EndpointParts::open(programs, endpoint);
  if (!parts) return parts.error();
  parts->for_each([&](sluice_endpoint_stats& part) { std::atomic_ref(part.window) -= jiffies; });
  return base::done();
}

}  // namespace sluice::kernel
