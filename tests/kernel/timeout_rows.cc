// How long a connection is remembered (include/sluice/timeouts.h), and what happens when the table is full.
// The kernel's clock runs on meanwhile: rows keep some seconds off the border, which tests/unit/packet meets
// exactly.
#include "sluice/timeouts.h"
#include "tests/kernel/engine.h"
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint32_t kMargin = 10;
constexpr uint32_t kSeconds[] = {
#define SLUICE_SECONDS(NAME, seconds, text) seconds,
    SLUICE_TIMEOUTS(SLUICE_SECONDS)
#undef SLUICE_SECONDS
};

// Isolated both ways, so that the other end's packet shows whether the connection is remembered.
World one_way(const Ends& e) {
  return World(e.pod).isolate(e.hook).isolate(e.back()).peer(e.peer).allow(e.hook, kFriend,
                                                                           image::Ref::all());
}

void add_lifetimes(const Ends& e, Rows& rows, Feature feature, net::Protocol protocol,
                   sluice_timeout unanswered, sluice_timeout answered) {
  Spec first = e.opening(protocol, 80), later = with_flags(first, kAck), back = reply(first, kAck);
  std::string name = protocol.to_text();
  rows.add(feature, e, name + ": an answer in time belongs to it", one_way(e))
      .send(kYes, e.hook, first)
      .wait(kSeconds[unanswered] - kMargin)
      .send(kFlow, e.back(), back)
      .send(kFlow, e.back(), back, "and another one")
      .wait(kSeconds[answered] - kMargin)
      .send(kFlow, e.back(), back)
      .wait(kSeconds[answered] - kMargin)
      .send(kFlow, e.hook, later, "every packet counts");
  rows.add(feature, e, name + ": an answer too late does not", one_way(e))
      .send(kYes, e.hook, first)
      .wait(kSeconds[unanswered] + kMargin)
      .send(kNo, e.back(), back)
      .send(kYes, e.hook, later);
  rows.add(feature, e, name + ": once answered, forgotten later", one_way(e))
      .send(kYes, e.hook, first)
      .send(kFlow, e.back(), back)
      .send(kFlow, e.back(), back)
      .wait(kSeconds[answered] + kMargin)
      .send(kNo, e.back(), back)
      .send(kYes, e.hook, later);
}

void add_closing_rows(const Ends& e, Rows& rows) {
  const uint32_t in_time = kSeconds[SLUICE_TIMEOUT_TCP_CLOSING] - kMargin;
  const uint32_t late = kSeconds[SLUICE_TIMEOUT_TCP_CLOSING] + kMargin;
  Spec syn = e.syn(), back = reply(syn, kAck);
  auto open = [&](const char* aloud) -> Scenario& {
    return rows.add(Feature::kTcpClosing, e, aloud, one_way(e))
        .send(kYes, e.hook, syn)
        .send(kFlow, e.back(), reply(syn))
        .send(kFlow, e.hook, with_flags(syn, kAck));
  };
  open("one FIN leaves the other half open")
      .send(kFlow, e.hook, with_flags(syn, kFin | kAck))
      .wait(late)
      .send(kFlow, e.back(), back);
  open("FIN from both: remembered for what is under way, then forgotten")
      .send(kFlow, e.hook, with_flags(syn, kFin | kAck))
      .send(kFlow, e.back(), reply(syn, kFin | kAck))
      .wait(in_time)
      .send(kFlow, e.hook, with_flags(syn, kAck))
      .wait(late)
      .send(kNo, e.back(), back);
  for (sluice_direction side : {e.hook, e.back()})
    open(side == e.hook ? "RST by the opener" : "RST by the other end")
        .send(kFlow, side, side == e.hook ? with_flags(syn, kRst) : reply(syn, kRst))
        .wait(late)
        .send(kFlow, e.back(), back, "anybody can forge a RST")
        .wait(late)
        .send(kFlow, e.back(), back);
  open("a SYN after RST opens a connection of its own")
      .send(kFlow, e.back(), reply(syn, kRst))
      .send(kYes, e.hook, syn)
      .wait(late)
      .send(kNo, e.back(), back);
  open("which is answered as the first was")
      .send(kFlow, e.back(), reply(syn, kRst))
      .send(kYes, e.hook, syn)
      .send(kFlow, e.back(), reply(syn))
      .send(kFlow, e.hook, with_flags(syn, kAck))
      .wait(late)
      .send(kFlow, e.back(), back);
  rows.add(Feature::kTcpClosing, e, "a SYN,ACK that nobody acknowledges gives it no longer life", one_way(e))
      .send(kYes, e.hook, syn)
      .send(kFlow, e.back(), reply(syn))
      .wait(late)
      .send(kNo, e.back(), back);
}

}  // namespace

void add_timeout_rows(const Ends& e, Rows& rows) {
  add_lifetimes(e, rows, Feature::kUdpTimeouts, net::kUdp, SLUICE_TIMEOUT_UDP_UNANSWERED,
                SLUICE_TIMEOUT_UDP_ANSWERED);
  add_lifetimes(e, rows, Feature::kTcpTimeouts, net::kTcp, SLUICE_TIMEOUT_TCP_UNANSWERED,
                SLUICE_TIMEOUT_TCP_ANSWERED);
  for (net::Protocol protocol : {net::kSctp, e.icmp, net::Protocol(47)})
    add_lifetimes(e, rows, Feature::kOtherTimeouts, protocol, SLUICE_TIMEOUT_OTHER_UNANSWERED,
                  SLUICE_TIMEOUT_OTHER_ANSWERED);
  add_closing_rows(e, rows);

  auto& full =
      rows.add(Feature::kFullTable, e, "more than fit: what is remembered is among the newest", one_way(e));
  constexpr unsigned kMany = 6 * SLUICE_FLOW_WAYS * kFlowBuckets;
  for (unsigned i = 1; i <= kMany; ++i) full.send(kYes, e.hook, e.udp(i));
  full.send(kFlow, e.back(), reply(e.udp(kMany)))
      .send(kNo, e.back(), reply(e.udp(1)))
      .send(kYes, e.hook, e.udp(1), "judged as if it opened one");
}

}  // namespace sluice::testing
