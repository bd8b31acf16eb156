#include "tests/stress/flow_tables.h"

#include <algorithm>
#include <cstring>

#include "agent/image/encode.h"

namespace sluice::testing {
namespace {

void* at(auto& entries, uint32_t index) {
  return index < entries.size() ? &entries[index] : nullptr;
}

}  // namespace

FlowTables::FlowTables() {
  config.epoch = 7;
  uint32_t seed = 0x9e3779b9;
  for (auto& word : config.flow_seed) word = seed = seed * 1664525 + 1013904223;
}

void FlowTables::add_pod(uint32_t endpoint, __be32 address4) {
  interfaces.at(endpoint) = {.ifindex = endpoint, .endpoint = endpoint};
  sluice_endpoint& pod = endpoints.at(endpoint);
  pod.id = endpoint;
  pod.pod = endpoint;
  pod.policy[0].since = config.epoch;
  pod.policy[0].address4 = address4;
  pod.policy[1].since = SLUICE_NEVER;
}

std::vector<sluice_flow_edit> FlowTables::flows() const {
  std::vector<sluice_flow_edit> all;
  const auto keep = [&all](const sluice_flow_edit& flow) { all.push_back(flow); };
  for (const auto& bucket : flows4) image::for_each_flow(bucket, keep);
  for (const auto& bucket : flows6) image::for_each_flow(bucket, keep);
  return all;
}

std::string FlowTables::wrong_count(const std::vector<sluice_flow_edit>& flows) const {
  std::array<std::array<int64_t, 2>, kStressEndpoints> held{};
  for (const auto& flow : flows) ++held.at(flow.endpoint)[flow.bits & SLUICE_FLOW_ANSWERED ? 1 : 0];
  sluice_flow_counts sum{};
  for (uint32_t endpoint = 1; endpoint < kStressEndpoints; ++endpoint) {
    const sluice_flow_counts& counted = counts[endpoint];
    for (size_t of = 0; of < 2; ++of) {
      if (counted.held[of] != held[endpoint][of])
        return "endpoint " + std::to_string(endpoint) + ", class " + std::to_string(of) + ": " +
               std::to_string(counted.held[of]) + " counted, " + std::to_string(held[endpoint][of]) +
               " there";
      sum.displaced[of] += counted.displaced[of];
    }
    sum.refused += counted.refused;
  }
  const sluice_flow_counts& node = counts[SLUICE_NO_ENDPOINT];
  const bool is_sum = sum.refused == node.refused && std::ranges::equal(sum.displaced, node.displaced);
  return is_sum ? "" : "the node's counts are not the sum of the endpoints'";
}

void OneCpu::edit(const sluice_flow_edit& edit, uint32_t now) {
  sluice_user_ctx ctx = context(now);
  sluice_user_edit_flow(&ctx, &edit);
}

bool OneCpu::find(sluice_flow_edit& edit, uint32_t now) {
  sluice_user_ctx ctx = context(now);
  return sluice_user_find_flow(&ctx, &edit);
}

bool OneCpu::passes(const std::vector<uint8_t>& frame, uint32_t ifindex, sluice_direction direction,
                    uint32_t now) {
  sluice_user_ctx ctx = context(now);
  ctx.data = frame.data();
  ctx.length = static_cast<uint32_t>(frame.size());
  ctx.ifindex = ifindex;
  return sluice_user_path(&ctx, direction);
}

sluice_user_ctx OneCpu::context(uint32_t now) {
  sluice_user_ctx ctx{};
  ctx.now = now;
  ctx.flow_buckets4 = ctx.flow_buckets6 = kStressBuckets;
  ctx.flow_share = kStressShare;
  ctx.maps = this;
  ctx.lookup = [](void* maps, sluice_map map, const void* key) -> void* {
    uint32_t index;  // every map that is not an array is empty
    std::memcpy(&index, key, sizeof index);
    return static_cast<OneCpu*>(maps)->lookup(map, index);
  };
  ctx.table_line = [](void*, __u32, __u32) -> const __u64* { return nullptr; };  // no policy table
  ctx.insert = [](void*, sluice_map, const void*, const void*) {};
  ctx.emit = [](void*, const sluice_event*) { return false; };
  return ctx;
}

void* OneCpu::lookup(sluice_map map, uint32_t index) {
  switch (map) {
    case SLUICE_MAP_CONFIG:
      return &shared_.config;
    case SLUICE_MAP_FLOWS4:
      return at(shared_.flows4, index);
    case SLUICE_MAP_FLOWS6:
      return at(shared_.flows6, index);
    case SLUICE_MAP_FLOW_LOCKS:
      return at(shared_.locks, index);
    case SLUICE_MAP_FLOW_COUNTS:
      return at(shared_.counts, index);
    case SLUICE_MAP_INTERFACES:
      return at(shared_.interfaces, index);
    case SLUICE_MAP_ENDPOINTS:
      return at(shared_.endpoints, index);
    case SLUICE_MAP_RECENT_VERDICTS:
      return at(recent_, index);
    case SLUICE_MAP_COUNTERS:
      return at(counters_, index);
    case SLUICE_MAP_STATS:
      return at(stats_, index);
    default:
      return nullptr;
  }
}

}  // namespace sluice::testing
