// Any bytes as what happens to the flow tables, four bytes a step: flows are added, dropped and looked up, packets
// of connections come in any order, time passes, shares are set. The model knows what the tables held before the
// step, and the laws of bpf/flow_table.h.
//
// Laws:
//  1 A flow stands once, and a look-up gives what was last written of it; what is not there is not found.
//  2 A step adds one flow at most, and changes one at most; only a new flow, or its being dropped, ends one.
//  3 An answered flow gives way if it is idle for too long, or its pod is over its share of answered ones.
//  4 An unanswered one gives way besides if its pod is over that share, or the new one's pod is over none.
//  5 A new flow is refused only where it meets others, and takes nothing then.
//  6 What is held, displaced and refused is counted exactly.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <tuple>

#include "sluice/timeouts.h"
#include "tests/fuzz/law.h"
#include "tests/stress/flow_tables.h"
#include "tests/stress/stress_flows.h"

namespace {

using namespace sluice;
using namespace sluice::testing;
using fuzz::require;

constexpr size_t kStepBytes = 4, kMostSteps = 400;

using Key = std::tuple<uint8_t, uint32_t, std::array<uint32_t, 4>, uint32_t, uint8_t>;
using State = std::tuple<uint32_t, uint32_t, uint8_t>;
using Held = std::map<Key, sluice_flow_edit>;
using Counts = decltype(FlowTables::counts);

Key key_of(const sluice_flow_edit& flow) {
  return {flow.family,
          flow.endpoint,
          {flow.remote[0], flow.remote[1], flow.remote[2], flow.remote[3]},
          flow.ports,
          flow.protocol};
}
State state_of(const sluice_flow_edit& flow) {
  return {flow.epoch, flow.seen, flow.bits};
}
bool is_answered(const sluice_flow_edit& flow) {
  return (flow.bits & SLUICE_FLOW_ANSWERED) != 0;
}

// Seconds after which nobody loses anything with the flow.
uint32_t stands_for(const sluice_flow_edit& flow) {
  static constexpr uint32_t kSeconds[] = {
#define SLUICE_SECONDS(NAME, seconds, text) seconds,
      SLUICE_TIMEOUTS(SLUICE_SECONDS)
#undef SLUICE_SECONDS
  };
  if (flow.protocol == net::kUdp.number())
    return kSeconds[flow.bits & SLUICE_FLOW_REPLIED ? SLUICE_TIMEOUT_UDP_ANSWERED
                                                    : SLUICE_TIMEOUT_UDP_UNANSWERED];
  constexpr uint8_t kBoth = SLUICE_FLOW_FIN_OPENER | SLUICE_FLOW_FIN_OTHER;
  if ((flow.bits & kBoth) == kBoth || (flow.bits & SLUICE_FLOW_RESET))
    return kSeconds[SLUICE_TIMEOUT_TCP_CLOSING];
  return kSeconds[is_answered(flow) ? SLUICE_TIMEOUT_TCP_ANSWERED : SLUICE_TIMEOUT_TCP_UNANSWERED];
}

class Model {
 public:
  Model() : cpu_(tables_) { add_talkers(tables_); }

  void step(std::span<const uint8_t, kStepBytes> bytes) {
    const auto counts = tables_.counts;
    std::optional<sluice_flow_edit> dropped;
    switch (bytes[0] & 7) {
      case 0:
        now_ += bytes[1];
        break;
      case 1:
        now_ += bytes[1] * 4096u;
        break;
      case 2:
        set_share(bytes);
        break;
      case 3:
        look_up(flow_of(bytes));
        break;
      case 4:
        send(bytes);
        break;
      case 5:
        dropped = drop(flow_of(bytes));
        break;
      default:
        add(flow_of(bytes));
    }
    Held after = held();
    expect_lawful(after, counts, dropped);
    held_ = std::move(after);
  }
  void finish() {
    for (const auto& [key, flow] : held_) look_up(flow);
  }

 private:
  Held held() const {
    Held all;
    for (const auto& flow : tables_.flows()) require(all.emplace(key_of(flow), flow).second);
    return all;
  }
  sluice_flow_edit flow_of(std::span<const uint8_t, kStepBytes> bytes) const {
    sluice_flow_edit flow{};
    flow.kind = SLUICE_FLOW_ADD;
    flow.family = bytes[0] & 8 ? 6 : 4;
    flow.protocol = bytes[0] & 16 ? net::kUdp.number() : net::kTcp.number();
    flow.endpoint = 1 + (bytes[1] & 7);
    flow.remote[bytes[0] & 8 ? bytes[0] >> 6 : 0] = bytes[1] >> 3;
    flow.ports = bytes[0] >> 5 & 1;
    flow.bits = bytes[2] & (flow.protocol == net::kTcp.number() ? 63 : 7);
    flow.seen = now_ - bytes[3];
    flow.epoch = bytes[2] * 257u + bytes[3];
    return flow;
  }
  void set_share(std::span<const uint8_t, kStepBytes> bytes) {
    tables_.counts[1 + bytes[1] % (kStressEndpoints - 1)].share = bytes[2] % 64;
  }
  void send(std::span<const uint8_t, kStepBytes> bytes) {
    static const auto all = conversations();
    const Conversation& one = all[bytes[1] % all.size()];
    const auto& part = one.parts[bytes[2] % one.parts.size()];
    require(cpu_.passes(part.frame, one.endpoint, part.direction, now_));
  }
  void look_up(sluice_flow_edit flow) {
    const bool found = cpu_.find(flow, now_);
    const auto known = held_.find(key_of(flow));
    require(found == (known != held_.end()) && (!found || state_of(flow) == state_of(known->second)));
  }
  sluice_flow_edit drop(sluice_flow_edit flow) {
    flow.kind = SLUICE_FLOW_DROP;
    cpu_.edit(flow, now_);
    require(!cpu_.find(flow, now_));
    return flow;
  }
  void add(const sluice_flow_edit& flow) {
    const uint64_t refused = tables_.counts[SLUICE_NO_ENDPOINT].refused;
    cpu_.edit(flow, now_);
    const auto known = held_.find(key_of(flow));
    const sluice_flow_edit& wanted = known == held_.end() ? flow : known->second;
    sluice_flow_edit now = flow;
    const bool found = cpu_.find(now, now_);
    require(found != (tables_.counts[SLUICE_NO_ENDPOINT].refused == refused + 1));
    require(found ? state_of(now) == state_of(wanted)
                  : known == held_.end() && held_.size() >= SLUICE_FLOW_WAYS);
  }

  bool is_over(const Counts& counts, uint32_t endpoint, bool answered) const {
    const uint64_t share = counts[endpoint].share ? counts[endpoint].share : kStressShare;
    return counts[endpoint].held[answered] > static_cast<int64_t>(share);
  }
  bool is_idle(const sluice_flow_edit& flow) const { return now_ - flow.seen > stands_for(flow); }

  void expect_lawful(const Held& after, const Counts& counts,
                     const std::optional<sluice_flow_edit>& dropped) {
    const sluice_flow_edit* added = nullptr;
    size_t changed = 0;
    for (const auto& [key, flow] : after) {
      const auto known = held_.find(key);
      if (known != held_.end()) {
        changed += state_of(flow) != state_of(known->second);
      } else {
        require(!added);
        added = &flow;
      }
    }
    require(changed + (added != nullptr) <= 1);
    const sluice_flow_edit* ended = nullptr;
    for (const auto& [key, flow] : held_) {
      if (after.contains(key) || (dropped && key == key_of(*dropped))) continue;
      require(added && !ended && may_end(flow, *added, counts));
      ended = &flow;
    }
    const auto &node = tables_.counts[SLUICE_NO_ENDPOINT], &node_before = counts[SLUICE_NO_ENDPOINT];
    for (const bool answered : {false, true}) {
      const bool displaced = ended && is_answered(*ended) == answered && !is_idle(*ended);
      require(node.displaced[answered] == node_before.displaced[answered] + displaced);
    }
    require(tables_.wrong_count(tables_.flows()).empty());
  }
  bool may_end(const sluice_flow_edit& flow, const sluice_flow_edit& added, const Counts& counts) const {
    if (is_idle(flow) || is_over(counts, flow.endpoint, is_answered(flow))) return true;
    return !is_answered(flow) && !is_over(counts, added.endpoint, false) &&
           !is_over(counts, added.endpoint, true);
  }

  FlowTables tables_;
  OneCpu cpu_;
  Held held_;  // before the step
  uint32_t now_ = kStressNow;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto model = std::make_unique<Model>();
  for (size_t at = 0; at + kStepBytes <= std::min(size, kMostSteps * kStepBytes); at += kStepBytes)
    model->step(std::span<const uint8_t, kStepBytes>(data + at, kStepBytes));
  model->finish();
  return 0;
}
