#include "agent/kernel/flows.h"

#include <bpf/bpf.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstring>
#include <string>

#include "agent/image/encode.h"
#include "agent/kernel/hz.h"
#include "agent/kernel/mapped_array.h"
#include "sluice/timeouts.h"

namespace sluice::kernel {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr size_t kEthernetBytes = 14;
constexpr uint32_t kBucketsAtOnce = 4096;
constexpr uint32_t kShort = 60;  // seconds: a flow must not seem to be of the future
constexpr uint32_t kTimeoutSeconds[SLUICE_TIMEOUT_COUNT] = {
#define SLUICE_SECONDS(NAME, seconds, text) seconds,
    SLUICE_TIMEOUTS(SLUICE_SECONDS)
#undef SLUICE_SECONDS
};

// Every bucket of one table. Read by system calls rather than by mmap, which would count the
// whole table as the agent's memory.
template <typename Bucket>
Status for_each_bucket(const MapHandle& map, const auto& visit) {
  std::vector<uint32_t> keys(kBucketsAtOnce);
  std::vector<Bucket> buckets(kBucketsAtOnce);
  uint32_t at = 0;
  for (bool first = true;; first = false) {
    uint32_t count = kBucketsAtOnce;
    const int code = bpf_map_lookup_batch(map.fd, first ? nullptr : &at, &at, keys.data(), buckets.data(),
                                          &count, nullptr);
    if (code != 0 && code != -ENOENT)
      return Error::from_errno(-code, std::string("map ") + map.shape().name + ": read");
    for (uint32_t i = 0; i < count; ++i) visit(buckets[i]);
    if (code == -ENOENT) return base::done();
  }
}

std::string entry_text(uint32_t endpoint) {
  return "map flow_counts: no entry " + std::to_string(endpoint);
}

template <typename Bucket>
Status forget_table(const MapHandle& map) {
  auto buckets = MappedArray<Bucket>::open(map);
  if (!buckets) return buckets.error();
  for (uint32_t i = 0; i < buckets->size(); ++i)
    for (auto& state : (*buckets)[i].state)
      if (state != 0) std::atomic_ref(state).store(0, std::memory_order_relaxed);
  return base::done();
}

class Clock {
 public:
  static Result<Clock> read() {
    const auto hz = jiffies_per_second();
    if (!hz) return hz.error();
    const auto now = jiffies_now();
    if (!now) return now.error();
    return Clock(*hz, *now);
  }
  // Seconds since then; 0 for what lies a moment ahead.
  uint32_t since(uint32_t seen) const {
    const auto jiffies = static_cast<int32_t>(now_ - seen);
    return jiffies < 0 && jiffies > -static_cast<int32_t>(60 * hz_) ? 0 : (now_ - seen) / hz_;
  }

 private:
  Clock(uint32_t hz, uint32_t now) : hz_(hz), now_(now) {}
  uint32_t hz_, now_;
};

// `idle` in seconds.
void add_entry(FlowTableFacts& facts, uint64_t state, uint32_t idle) {
  if (idle > kTimeoutSeconds[SLUICE_FLOW_TIMEOUT(state)]) {
    ++facts.idle;
    return;
  }
  const bool answered = SLUICE_FLOW_BITS(state) & SLUICE_FLOW_ANSWERED;
  ++facts.held[answered ? SLUICE_FLOWS_ANSWERED : SLUICE_FLOWS_UNANSWERED];
  facts.oldest = std::max(facts.oldest, idle);
}

template <typename Bucket>
Result<FlowTableFacts> facts_of(const MapHandle& map, const Clock& clock) {
  FlowTableFacts facts;
  facts.capacity = uint64_t{map.entries} * SLUICE_FLOW_WAYS / 2;
  auto read = for_each_bucket<Bucket>(map, [&](const Bucket& bucket) {
    for (const uint64_t state : bucket.state)
      if (state != 0) add_entry(facts, state, clock.since(SLUICE_FLOW_SEEN(state)));
  });
  if (!read) return read.error();
  return facts;
}

}  // namespace

Status for_each_flow(const Programs& programs, const std::function<void(const sluice_flow_edit&)>& visit) {
  const auto spell = [&visit](const auto& bucket) { image::for_each_flow(bucket, visit); };
  if (auto read = for_each_bucket<sluice_flows4>(programs.map(SLUICE_MAP_FLOWS4), spell); !read) return read;
  return for_each_bucket<sluice_flows6>(programs.map(SLUICE_MAP_FLOWS6), spell);
}

Status edit_flow(const Programs& programs, const sluice_flow_edit& edit) {
  std::array<uint8_t, kEthernetBytes + sizeof edit> frame{};
  std::memcpy(&frame[kEthernetBytes], &edit, sizeof edit);
  bpf_test_run_opts run{};
  run.sz = sizeof run;
  run.data_in = frame.data();
  run.data_size_in = frame.size();
  run.repeat = 1;
  const int code = bpf_prog_test_run_opts(programs.edit_fd(), &run);
  return code == 0 ? base::done() : Status(Error::from_errno(-code, "write to the flow tables"));
}

Status put_flows(const Programs& programs, const std::vector<OpenFlow>& flows) {
  const auto now = jiffies_now();
  if (!now) return now.error();
  const auto hz = jiffies_per_second();
  if (!hz) return hz.error();
  for (const OpenFlow& flow : flows) {
    sluice_flow_edit edit{};
    std::memcpy(edit.remote, flow.remote.bytes().data(), flow.remote.bytes().size());
    edit.endpoint = flow.endpoint;
    const std::array<uint16_t, 2> ports = {flow.local_port.network(), flow.remote_port.network()};
    edit.ports = std::bit_cast<uint32_t>(ports);
    edit.seen = *now - kShort * *hz;
    edit.family = flow.remote.family() == net::Family::kIpv4 ? 4 : 6;
    edit.protocol = net::kTcp.number();
    edit.bits = SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED;
    if (flow.opener == SLUICE_EGRESS) edit.bits |= SLUICE_FLOW_BY_POD;
    edit.kind = SLUICE_FLOW_ADD;
    if (auto put = edit_flow(programs, edit); !put) return put;
  }
  return base::done();
}

Result<size_t> forget_flows(const Programs& programs, const std::set<uint32_t>& endpoints) {
  std::vector<sluice_flow_edit> theirs;
  if (endpoints.empty()) return theirs.size();
  auto read = for_each_flow(programs, [&](const sluice_flow_edit& flow) {
    if (endpoints.contains(flow.endpoint)) theirs.push_back(flow);
  });
  if (!read) return read.error();
  for (sluice_flow_edit& edit : theirs) {
    edit.kind = SLUICE_FLOW_DROP;
    if (auto dropped = edit_flow(programs, edit); !dropped) return dropped.error();
  }
  return theirs.size();
}

Status forget_all_flows(const Programs& programs) {
  if (auto forgot = forget_table<sluice_flows4>(programs.map(SLUICE_MAP_FLOWS4)); !forgot) return forgot;
  if (auto forgot = forget_table<sluice_flows6>(programs.map(SLUICE_MAP_FLOWS6)); !forgot) return forgot;
  auto counts = MappedArray<sluice_flow_counts>::open(programs.map(SLUICE_MAP_FLOW_COUNTS));
  if (!counts) return counts.error();
  for (uint32_t i = 0; i < counts->size(); ++i) {
    sluice_flow_counts& entry = (*counts)[i];
    const __u64 share = entry.share;
    entry = {};
    entry.share = share;
  }
  return base::done();
}

Status copy_former_flows(const Programs& programs, const FormerFlows& former) {
  Status copied = base::done();
  const auto copy = [&](sluice_flow_edit flow) {
    flow.kind = SLUICE_FLOW_COPY;
    if (copied) copied = edit_flow(programs, flow);
  };
  const auto copy_all = [&](const auto& bucket) { image::for_each_flow(bucket, copy); };
  if (former.flows4.valid()) {
    const MapHandle map{SLUICE_MAP_FLOWS4, former.flows4.get(), 0};
    if (auto read = for_each_bucket<sluice_flows4>(map, copy_all); !read) return read;
  }
  if (former.flows6.valid()) {
    const MapHandle map{SLUICE_MAP_FLOWS6, former.flows6.get(), 0};
    if (auto read = for_each_bucket<sluice_flows6>(map, copy_all); !read) return read;
  }
  return copied;
}

Status count_flows(const Programs& programs) {
  auto counts = MappedArray<sluice_flow_counts>::open(programs.map(SLUICE_MAP_FLOW_COUNTS));
  if (!counts) return counts.error();
  std::vector<std::array<int64_t, 2>> held(counts->size());
  auto read = for_each_flow(programs, [&](const sluice_flow_edit& flow) {
    const bool answered = flow.bits & SLUICE_FLOW_ANSWERED;
    ++held[SLUICE_ENDPOINT_INDEX(flow.endpoint) % held.size()]
          [answered ? SLUICE_FLOWS_ANSWERED : SLUICE_FLOWS_UNANSWERED];
  });
  if (!read) return read;
  for (uint32_t i = 0; i < held.size(); ++i)
    for (size_t kind = 0; kind < 2; ++kind)
      std::atomic_ref((*counts)[i].held[kind]).store(held[i][kind], std::memory_order_relaxed);
  return base::done();
}

Result<sluice_flow_counts> read_flow_counts(const Programs& programs, uint32_t endpoint) {
  sluice_flow_counts counts{};
  const int code = bpf_map_lookup_elem(programs.map(SLUICE_MAP_FLOW_COUNTS).fd, &endpoint, &counts);
  if (code != 0) return Error::from_errno(-code, entry_text(endpoint));
  return counts;
}

Status clear_flow_counts(const Programs& programs, uint32_t endpoint) {
  auto counts = MappedArray<sluice_flow_counts>::open(programs.map(SLUICE_MAP_FLOW_COUNTS));
  if (!counts) return counts.error();
  if (endpoint >= counts->size()) return Error(entry_text(endpoint));
  sluice_flow_counts& entry = (*counts)[endpoint];
  for (__u64* word :
       {&entry.displaced[0], &entry.displaced[1], &entry.refused, &entry.opened[0], &entry.opened[1]})
    std::atomic_ref(*word).store(0, std::memory_order_relaxed);
  return base::done();
}

Status set_flow_share(const Programs& programs, uint32_t endpoint, uint64_t flows) {
  auto counts = MappedArray<sluice_flow_counts>::open(programs.map(SLUICE_MAP_FLOW_COUNTS));
  if (!counts) return counts.error();
  if (endpoint >= counts->size()) return Error(entry_text(endpoint));
  std::atomic_ref((*counts)[endpoint].share).store(flows, std::memory_order_relaxed);
  return base::done();
}

Result<FlowFacts> read_flow_facts(const Programs& programs) {
  const auto clock = Clock::read();
  if (!clock) return clock.error();
  auto ipv4 = facts_of<sluice_flows4>(programs.map(SLUICE_MAP_FLOWS4), *clock);
  if (!ipv4) return ipv4.error();
  auto ipv6 = facts_of<sluice_flows6>(programs.map(SLUICE_MAP_FLOWS6), *clock);
  if (!ipv6) return ipv6.error();
  return FlowFacts{*ipv4, *ipv6};
}

}  // namespace sluice::kernel
