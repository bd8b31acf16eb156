// Connections: replies, changes, reused tuples (semantics 19, 23, 27, 28).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;

// Isolated both ways; the peer may open connections through the hook only.
World one_way(const Ends& e) {
  return World(e.pod).isolate(e.hook).isolate(e.back()).peer(e.peer).allow(e.hook, kFriend,
                                                                           image::Ref::all());
}
World nothing(const Ends& e) {
  return World(e.pod).isolate(e.hook).isolate(e.back()).peer(e.peer);
}
Spec data(const Spec& spec) {
  return with_flags(spec, kAck);
}
Spec answer(const Spec& spec) {
  return reply(spec, kAck);
}

void add_reply_rows(const Ends& e, Rows& rows) {
  auto& row =
      rows.add(Feature::kReply, e, "pass both ways, though the pod is isolated both ways", one_way(e));
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, net::Protocol(47)}) {
    Spec spec = e.opening(protocol, 80);
    row.send(kYes, e.hook, spec, protocol.to_text())
        .send(kFlow, e.back(), reply(spec))
        .send(kFlow, e.hook, data(spec))
        .send(kFlow, e.back(), answer(spec));
  }
  rows.add(Feature::kReply, e, "only those between the same ports", one_way(e))
      .send(kYes, e.hook, e.udp(53))
      .send(kNo, e.back(), reply(e.udp(54)))
      .send(kNo, e.back(), reply(e.opening(net::kUdp, 53, e.other)), "another remote address")
      .send(kNo, e.back(), reply(e.syn(53)), "another protocol")
      .send(kFlow, e.back(), reply(e.udp(53)));

  rows.add(Feature::kNoConnection, e, "a reply that answers nothing is denied", one_way(e))
      .send(kNo, e.back(), reply(e.syn()))
      .send(kNo, e.back(), reply(e.udp()))
      .send(kYes, e.hook, e.syn(), "and opened nothing")
      .send(kFlow, e.back(), reply(e.syn()));
  rows.add(Feature::kNoConnection, e, "TCP in the middle is judged as if it opened one", one_way(e))
      .send(kYes, e.hook, data(e.syn()))
      .send(kFlow, e.back(), answer(e.syn()))
      .send(kNo, e.back(), with_flags(answer(e.syn(81)), kAck));
}

void add_stale_rows(const Ends& e, Rows& rows) {
  World also = one_way(e).peer(e.other, kStranger).allow(e.hook, kStranger, image::Ref::all());
  rows.add(Feature::kStaleAllowed, e, "goes on, whoever sends next", one_way(e))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .change(also)
      .send(kFlow, e.hook, data(e.syn()))
      .change(one_way(e))
      .send(kFlow, e.back(), answer(e.syn()));
  World web = one_way(e);
  image::Ref http = web.portset(net::kTcp, {ports(80)});
  rows.add(Feature::kStaleAllowed, e, "is judged by the port that it was opened to, whoever sends",
           one_way(e))
      .send(kYes, e.hook, e.syn(80))
      .send(kYes, e.hook, e.syn(81))
      .change(web.allow(e.hook, kFriend, http))
      .send(kFlow, e.back(), answer(e.syn(80)))
      .send(kNo, e.back(), answer(e.syn(81)));
  rows.add(Feature::kStaleAllowed, e, "opened before any policy, allowed by the one that comes", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, e.syn())
      .change(one_way(e))
      .send(kFlow, e.back(), reply(e.syn()))
      .change(e.open())
      .send(kFlow, e.hook, data(e.syn()));

  rows.add(Feature::kStaleDenied, e, "stops both ways, and comes back both ways", one_way(e))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .change(nothing(e))
      .send(kNo, e.hook, data(e.syn()))
      .send(kNo, e.back(), answer(e.syn()))
      .change(one_way(e))
      .send(kFlow, e.back(), answer(e.syn()))
      .send(kFlow, e.hook, data(e.syn()));
  rows.add(Feature::kStaleDenied, e, "opened before any policy, denied by the one that comes", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, e.udp())
      .send(kFlow, e.back(), reply(e.udp()))
      .change(e.isolated())
      .send(kNo, e.hook, e.udp())
      .send(kNo, e.back(), reply(e.udp()));
  rows.add(Feature::kStaleDenied, e, "the peer's label changes: it is someone else", one_way(e))
      .send(kYes, e.hook, e.udp())
      .change(one_way(e).peer(e.peer, kStranger))
      .send(kNo, e.hook, e.udp());

  World reply_open = World(e.pod).isolate(e.hook).peer(e.peer);
  rows.add(Feature::kStaleReply, e, "do not open it again, though nothing isolates their direction",
           World(reply_open).allow(e.hook, kFriend, image::Ref::all()))
      .send(kYes, e.hook, e.udp())
      .send(kFlow, e.back(), reply(e.udp()))
      .change(reply_open)
      .send(kNo, e.back(), reply(e.udp()))
      .against()
      .send(kNo, e.back(), reply(e.udp()))
      .against()
      .send(kNo, e.hook, e.udp());
}

void add_syn_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kNewSyn, e, "is judged anew, and opens anew where it is allowed", one_way(e))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()));
  rows.add(Feature::kNewSyn, e, "from the other end it is denied, and the old connection stands", one_way(e))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .send(kNo, e.back(), reply(e.syn(), kSyn))
      .send(kFlow, e.hook, data(e.syn()))
      .send(kFlow, e.back(), answer(e.syn()));
  rows.add(Feature::kNewSyn, e, "from the other end it turns the connection round where it is allowed",
           e.isolated())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.back(), reply(e.syn(), kSyn))
      .send(kFlow, e.hook, with_flags(e.syn(), kSyn | kAck))
      .send(kNo, e.hook, e.syn());
  rows.add(Feature::kNewSyn, e, "after a change it is judged by the new state", one_way(e))
      .send(kYes, e.hook, e.syn())
      .change(nothing(e))
      .send(kNo, e.hook, e.syn());
}

}  // namespace

void add_flow_rows(const Ends& ends, Rows& rows) {
  add_reply_rows(ends, rows);
  add_stale_rows(ends, rows);
  add_syn_rows(ends, rows);
}

}  // namespace sluice::testing
