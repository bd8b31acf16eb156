// Pods and agents: not known yet, unknown interfaces, audit (semantics 24, 25), and
// what is reported.
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kNotReady = SLUICE_DENIED_NOT_READY, kPermissive = SLUICE_ALLOWED_PERMISSIVE;
constexpr uint32_t kElsewhere = 7;  // an interface where no packet of these tests passes

void add_unknown_rows(const Ends& e, Rows& rows) {
  auto& ready = rows.add(Feature::kNotReady, e, "strict: closed; permissive: open; then as its rules say",
                         e.isolated());
  ready.half_way = true;
  ready.send(kNotReady, e.hook, e.syn())
      .send(kNotReady, e.back(), reply(e.syn()))
      .flags(SLUICE_CONFIG_PERMISSIVE)
      .send(kPermissive, e.hook, e.syn())
      .flags(0)
      .ready()
      .send(kNo, e.hook, e.syn());

  auto& unknown = rows.add(Feature::kUnknownInterface, e, "is treated as a pod that is not known yet",
                           World(e.pod, kElsewhere));
  unknown.endpoint = SLUICE_NO_ENDPOINT;
  unknown.send(kNotReady, e.hook, e.syn())
      .flags(SLUICE_CONFIG_PERMISSIVE)
      .send(kPermissive, e.hook, e.syn())
      .send(kPermissive, e.back(), reply(e.syn()))
      .flags(0)
      .send(kNotReady, e.back(), reply(e.syn()));

  World other;
  other.pod(kOtherPod, e.other, kPodInterface + SLUICE_INTERFACE_SLOTS);
  World both = e.isolated().pod(kOtherPod, e.other, kPodInterface + SLUICE_INTERFACE_SLOTS);
  auto& far = rows.add(Feature::kFarInterface, e, "each is its own pod's, whichever came first", both);
  far.world_before = other;
  far.endpoint = SLUICE_FIRST_ENDPOINT + 1;
  far.send(kNo, e.hook, e.syn())
      .change(e.open().pod(kOtherPod, e.other, kPodInterface + SLUICE_INTERFACE_SLOTS))
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, e.syn())
      .change(e.isolated())
      .send(kNo, e.hook, e.syn(), "the other is gone");
}

void add_audit_rows(const Ends& e, Rows& rows) {
  Bytes cut = packet::build(e.syn());
  cut.resize(cut.size() - 1);
  World world = e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all());
  rows.add(Feature::kAudit, e, "what would be denied passes and is reported", world)
      .flags(SLUICE_CONFIG_AUDIT)
      .send(kNo, e.hook, e.syn())
      .send(SLUICE_DENIED_TRUNCATED, e.hook, cut)
      .send(SLUICE_DENIED_NOT_IP, e.hook,
            [] {
              Bytes lldp = packet::arp_request();
              lldp[12] = 0x88, lldp[13] = 0xcc;
              return lldp;
            }())
      .send(kYes, e.hook, e.opening(net::kTcp, 80, e.other), "what is allowed passes as ever");
  rows.add(Feature::kAudit, e, "a connection that only an audit let pass ends with it", e.isolated())
      .flags(SLUICE_CONFIG_AUDIT)
      .send(kNo, e.hook, e.udp())
      .send(kNo, e.back(), reply(e.udp()), "its replies are the connection's")
      .send(kNo, e.hook, e.udp())
      .flags(0)
      .send(kNo, e.hook, e.udp())
      .send(kNo, e.back(), reply(e.udp()));
  rows.add(Feature::kAudit, e, "an open connection that a change denies is reported, packet by packet",
           e.open())
      .flags(SLUICE_CONFIG_AUDIT)
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, e.udp())
      .change(e.isolated())
      .send(kNo, e.hook, e.udp())
      .send(kNo, e.hook, e.udp())
      .change(e.open())
      .send(kFlow, e.hook, e.udp());
}

void add_policy_audit_rows(const Ends& e, Rows& rows) {
  constexpr uint8_t kAudit = SLUICE_ALLOWED_AUDIT, kOpen = SLUICE_ALLOWED_NOT_ISOLATED;
  const Spec friendly = e.opening(net::kTcp, 80, e.other);
  const World open = e.open().peer(e.other).audit(e.hook).allow_in_audit(e.hook, kFriend, image::Ref::all());
  Bytes cut = packet::build(e.syn());
  cut.resize(cut.size() - 1);
  rows.add(Feature::kPolicyAudit, e, "what they would deny passes, and opening it is reported, once", open)
      .send(kAudit, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .send(kFlow, e.hook, with_flags(e.syn(), kAck))
      .send(kAudit, e.hook, e.syn(81))
      .send(kOpen, e.hook, friendly, "what they allow is no matter of theirs")
      .send(kAudit, e.hook, cut, "what cannot be read")
      .change(e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all()))
      .send(kNo, e.hook, with_flags(e.syn(), kAck), "once they are in force")
      .send(kFlow, e.hook, with_flags(friendly, kAck));
  rows.add(Feature::kPolicyAudit, e, "what is in force decides first", e.isolated().peer(e.other))
      .change(e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all()).audit(e.hook))
      .send(kNo, e.hook, e.syn())
      .send(kAudit, e.hook, friendly)
      .send(kFlow, e.back(), reply(friendly))
      .change(e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all()))
      .send(kFlow, e.hook, with_flags(friendly, kAck), "the audit is over")
      .send(kYes, e.hook, e.opening(net::kTcp, 81, e.other))
      .change(e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all()).audit(e.hook))
      .send(kAudit, e.hook, with_flags(friendly, kAck), "open connections are asked for once");
}

void add_report_rows(const Ends& e, Rows& rows) {
  auto& events =
      rows.add(Feature::kEvents, e, "its addresses, ports, protocol, length and the state", e.isolated());
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp, net::Protocol(47)}) {
    Spec spec = e.opening(protocol, 258);
    spec.payload.resize(100);
    events.send(kNo, e.hook, spec, protocol.to_text());
  }
  events.change(e.isolated().peer(e.peer)).send(kNo, e.hook, e.syn(), "in a later state");

  auto& burst =
      rows.add(Feature::kReportRate, e, "the first are reported, the rest counted; then again", e.isolated());
  constexpr int kBurst = 2 * SLUICE_DENIED_REPORTS + 8;
  for (int i = 0; i < kBurst; ++i) burst.send(kNo, e.hook, e.syn());
  burst.wait(1);
  for (int i = 0; i < kBurst; ++i) burst.send(kNo, e.hook, e.syn());
}

void add_observed_rows(const Ends& e, Rows& rows) {
  World world = e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all());
  rows.add(Feature::kObserved, e, "what opens a connection is reported, once, while that is asked for", world)
      .send(kYes, e.hook, e.opening(net::kUdp, 80, e.other), "not asked for")
      .observed(true)
      .send(kYes, e.hook, e.opening(net::kTcp, 80, e.other))
      .send(kFlow, e.back(), reply(e.opening(net::kTcp, 80, e.other)))
      .send(kFlow, e.hook, with_flags(e.opening(net::kTcp, 80, e.other), kAck))
      .send(kYes, e.hook, e.opening(e.icmp, 0, e.other))
      .send(kNo, e.hook, e.syn(), "what is denied as ever")
      .change(e.isolated().peer(e.other).allow(e.hook, kFriend, image::Ref::all()))
      .send(kFlow, e.hook, with_flags(e.opening(net::kTcp, 80, e.other), kAck), "judged anew, not opened")
      .observed(false)
      .send(kYes, e.hook, e.opening(net::kTcp, 81, e.other));
  auto& burst =
      rows.add(Feature::kObserved, e, "at a rate of its own, which hides nothing that is denied", world);
  burst.observed(true);
  for (unsigned i = 0; i < SLUICE_ALLOWED_REPORTS + 8; ++i)
    burst.send(kYes, e.hook, e.opening(net::kTcp, 80, e.other));
  burst.send(kNo, e.hook, e.syn());
  burst.wait(1);
  burst.send(kYes, e.hook, e.opening(net::kTcp, 80, e.other)).send(kNo, e.hook, e.syn());
}

}  // namespace

void add_pod_rows(const Ends& ends, Rows& rows) {
  add_unknown_rows(ends, rows);
  add_audit_rows(ends, rows);
  add_policy_audit_rows(ends, rows);
  add_report_rows(ends, rows);
  add_observed_rows(ends, rows);
}

}  // namespace sluice::testing
