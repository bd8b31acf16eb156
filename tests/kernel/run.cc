#include "tests/kernel/run.h"

#include <chrono>
#include <cstring>
#include <sstream>

namespace sluice::testing {
namespace {

using Clock = std::chrono::steady_clock;
// A heartbeat so far ahead that it is fresh throughout a row, however slow the machine; and what makes it old.
constexpr uint64_t kAhead = 600'000'000'000, kBehind = kAhead + SLUICE_HEARTBEAT_NANOSECONDS;
constexpr auto kSurelyOneWindow = std::chrono::milliseconds(800);

constexpr const char* kLabels[] = {
#define SLUICE_LABEL(NAME, label, text) label,
    SLUICE_REASONS(SLUICE_LABEL)
#undef SLUICE_LABEL
};

std::string hex(const Bytes& bytes) {
  std::ostringstream text;
  for (uint8_t byte : bytes) text << "0123456789abcdef"[byte >> 4] << "0123456789abcdef"[byte & 15];
  return text.str();
}

bool denies(uint8_t reason) {
  return sluice_is_denied(static_cast<sluice_reason>(reason));
}

// Of what passes: does it open a connection?
bool opens(uint8_t reason) {
  return reason == SLUICE_ALLOWED_NOT_ISOLATED || reason == SLUICE_ALLOWED_POLICY ||
         reason == SLUICE_ALLOWED_OWN_NODE || reason == SLUICE_ALLOWED_SELF;
}

constexpr size_t kRates[] = {SLUICE_DENIED_REPORTS, SLUICE_ALLOWED_REPORTS};

class Runner {
 public:
  Runner(const Scenario& scenario, Engine& engine) : scenario_(scenario), engine_(engine) {}

  std::string run() {
    engine_.reset();
    start_ = engine_.stats(scenario_.endpoint);
    if (scenario_.world_before) expect_done(engine_.put(scenario_.world_before->image()));
    expect_done(scenario_.half_way ? engine_.begin(scenario_.world.image())
                                   : engine_.put(scenario_.world.image()));
    in_force_ = !scenario_.half_way;
    for (const auto& [server, port] : scenario_.dns_servers) engine_.believe(server, port);
    if (scenario_.agent_mark) {
      engine_.dns().mark = *scenario_.agent_mark;
      engine_.dns().heartbeat = engine_.boot_nanoseconds() + kAhead;
    }
    for (const Step& step : scenario_.steps) take(step);
    check_statistics();
    return failures_.str();
  }

 private:
  void take(const Step& step) {
    ++number_;
    step_ = &step;
    if (step.observed) engine_.set_observed(scenario_.endpoint, observed_ = *step.observed);
    if (step.flags) engine_.set_flags(flags_ = *step.flags);
    if (step.change) expect_done(engine_.put(step.change->image()));
    if (step.ready) {
      expect_done(engine_.finish());
      in_force_ = true;
    }
    for (const auto& [ip, names] : step.learnt) engine_.learn(ip, names);
    if (step.agent_leaves) engine_.dns().heartbeat -= kBehind;
    if (step.wait) {
      engine_.wait(step.wait);
      in_window_[0] = in_window_[1] = 0;
    }
    auto outcome = engine_.run(step.hook, step.frame, step.ifindex, step.mark);
    if (!outcome) {
      if (!may_be_refused(step.frame)) fail("the engine takes no such frame");
      return;
    }
    check_verdict(*outcome);
    check_counters(*outcome);
    check_report(*outcome);
    check_heard(*outcome);
  }

  void check_verdict(const Outcome& outcome) {
    const bool passes =
        (!denies(step_->reason) || (flags_ & SLUICE_CONFIG_AUDIT) != 0) && step_->hearing != Hearing::kHeld;
    if (outcome.passes != passes) fail(passes ? "should pass" : "should be dropped");
    if (!outcome.unchanged) fail("came out changed");
  }

  // Established packets are not counted; every other packet is, once.
  void check_counters(const Outcome& outcome) {
    for (uint8_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason) {
      for (size_t direction = 0; direction < 2; ++direction) {
        const sluice_counter& counted = outcome.counted[reason][direction];
        const bool here =
            reason == step_->reason && direction == step_->hook && reason != SLUICE_ALLOWED_FLOW;
        if (counted.packets != (here ? 1 : 0))
          fail(std::string("counter ") + kLabels[reason] + " grew by " + std::to_string(counted.packets));
        if (here && counted.packets == 1 && counted.bytes != step_->frame.size())
          fail("counted " + std::to_string(counted.bytes) + " bytes");
      }
    }
  }

  // The first of a window are reported, the others counted as suppressed; each kind by itself.
  void check_report(const Outcome& outcome) {
    const bool denied = denies(step_->reason),
               opened = step_->reason == SLUICE_ALLOWED_AUDIT || (observed_ && opens(step_->reason));
    if (!denied && !opened) {
      if (!outcome.events.empty()) fail("was reported");
      return;
    }
    const int kind = denied ? SLUICE_REPORT_DENIED : SLUICE_REPORT_ALLOWED;
    if (denied) ++denied_[step_->hook], bytes_ += step_->frame.size();
    ++wanted_[kind];
    const bool first = in_window_[0] + in_window_[1] == 0;
    if (first) window_ = Clock::now();
    const bool sure = Clock::now() - window_ < kSurelyOneWindow;
    const bool wanted = in_window_[kind]++ < kRates[kind];
    if (outcome.events.size() > 1) fail("was reported more than once");
    if (sure && wanted == outcome.events.empty())
      fail(wanted ? "was not reported" : "was reported over the rate");
    reports_[kind] += outcome.events.size();
    for (const sluice_event& event : outcome.events) {
      check_event(event);
      if (sure && (event.last != 0) != (in_window_[kind] == kRates[kind])) fail("event.last is wrong");
      // What was not sent so far: the last packet was.
      if (event.suppressed - start_.suppressed[kind] != wanted_[kind] - reports_[kind])
        fail("event.suppressed is " + std::to_string(event.suppressed));
    }
  }

  void check_heard(const Outcome& outcome) {
    const size_t wanted = step_->hearing == Hearing::kNothing ? 0 : 1;
    if (outcome.heard.size() != wanted)
      fail("was heard " + std::to_string(outcome.heard.size()) + " times, not " + std::to_string(wanted));
    expect_field("unheld", outcome.unheld, step_->hearing == Hearing::kUnheld);
    if (outcome.heard.size() != 1) return;
    const auto& [entry, frame] = outcome.heard.front();
    expect_field("heard.held", entry.held, step_->hearing == Hearing::kHeld);
    expect_field("heard.ifindex", entry.ifindex, step_->ifindex);
    expect_field("heard.endpoint", SLUICE_ENDPOINT_INDEX(entry.endpoint), scenario_.endpoint);
    expect_field("heard.length", entry.length, step_->frame.size());
    expect_field("heard.gso_size", entry.gso_size, 0);
    expect_field("heard.direction", entry.direction, step_->hook);
    if (entry.time == 0 || entry.time > engine_.boot_nanoseconds()) fail("heard.time is wrong");
    if (frame != step_->frame) fail("another frame was heard: " + hex(frame));
  }

  void expect_field(const std::string& name, uint64_t is, uint64_t wanted) {
    if (is != wanted) fail(name + " is " + std::to_string(is) + ", not " + std::to_string(wanted));
  }
  void check_event(const sluice_event& event) {
    auto field = [&](const char* name, uint64_t is, uint64_t wanted) {
      expect_field(std::string("event.") + name, is, wanted);
    };
    field("pod", event.pod, scenario_.endpoint == SLUICE_NO_ENDPOINT ? 0 : kPod.value);
    field("epoch", event.epoch, in_force_ ? engine_.epoch() : engine_.epoch() - 1);
    field("length", event.length, step_->frame.size());
    field("ifindex", event.ifindex, step_->ifindex);
    field("direction", event.direction, step_->hook);
    field("reason", event.reason, step_->reason);
    field("audit", event.audit, (flags_ & SLUICE_CONFIG_AUDIT) != 0);
    // Of a packet the other way a row says so where it matters.
    if (step_->hook == scenario_.ends.hook || step_->against) field("against", event.against, step_->against);
    if (event.time == 0) fail("event.time is 0");
    if (!step_->spec) return;
    const Spec& spec = *step_->spec;
    const bool out = step_->hook == SLUICE_EGRESS, later = spec.fragment && spec.fragment->offset > 0;
    const bool ports = spec.protocol.has_ports() && !later;
    const net::Port local = out ? spec.source_port : spec.destination_port;
    const net::Port remote = out ? spec.destination_port : spec.source_port;
    field("family", event.family, spec.source.family() == net::Family::kIpv4 ? 4 : 6);
    field("protocol", event.protocol, spec.protocol.number());
    field("local_port", event.local_port, ports ? local.network() : 0);
    field("remote_port", event.remote_port, ports ? remote.network() : 0);
    if (spec.protocol == net::kTcp && !later) field("tcp_flags", event.tcp_flags, spec.tcp_flags);
    const net::Ip &near = out ? spec.source : spec.destination, &far = out ? spec.destination : spec.source;
    if (std::memcmp(event.local, near.padded().data(), sizeof event.local) != 0) fail("event.local is wrong");
    if (std::memcmp(event.remote, far.padded().data(), sizeof event.remote) != 0)
      fail("event.remote is wrong");
  }

  void check_statistics() {
    const sluice_endpoint_stats now = engine_.stats(scenario_.endpoint);
    auto count = [&](const char* name, uint64_t is, uint64_t wanted) {
      if (is != wanted) failures_ << "  statistics: " << name << " is " << is << ", not " << wanted << "\n";
    };
    for (size_t direction = 0; direction < 2; ++direction)
      count("denied_packets", now.denied_packets[direction] - start_.denied_packets[direction],
            denied_[direction]);
    count("denied_bytes", now.denied_bytes[0] + now.denied_bytes[1], bytes_);
    for (int kind = 0; kind < 2; ++kind)
      count("suppressed", now.suppressed[kind] - start_.suppressed[kind], wanted_[kind] - reports_[kind]);
    count("lost", now.lost - start_.lost, 0);
  }

  void expect_done(const base::Status& status) {
    if (!status) failures_ << "  before packet " << number_ + 1 << ": " << status.error().message() << "\n";
  }
  void fail(const std::string& what) {
    failures_ << "  packet " << number_ << " " << text_of(step_->hook) << (step_->aloud.empty() ? "" : " (")
              << step_->aloud << (step_->aloud.empty() ? "" : ")") << " wants " << kLabels[step_->reason]
              << ": " << what << "\n    " << hex(step_->frame) << "\n";
  }

  const Scenario& scenario_;
  Engine& engine_;
  const Step* step_ = nullptr;
  size_t number_ = 0, in_window_[2] = {0, 0};  // by sluice_report_kind
  Clock::time_point window_;
  uint64_t flags_ = 0, denied_[2] = {0, 0}, bytes_ = 0;
  uint64_t wanted_[2] = {0, 0}, reports_[2] = {0, 0};
  bool in_force_ = true, observed_ = false;
  sluice_endpoint_stats start_{};
  std::ostringstream failures_;
};

}  // namespace

bool may_be_refused(const Bytes& frame) {
  constexpr size_t kEthernet = 14, kIpv4 = 20, kIpv6 = 40;
  if (frame.size() <= kEthernet) return true;
  const bool v4 = frame[12] == 0x08 && frame[13] == 0x00, v6 = frame[12] == 0x86 && frame[13] == 0xdd;
  return (v4 && frame.size() < kEthernet + kIpv4) || (v6 && frame.size() < kEthernet + kIpv6);
}

std::string run(const Scenario& scenario, Engine& engine) {
  return Runner(scenario, engine).run();
}

}  // namespace sluice::testing
