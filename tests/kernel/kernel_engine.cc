#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

#include "agent/kernel/counters.h"
#include "agent/kernel/entries.h"
#include "agent/kernel/events.h"
#include "agent/kernel/flows.h"
#include "agent/kernel/hz.h"
#include "agent/kernel/mapped_array.h"
#include "agent/kernel/maps.h"
#include "agent/kernel/test_run.h"
#include "tests/kernel/engine.h"

namespace sluice::testing {
namespace {

constexpr uint32_t kEndpointEntries = 16;
constexpr size_t kManyEvents = 1 << 16;
constexpr int kPasses = -1;  // TC_ACT_UNSPEC

template <typename T>
T must(base::Result<T> result) {
  if (!result) {
    std::cerr << "kernel engine: " << result.error().message() << "\n";
    std::abort();
  }
  return std::move(result).value();
}

// Windows of reports are a CPU's own.
void stay_on_one_cpu() {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) std::cerr << "kernel engine: sched_setaffinity failed\n";
}

// The kernel's own count: no clock that is adjusted says it to the jiffy.
uint32_t jiffies() {
  std::ifstream list("/proc/timer_list");
  for (std::string word; list >> word;) {
    uint64_t count = 0;
    if (word == "jiffies:" && list >> count) return static_cast<uint32_t>(count);
  }
  std::cerr << "kernel engine: /proc/timer_list names no jiffies\n";
  std::abort();
}

class KernelEngine final : public Engine {
 public:
  explicit KernelEngine(kernel::Programs programs)
      : programs_(std::move(programs)),
        maps_(must(kernel::KernelMaps::open(programs_))),
        still_(maps_),
        events_(must(kernel::Events::open(programs_))),
        dns_(must(kernel::MappedArray<sluice_dns>::open(programs_.map(SLUICE_MAP_DNS)))),
        hz_(must(kernel::jiffies_per_second())) {
    answers_.reset(ring_buffer__new(programs_.answers_fd(), on_heard, &heard_, nullptr));
    if (!answers_) std::abort();
  }
  std::string name() const override { return "kernel"; }

  void reset() override {
    must(put({}));
    set_flags(0);
    must(maps_.forget_flows());
    forget_names();
    dns() = {};
    (void)take_heard();
    for (uint32_t i = 0; i < kEndpointEntries; ++i) must(kernel::clear_stats(programs_, i));
  }
  void set_flags(uint64_t agent_flags) override { must(maps_.set_agent_flags(agent_flags)); }

  void set_observed(uint32_t endpoint, bool observed) override {
    must(maps_.set_endpoint_flags(endpoint, observed ? SLUICE_ENDPOINT_OBSERVED : 0));
  }
  void wait(uint32_t seconds) override {
    const uint32_t jiffies = seconds * hz_;
    make_flows_older<sluice_flows4>(SLUICE_MAP_FLOWS4, jiffies);
    make_flows_older<sluice_flows6>(SLUICE_MAP_FLOWS6, jiffies);
    make_fragments_older(jiffies);
    for (uint32_t i = 0; i < kEndpointEntries; ++i) must(kernel::age_stats(programs_, i, jiffies));
    make_names_older(seconds * 1'000'000'000ULL);
    dns().heartbeat -= std::min<uint64_t>(dns().heartbeat, seconds * 1'000'000'000ULL);
  }
  sluice_endpoint_stats stats(uint32_t endpoint) override {
    return must(kernel::read_stats(programs_, endpoint));
  }
  std::vector<sluice_flow_edit> flows() override {
    std::vector<sluice_flow_edit> all;
    must(kernel::for_each_flow(programs_, [&all](const sluice_flow_edit& flow) { all.push_back(flow); }));
    return all;
  }
  void edit(const sluice_flow_edit& edit) override { must(kernel::edit_flow(programs_, edit)); }
  sluice_flow_counts flow_counts(uint32_t endpoint) override {
    return must(kernel::read_flow_counts(programs_, endpoint));
  }
  void set_flow_share(uint32_t endpoint, uint32_t flows) override {
    must(kernel::set_flow_share(programs_, endpoint, flows));
  }
  void run_unread(sluice_direction hook, const Bytes& frame, uint32_t ifindex, int times) override {
    (void)must(kernel::test_run(programs_, hook, frame, {ifindex, times}));
  }
  uint32_t now() override { return jiffies(); }
  uint32_t second() override { return hz_; }
  uint64_t boot_nanoseconds() override {
    timespec now{};
    if (::clock_gettime(CLOCK_BOOTTIME, &now) != 0) std::abort();
    return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
  }
  sluice_dns& dns() override { return dns_[0]; }

 private:
  image::Target& target() override { return still_; }
  std::optional<Outcome> run_once(sluice_direction hook, const Bytes& frame, uint32_t ifindex,
                                  uint32_t mark) override {
    auto run = kernel::test_run(programs_, hook, frame, {ifindex, 1, mark});
    if (!run) return std::nullopt;
    Outcome outcome;
    outcome.passes = run->verdict == kPasses;
    outcome.unchanged = run->unchanged;
    must(events_.consume(kManyEvents, [&](const sluice_event& event) { outcome.events.push_back(event); }));
    outcome.heard = take_heard();
    return outcome;
  }
  Counted counters() override { return must(kernel::read_counters(programs_)); }

  static int on_heard(void* context, void* data, size_t size) {
    auto& heard = static_cast<std::vector<Heard>*>(context)->emplace_back();
    std::memcpy(&heard.entry, data, sizeof heard.entry);
    const auto* frame = static_cast<const uint8_t*>(data) + sizeof heard.entry;
    heard.frame.assign(frame, frame + std::min<size_t>(heard.entry.length, size - sizeof heard.entry));
    return 0;
  }
  std::vector<Heard> take_heard() {
    if (ring_buffer__consume(answers_.get()) < 0) std::abort();
    return std::exchange(heard_, {});
  }

  template <typename Bucket>
  void make_flows_older(sluice_map map, uint32_t jiffies) {
    auto buckets = must(kernel::MappedArray<Bucket>::open(programs_.map(map)));
    constexpr uint64_t kSeen = 0xffffffff;
    for (uint32_t i = 0; i < buckets.size(); ++i)
      for (auto& state : buckets[i].state)
        if (state != 0) state = (state & ~kSeen) | ((state - jiffies) & kSeen);
  }
  void make_fragments_older(uint32_t jiffies) {
    const kernel::MapHandle map = programs_.map(SLUICE_MAP_FRAGMENTS);
    auto entries = must(kernel::get_entries(map));
    for (size_t at = 0; at < entries.values.size(); at += sizeof(sluice_fragment)) {
      sluice_fragment value;
      std::memcpy(&value, &entries.values[at], sizeof value);
      value.seen -= jiffies;
      std::memcpy(&entries.values[at], &value, sizeof value);
    }
    must(kernel::put_entries(map, entries.keys, entries.values));
  }

  kernel::Programs programs_;
  kernel::KernelMaps maps_;
  Still still_;
  kernel::Events events_;
  kernel::MappedArray<sluice_dns> dns_;
  uint32_t hz_;
  struct Free {
    void operator()(ring_buffer* ring) const noexcept { ring_buffer__free(ring); }
  };
  std::vector<Heard> heard_;
  std::unique_ptr<ring_buffer, Free> answers_;
};

}  // namespace

std::unique_ptr<Engine> kernel_engine() {
  if (::geteuid() != 0) return nullptr;
  stay_on_one_cpu();
  kernel::LoadOptions options;
  options.max_entries = {{SLUICE_MAP_FLOWS4, kFlowBuckets},
                         {SLUICE_MAP_FLOWS6, kFlowBuckets},
                         {SLUICE_MAP_FRAGMENTS, 256},
                         {SLUICE_MAP_ENDPOINTS, kEndpointEntries},
                         {SLUICE_MAP_STATS, kEndpointEntries}};
  return std::make_unique<KernelEngine>(must(kernel::load(options)));
}

}  // namespace sluice::testing
