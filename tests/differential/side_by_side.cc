#include "tests/differential/side_by_side.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "tests/kernel/frames.h"
#include "tests/kernel/run.h"

namespace sluice::differential {
namespace {

using testing::Engine;
using testing::Outcome;
using Clock = std::chrono::steady_clock;

constexpr auto kSameSecond = std::chrono::milliseconds(500);
constexpr int kTries = 20, kSure = 6, kMostRuns = 4000;
constexpr uint32_t kNoInterface = 9;
constexpr uint32_t kYoung = 20;  // seconds: no flow is forgotten sooner

constexpr const char* kNames[] = {
#define SLUICE_LABEL(NAME, label, text) label,
    SLUICE_REASONS(SLUICE_LABEL)
#undef SLUICE_LABEL
};

struct Said {
  bool passes = false;
  int reason = SLUICE_ALLOWED_FLOW;  // of which nothing is counted
  uint64_t packets = 0, bytes = 0;
  bool operator==(const Said&) const = default;
};
Said said(const Outcome& outcome) {
  Said all;
  all.passes = outcome.passes;
  for (int reason = 0; reason < SLUICE_REASON_COUNT; ++reason)
    for (const sluice_counter& counter : outcome.counted[static_cast<size_t>(reason)])
      if (counter.packets != 0) {
        all.reason = reason;
        all.packets += counter.packets;
        all.bytes += counter.bytes;
      }
  return all;
}
std::string to_text(const Said& said) {
  return std::string(said.passes ? "passes" : "is dropped") + ", " + kNames[said.reason] + ", counted " +
         std::to_string(said.packets) + ", bytes " + std::to_string(said.bytes);
}

// Of a report, all that does not hang on a clock or on how often an engine was started.
std::string to_text(const sluice_event& event) {
  std::string text = std::to_string(event.length);
  for (uint32_t field :
       {uint32_t{event.ifindex}, uint32_t{event.direction}, uint32_t{event.reason}, uint32_t{event.audit},
        uint32_t{event.against}, uint32_t{event.family}, uint32_t{event.protocol}, uint32_t{event.local_port},
        uint32_t{event.remote_port}, uint32_t{event.tcp_flags}})
    text += " " + std::to_string(field);
  for (const auto* address : {&event.local, &event.remote}) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(address);
    text += " ";
    for (size_t i = 0; i < sizeof *address; ++i)
      text += {"0123456789abcdef"[bytes[i] >> 4], "0123456789abcdef"[bytes[i] & 15]};
  }
  return text;
}

// The young ones, a line each, sorted.
std::vector<std::string> flows_of(Engine& engine) {
  std::vector<std::string> lines;
  const uint32_t now = engine.now(), second = engine.second(), epoch = static_cast<uint32_t>(engine.epoch());
  for (const sluice_flow_edit& flow : engine.flows()) {
    if (now - flow.seen >= kYoung * second) continue;
    std::string line = std::to_string(flow.family) + " " + std::to_string(flow.protocol) + " ports " +
                       std::to_string(flow.ports) + " bits " + std::to_string(flow.bits) + " name " +
                       std::to_string(flow.name) + (flow.epoch == 0 ? " not judged" : " judged epochs ago ") +
                       (flow.epoch == 0 ? "" : std::to_string(epoch - flow.epoch)) + " remote";
    for (const auto word : flow.remote) line += " " + std::to_string(word);
    lines.push_back(std::move(line));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

TrafficStep in_force(const testing::World& world) {
  TrafficStep step;
  step.world = world;
  return step;
}
// Of the traffic before.
TrafficStep finished() {
  TrafficStep step;
  step.flip = true;
  return step;
}

std::string only_in(const std::vector<std::string>& some, const std::vector<std::string>& others,
                    const std::string& whose) {
  std::vector<std::string> rest;
  std::set_difference(some.begin(), some.end(), others.begin(), others.end(), std::back_inserter(rest));
  std::string text;
  for (const std::string& line : rest) text += "\n    only " + whose + ": " + line;
  return text;
}

}  // namespace

size_t SideTally::reasons_seen() const {
  return static_cast<size_t>(
      std::count_if(reasons.begin(), reasons.end(), [](uint64_t count) { return count > 0; }));
}

std::string SideBySide::packet(const TrafficStep& step) {
  const auto one = one_.run(step.hook, step.frame, testing::kPodInterface),
             other = other_.run(step.hook, step.frame, testing::kPodInterface);
  if (!one || !other)
    return testing::may_be_refused(step.frame) ? "" : (one ? other_ : one_).name() + " takes no such frame";
  const Said first = said(*one), second = said(*other);
  ++tally_.packets;
  tally_.passed += first.passes ? 1 : 0;
  ++tally_.reasons.at(static_cast<size_t>(first.reason));
  if (first != second)
    return one_.name() + ": " + to_text(first) + "; " + other_.name() + ": " + to_text(second);
  if (one->events.empty() || other->events.empty()) return "";
  const std::string report = to_text(one->events.front()), other_report = to_text(other->events.front());
  return report == other_report
             ? ""
             : one_.name() + " reports " + report + "; " + other_.name() + " " + other_report;
}

std::string SideBySide::step(const TrafficStep& step) {
  for (Engine* engine : {&one_, &other_}) {
    base::Status done = base::done();
    if (half_way_ && (step.world || step.flip)) done = engine->finish();
    if (done && step.world)
      done = step.half_way ? engine->begin(step.world->image()) : engine->put(step.world->image());
    if (!done) return engine->name() + ": " + done.error().message();
    if (step.seconds) engine->wait(step.seconds);
    if (step.flags) engine->set_flags(*step.flags);
    if (step.observed) engine->set_observed(SLUICE_FIRST_ENDPOINT, *step.observed);
  }
  if (step.world || step.flip) half_way_ = step.half_way;
  return step.frame.empty() ? "" : packet(step);
}

std::optional<SideBySide::Difference> SideBySide::compare_once(const Traffic& traffic, int others) {
  if (half_way_)
    if (std::string what = step(finished()); !what.empty()) return Difference{0, std::move(what)};
  one_.reset();
  other_.reset();
  // An endpoint's number is a part of its flows' keys: the next one has their places elsewhere.
  for (; others > 0; --others)
    for (const auto& world :
         {testing::World().pod(testing::kOtherPod, testing::kPeer4, kNoInterface), testing::World()})
      if (std::string what = step(in_force(world)); !what.empty()) return Difference{0, std::move(what)};
  for (size_t at = 0; at < traffic.size(); ++at)
    if (std::string what = step(traffic[at]); !what.empty()) return Difference{at, std::move(what)};
  const auto flows = flows_of(one_), other_flows = flows_of(other_);
  tally_.flows += flows.size();
  if (flows == other_flows) return std::nullopt;
  return Difference{traffic.size(), "flows differ" + only_in(flows, other_flows, one_.name()) +
                                        only_in(other_flows, flows, other_.name())};
}

std::optional<SideBySide::Difference> SideBySide::compare_in_time(const Traffic& traffic, int others) {
  for (int left = kTries; left > 0; --left) {
    const auto began = Clock::now();
    auto difference = compare_once(traffic, others);
    if (!difference || Clock::now() - began < kSameSecond) return difference;
  }
  return std::nullopt;
}

std::optional<SideBySide::Difference> SideBySide::compare(const Traffic& traffic) {
  std::optional<Difference> found;
  for (int times = 0; times < kSure; ++times)
    if (found = compare_in_time(traffic, times); !found) return std::nullopt;
  return found;
}

// Without what is not needed: a half of what is left at a time, then a quarter, at last step by step.
Traffic SideBySide::shrink(Traffic traffic) {
  int runs = 0;
  for (size_t part = std::max<size_t>(traffic.size() / 2, 1); part >= 1; part /= 2) {
    for (size_t at = 0; at < traffic.size() && runs < kMostRuns;) {
      Traffic fewer = traffic;
      const auto from = fewer.begin() + static_cast<ptrdiff_t>(at);
      fewer.erase(from, from + static_cast<ptrdiff_t>(std::min(part, fewer.size() - at)));
      ++runs;
      if (compare(fewer))
        traffic = std::move(fewer);
      else
        at += part;
    }
  }
  return traffic;
}

std::optional<std::string> SideBySide::run(const Traffic& traffic) {
  const auto found = compare(traffic);
  if (!found) return std::nullopt;
  Traffic small(traffic.begin(),
                traffic.begin() + static_cast<ptrdiff_t>(std::min(found->at + 1, traffic.size())));
  small = shrink(std::move(small));
  const auto again = compare(small);
  return (again ? again->what : found->what + " (not every time)") + "\n  after\n" + to_text(small);
}

}  // namespace sluice::differential
