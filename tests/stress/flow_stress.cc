// Many threads, more than there are CPUs, in one small pair of flow tables: the very code of bpf/flow_table.h, for
// thread sanitizer to look at. Some add and drop flows, some look flows up, some send the packets of connections
// in any order. usage: flow_stress [--seconds 10] [--threads N]
//
// It fails where
//  1 a look-up gives a flow another flow's state (a torn entry);
//  2 a packet of a pod that nothing isolates is dropped;
//  3 in the end an entry is not the flow that it says;
//  4 in the end a count is not what the tables hold, or those of the node are not the sum of the endpoints';
//  5 nothing was found, missed, displaced or refused: then nothing was tried.
// A flow that two CPUs begin in the same moment may stand twice: look-ups give its first, the second grows idle.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <vector>

#include "tests/stress/flow_tables.h"
#include "tests/stress/stress_flows.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using Random = std::minstd_rand;

using Clock = std::chrono::steady_clock;

Clock::time_point g_end;
std::atomic<uint64_t> g_edits, g_found, g_missed, g_packets, g_torn, g_dropped;

FlowTables& tables() {
  static FlowTables shared;
  return shared;
}

// Runs `turn` until the time is over.
void go_on(unsigned seed, auto turn) {
  OneCpu cpu(tables());
  Random random(seed);
  while (Clock::now() < g_end)
    for (int i = 0; i < 64; ++i) turn(cpu, random);
}

void edit_flows(unsigned seed) {
  go_on(seed, [](OneCpu& cpu, Random& random) {
    sluice_flow_edit flow = numbered_flow(static_cast<uint32_t>(random() % kNumberedFlows));
    if (random() % 3 == 0) flow.kind = SLUICE_FLOW_DROP;
    cpu.edit(flow);
    g_edits.fetch_add(1, std::memory_order_relaxed);
  });
}

void find_flows(unsigned seed) {
  go_on(seed, [](OneCpu& cpu, Random& random) {
    sluice_flow_edit flow = numbered_flow(static_cast<uint32_t>(random() % kNumberedFlows));
    flow.epoch = flow.seen = flow.bits = 0;
    const bool found = cpu.find(flow);
    (found ? g_found : g_missed).fetch_add(1, std::memory_order_relaxed);
    if (found && !is_sound(flow)) g_torn.fetch_add(1, std::memory_order_relaxed);
  });
}

void send_packets(unsigned seed, const std::vector<Conversation>& all) {
  uint32_t now = kStressNow;
  go_on(seed, [&all, now](OneCpu& cpu, Random& random) mutable {
    const Conversation& one = all[random() % all.size()];
    const Conversation::Part& part = one.parts[random() % one.parts.size()];
    if (random() % 4096 == 0) ++now;
    if (!cpu.passes(part.frame, one.endpoint, part.direction, now))
      g_dropped.fetch_add(1, std::memory_order_relaxed);
    g_packets.fetch_add(1, std::memory_order_relaxed);
  });
}

bool expect(bool holds, const char* what) {
  if (!holds) std::printf("flow_stress: %s\n", what);
  return holds;
}

bool counts_are_true(const std::vector<sluice_flow_edit>& flows) {
  const sluice_flow_counts& node = tables().counts[SLUICE_NO_ENDPOINT];
  std::printf("displaced: %llu unanswered, %llu answered; refused: %llu\n",
              static_cast<unsigned long long>(node.displaced[0]),
              static_cast<unsigned long long>(node.displaced[1]),
              static_cast<unsigned long long>(node.refused));
  const std::string wrong = tables().wrong_count(flows);
  return expect(wrong.empty(), wrong.c_str()) &
         expect(node.refused > 0 && node.displaced[0] > 0 && node.displaced[1] > 0,
                "nothing was displaced or refused: the tables are too large");
}

bool entries_are_sound(const std::vector<sluice_flow_edit>& flows) {
  std::set<std::tuple<uint32_t, uint32_t, uint32_t, uint32_t>> keys;
  uint64_t twice = 0, wrong = 0;
  for (const auto& flow : flows) {
    if (!keys.emplace(flow.endpoint, flow.remote[0], flow.ports, flow.protocol).second) ++twice;
    if (flow.endpoint <= kNumberedEndpoints && !is_sound(flow)) ++wrong;
  }
  std::printf("%zu entries in use, %llu of them a flow's second, %llu not what they say\n", flows.size(),
              static_cast<unsigned long long>(twice), static_cast<unsigned long long>(wrong));
  return expect(wrong == 0, "an entry is not the flow that it says");
}

bool was_sound() {
  const auto print = [](const char* what, const std::atomic<uint64_t>& count) {
    std::printf("%s: %llu\n", what, static_cast<unsigned long long>(count.load()));
  };
  print("edits", g_edits);
  print("found", g_found);
  print("missed", g_missed);
  print("packets", g_packets);
  print("torn", g_torn);
  print("dropped", g_dropped);
  const auto flows = tables().flows();
  return expect(g_torn == 0, "a look-up gave a flow another's state") &
         expect(g_dropped == 0, "a packet was dropped") &
         expect(g_found > 0 && g_missed > 0 && g_edits > 0 && g_packets > 0, "nothing was tried") &
         entries_are_sound(flows) & counts_are_true(flows);
}

// The number that follows an option.
long number_after(int argc, char** argv, std::string_view option, long otherwise) {
  for (int i = 1; i + 1 < argc; ++i)
    if (argv[i] == option) return std::strtol(argv[i + 1], nullptr, 10);
  return otherwise;
}

}  // namespace

int main(int argc, char** argv) {
  const long seconds = number_after(argc, argv, "--seconds", 10);
  const long count =
      number_after(argc, argv, "--threads", 2 * std::max(2L, long{std::thread::hardware_concurrency()}) + 2);
  const auto all = conversations();
  for (uint32_t i = 0; i < kNumberedEndpoints / 2; ++i) tables().counts[1 + i].share = kNumberedFlows;
  add_talkers(tables());
  g_end = Clock::now() + std::chrono::seconds(seconds);
  std::vector<std::thread> threads;
  for (long i = 0; i < count; ++i) {
    const auto seed = static_cast<unsigned>(i + 1);
    if (i % 3 == 0)
      threads.emplace_back(edit_flows, seed);
    else if (i % 3 == 1)
      threads.emplace_back(find_flows, seed);
    else
      threads.emplace_back([seed, &all] { send_packets(seed, all); });
  }
  for (auto& thread : threads) thread.join();
  return was_sound() ? 0 : 1;
}
