#include "bench/packet/measured.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace sluice::bench {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr int kPasses = -1;  // TC_ACT_UNSPEC
constexpr size_t kPacketsASample = 32768;
constexpr int kWarmUps = 2;  // passes: a connection is answered once the other end has sent twice

std::vector<packet::Bytes> frames_of(const Case& c, Order order,
                                     packet::Spec (*spec)(const Case&, const Tuple&)) {
  std::vector<packet::Bytes> frames;
  for (const Tuple& tuple : tuples_of(c, order)) frames.push_back(packet::build(spec(c, tuple)));
  return frames;
}

}  // namespace

Flows flows_of(const Case& c, const std::vector<Tuple>& tuples, uint32_t flow_id) {
  Flows flows;
  for (const Tuple& tuple : tuples) {
    const packet::Spec spec = opening_of(c, tuple);
    const bool out = c.opener() == SLUICE_EGRESS;
    const std::array<uint16_t, 2> ports = {(out ? spec.source_port : spec.destination_port).network(),
                                           (out ? spec.destination_port : spec.source_port).network()};
    sluice_flow_edit flow{};
    std::memcpy(flow.remote, tuple.remote.bytes().data(), tuple.remote.bytes().size());
    flow.endpoint = flow_id;
    flow.ports = std::bit_cast<uint32_t>(ports);
    flow.family = c.family == net::Family::kIpv4 ? 4 : 6;
    flow.protocol = c.protocol.number();
    flow.kind = SLUICE_FLOW_DROP;
    flows.push_back(flow);
  }
  return flows;
}

Result<Measured> Measured::make(Node& node, const Case& c) {
  const Reports reports{node.stats_fd(), node.index_of(c.pod)};
  auto measured = Driver::load(node.program_fd(c.hook), shape_of(c),
                               frames_of(c, Order::kMeasured, measured_of), c.reports ? &reports : nullptr);
  if (!measured) return measured.error();
  Measured all(node, c, std::move(*measured));
  if (c.has_flows()) all.flows_ = flows_of(c, tuples_of(c), node.flow_id_of(c.pod));
  if (c.course == Course::kNew || c.course == Course::kDenied) return all;
  Case plain = c;
  if (c.course != Course::kFragment) plain.course = Course::kEstablished;
  plain.hook = c.opener();
  auto opening =
      Driver::load(node.program_fd(c.opener()), shape_of(plain), frames_of(c, Order::kOpened, opening_of));
  if (!opening) return opening.error();
  all.opening_ = std::move(*opening);
  return all;
}

Result<uint64_t> Measured::expect_verdicts(Driver& driver, Referee& referee, Order order) {
  uint64_t checked = 0;
  for (const Tuple& tuple : tuples_of(case_, order)) {
    auto allowed = referee.passes(case_, tuple);
    if (!allowed) return allowed.error();
    auto verdict = driver.verdict(checked);
    if (!verdict) return verdict.error();
    if ((*verdict == kPasses) != *allowed)
      return Error(
          std::string(order == Order::kOpened ? "opening packet " : "packet ") + std::to_string(checked) +
          ", " + tuple.remote.to_text() + ": the program " +
          (*allowed ? "drops what the reference engine allows" : "passes what the reference engine denies"));
    ++checked;
  }
  return checked;
}

Result<uint64_t> Measured::check(Referee& referee) {
  if (auto selected = node_->select(case_.pod); !selected) return selected.error();
  if (opening_) {
    if (auto right = expect_verdicts(*opening_, referee, Order::kOpened); !right) return right;
  }
  if (case_.course == Course::kOutdated) {
    if (auto flipped = node_->next_epoch(); !flipped) return flipped.error();
  }
  auto checked = expect_verdicts(measured_, referee, Order::kMeasured);
  if (!checked) return checked;
  if (auto clean = clean_up(); !clean) return clean.error();
  return checked;
}

Status Measured::prepare() {
  if (auto selected = node_->select(case_.pod); !selected) return selected;
  if (opening_) {
    if (auto opened = opening_->pass(); !opened) return opened.error();
  }
  if (case_.is_steady() || case_.course == Course::kDenied) {
    for (int i = 0; i < kWarmUps; ++i)
      if (auto warmed = measured_.pass(); !warmed) return warmed.error();
    if (auto drained = node_->drain_events(); !drained) return drained;
  }
  const bool outdates = case_.course == Course::kOutdated || case_.asks_anew();
  return outdates ? node_->next_epoch() : base::done();
}

Status Measured::clean_up() {
  if (case_.course == Course::kDenied) return node_->drain_events();
  if (auto forgotten = node_->forget_flows(flows_); !forgotten) return forgotten;
  if (case_.course == Course::kFragment) return node_->forget_fragments();
  if (node_->size().fill < 100) return base::done();
  return node_->fill_flows(case_.family, measured_.tuples());
}

// Established packets are not counted; every other packet is, once, by its reason.
Status Measured::expect(const kernel::Counters& before, uint64_t packets) const {
  auto after = node_->counters();
  if (!after) return after.error();
  uint64_t as_expected = 0, otherwise = 0;
  for (size_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason) {
    const uint64_t more = (*after)[reason][case_.hook].packets - before[reason][case_.hook].packets;
    (reason == case_.expected ? as_expected : otherwise) += more;
  }
  if (case_.expected == SLUICE_ALLOWED_FLOW) as_expected = packets - otherwise;
  if (as_expected == packets && otherwise == 0) return base::done();
  return Error("of " + std::to_string(packets) + " packets " + std::to_string(packets - as_expected) +
               " met another reason than the case is about");
}

Result<Nanoseconds> Measured::timed_pass() {
  auto before = counted();
  if (!before) return before.error();
  auto time = measured_.pass();
  if (!time) return time;
  if (auto right = expect(*before, measured_.tuples()); !right) return right.error();
  return time;
}

Result<Nanoseconds> Measured::sample() {
  const size_t passes = std::max<size_t>(1, kPacketsASample / measured_.tuples());
  Nanoseconds total{0};
  for (size_t i = 0; i < passes; ++i) {
    if (i == 0 || !case_.is_steady()) {
      if (auto ready = prepare(); !ready) return ready.error();
    }
    auto time = timed_pass();
    if (!time) return time;
    total += *time;
    if (i + 1 < passes && case_.is_steady() && !case_.reports) continue;
    if (auto clean = clean_up(); !clean) return clean.error();
  }
  return total / static_cast<double>(passes * measured_.tuples());
}

Result<double> Measured::instructions(const InstructionCounter& counter) {
  if (auto ready = prepare(); !ready) return ready.error();
  auto count = instructions_of_pass(counter, measured_);
  if (auto clean = clean_up(); !clean) return clean.error();
  return count;
}

}  // namespace sluice::bench
