#include "agent/kernel/counters.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <string>
#include <vector>

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

void add(sluice_endpoint_stats& sum, const sluice_endpoint_stats& one) {
  for (int direction = 0; direction < 2; ++direction) {
    sum.denied_packets[direction] += one.denied_packets[direction];
    sum.denied_bytes[direction] += one.denied_bytes[direction];
  }
  sum.reports += one.reports;
  sum.suppressed += one.suppressed;
  sum.lost += one.lost;
}

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
  auto cpus = read_cpus<sluice_endpoint_stats>(programs.map(SLUICE_MAP_STATS), endpoint);
  if (!cpus) return cpus.error();
  sluice_endpoint_stats sum{};
  for (const auto& cpu : *cpus) add(sum, cpu);
  return sum;
}

base::Status clear_stats(const Programs& programs, uint32_t endpoint) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus < 0) return Error::from_errno(-cpus, "count CPUs");
  const std::vector<sluice_endpoint_stats> zero(static_cast<size_t>(cpus));
  const MapHandle map = programs.map(SLUICE_MAP_STATS);
  if (const int code = bpf_map_update_elem(map.fd, &endpoint, zero.data(), BPF_ANY); code != 0) {
    return Error::from_errno(-code, "map stats: clear entry " + std::to_string(endpoint));
  }
  return base::done();
}

}  // namespace sluice::kernel
