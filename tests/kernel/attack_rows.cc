// Attacks on connections, ICMP and addresses (semantics 18 to 20, 27, 28, 35, 38).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kError = SLUICE_ALLOWED_ICMP_ERROR, kNotOwn = SLUICE_DENIED_SOURCE_NOT_OWN;
constexpr unsigned kPsh = 8, kUrg = 32, kEce = 64, kCwr = 128;

// Isolated both ways; the peer is a friend, which may open anything through the hook only; the node is known.
World guarded(const Ends& e) {
  World world = World(e.pod).isolate(e.hook).isolate(e.back());
  world.peer(e.peer).address(e.node, {{}, true, false});
  return world.allow(e.hook, kFriend, image::Ref::all());
}
Spec with_source(Spec spec, const net::Ip& source) {
  spec.source = source;
  return spec;
}
Spec with_payload(Spec spec, Bytes payload) {
  spec.payload = std::move(payload);
  return spec;
}
Bytes spoiled(const Ends& e, const Spec& spec) {
  Bytes frame = packet::build(spec);
  constexpr size_t kEthernet = 14, kTcpChecksum = 16;
  frame[kEthernet + (e.v4() ? 20 : 40) + kTcpChecksum] ^= 0x5a;
  return frame;
}

void add_forged_replies(const Ends& e, Rows& rows) {
  auto& row = rows.add(Attack::kForgedReply, e, "is denied, and opens nothing", guarded(e));
  row.attempt(kNo, e.back(), reply(e.syn()), "SYN,ACK").attempt(kNo, e.back(), reply(e.syn(), kAck), "ACK");
  for (net::Protocol protocol : {net::kUdp, net::kSctp, net::Protocol(47), net::Protocol(136)})
    row.attempt(kNo, e.back(), reply(e.opening(protocol, 53)), protocol.to_text());
  row.send(kYes, e.hook, e.udp(), "the pod's own first packet finds nothing open")
      .send(kFlow, e.back(), reply(e.udp()));

  Spec other_local = reply(e.udp());
  (e.from_pod() ? other_local.destination_port : other_local.source_port) = port(40001);
  rows.add(Attack::kForgedReplyBesideFlow, e, "is denied, and the connection stands", guarded(e))
      .send(kYes, e.hook, e.udp())
      .attempt(kNo, e.back(), reply(e.udp(54)), "another port")
      .attempt(kNo, e.back(), other_local, "to another port")
      .attempt(kNo, e.back(), reply(e.opening(net::kUdp, 53, e.other)), "another address")
      .attempt(kNo, e.back(), reply(e.syn(53)), "another protocol")
      .send(kFlow, e.back(), reply(e.udp()));
}

void add_tcp(const Ends& e, Rows& rows) {
  auto& none = rows.add(Attack::kTcpWithoutSyn, e, "is judged as if it opened a connection", guarded(e));
  for (unsigned flags : {0u, 1u, 4u, 16u, 17u, 20u, 41u, 63u, 255u})
    if ((flags & (kSyn | kAck)) != kSyn)
      none.attempt(kNo, e.back(), with_flags(reply(e.syn()), static_cast<uint8_t>(flags)),
                   "flags " + std::to_string(flags));

  auto& odd =
      rows.add(Attack::kOddSyn, e, "is judged as a SYN, on the tuple of a connection too", guarded(e));
  odd.send(kYes, e.hook, e.syn()).send(kFlow, e.back(), reply(e.syn()));
  for (unsigned beside : {unsigned{kFin}, unsigned{kRst}, kPsh, kUrg})
    odd.attempt(kNo, e.back(), reply(e.syn(), static_cast<uint8_t>(kSyn | beside)),
                "with " + std::to_string(beside));
  odd.attempt(kNo, e.back(), reply(e.syn(), static_cast<uint8_t>(kSyn | kEce | kCwr)), "with ECN")
      .attempt(kNo, e.back(), with_payload(reply(e.syn(), kSyn), Bytes(8, 'x')), "with data")
      .send(kFlow, e.hook, with_flags(e.syn(), kAck), "the connection stands");

  rows.add(Attack::kSimultaneousOpen, e, "is denied where the other end may not open", guarded(e))
      .send(kYes, e.hook, e.syn())
      .attempt(kNo, e.back(), reply(e.syn(), kSyn))
      .send(kFlow, e.back(), reply(e.syn()), "the answer that is one");
  rows.add(Attack::kSplitHandshake, e, "has no second half", guarded(e))
      .send(kYes, e.hook, e.syn())
      .attempt(kFlow, e.back(), reply(e.syn(), kAck))
      .attempt(kNo, e.back(), reply(e.syn(), kSyn))
      .attempt(kNo, e.back(), reply(e.syn(81), kSyn), "to another port");
  rows.add(Attack::kReusedTuple, e, "is a connection of its own", guarded(e))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .send(kFlow, e.hook, with_flags(e.syn(), kAck | kFin))
      .send(kFlow, e.back(), reply(e.syn(), kAck | kFin))
      .attempt(kNo, e.back(), reply(e.syn(), kSyn))
      .send(kYes, e.hook, e.syn(), "of the pod's it is one as well")
      .attempt(kNo, e.back(), reply(e.syn(), kSyn));
  rows.add(Attack::kForgedReset, e, "ends nothing", guarded(e))
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()))
      .send(kFlow, e.hook, with_flags(e.syn(), kAck))
      .attempt(kFlow, e.back(), spoiled(e, reply(e.syn(), kRst)))
      .attempt(kFlow, e.back(), spoiled(e, reply(e.syn(), kRst | kAck)))
      .wait(600)
      .send(kFlow, e.back(), reply(e.syn(), kAck), "the connection stands, and its answers are its own")
      .send(kFlow, e.hook, with_flags(e.syn(), kAck));
}

// From somebody on the way to the pod, or from the pod.
Spec error_of(const Ends& e, const Spec& quoted) {
  return e.from_pod() ? packet::icmp_error(e.router, e.pod, quoted)
                      : packet::icmp_error(e.pod, e.peer, quoted);
}

void add_errors(const Ends& e, Rows& rows) {
  Spec foreign = e.syn();
  (e.from_pod() ? foreign.source : foreign.destination) = e.foreign;
  auto& row = rows.add(Attack::kForgedError, e, "is judged as any ICMP", guarded(e));
  row.send(kYes, e.hook, e.syn())
      .attempt(kNo, e.back(), error_of(e, foreign), "about another pod's connection")
      .attempt(kNo, e.back(), error_of(e, e.syn(81)), "about another port")
      .attempt(kNo, e.back(), error_of(e, e.udp(80)), "about another protocol")
      .attempt(kNo, e.back(), error_of(e, e.opening(net::kTcp, 80, e.other)), "about another address")
      .attempt(kNo, e.back(), error_of(e, e.opening(net::Protocol(47), 0)), "about what has no ports")
      .send(kError, e.back(), error_of(e, e.syn()), "about the connection it passes");

  Spec turned = error_of(e, e.syn());
  turned.payload = packet::build_ip(reply(e.syn()));
  rows.add(Attack::kForgedErrorTurned, e, "is judged as any ICMP", guarded(e))
      .send(kYes, e.hook, e.syn())
      .attempt(kNo, e.back(), turned);
  auto& cut = rows.add(Attack::kForgedErrorCut, e, "is judged as any ICMP", guarded(e));
  cut.send(kYes, e.hook, e.syn());
  for (size_t kept : {0u, 8u, 19u, 20u, 23u}) {
    Spec error = error_of(e, e.syn());
    error.payload.resize(kept);
    cut.attempt(kNo, e.back(), error, std::to_string(kept) + " bytes");
  }
  Spec first = error_of(e, e.syn());
  first.payload.resize(56);
  first.fragment = packet::Fragment{};
  Spec last = first;
  last.fragment = packet::Fragment{1, 8, false};
  rows.add(Attack::kForgedErrorInFragments, e, "is no error", guarded(e))
      .send(kYes, e.hook, e.syn())
      .attempt(kNo, e.back(), first)
      .attempt(SLUICE_DENIED_FRAGMENT_WITHOUT_FIRST, e.back(), last);

  Spec redirect = error_of(e, e.syn()), on_link = redirect;
  redirect.icmp_type = on_link.icmp_type = e.v4() ? 5 : 137;
  on_link.hop_limit = 255;
  auto& redirected = rows.add(Attack::kRedirect, e, "is no error", guarded(e));
  redirected.send(kYes, e.hook, e.syn()).attempt(kNo, e.back(), redirect);
  redirected.attempt(e.v4() ? kNo : uint8_t{SLUICE_ALLOWED_NEIGHBOUR}, e.back(), on_link, "hop limit 255");

  Spec ping = e.opening(e.icmp, 0);
  ping.icmp_identifier = 7;
  Spec other = reply(ping);
  other.icmp_identifier = 8;
  rows.add(Attack::kUnaskedEcho, e, "is judged as any ICMP", guarded(e))
      .attempt(kNo, e.back(), reply(ping), "to nobody's request")
      .send(kYes, e.hook, ping)
      .attempt(kNo, e.back(), other, "with another identifier")
      .send(kFlow, e.back(), reply(ping));
}

void add_sources(const Ends& e, Rows& rows) {
  const char* const any = e.v4() ? "0.0.0.0" : "::";
  const char* const loopback = e.v4() ? "127.0.0.1" : "::1";
  const char* const multicast = e.v4() ? "224.0.0.1" : "ff02::1";
  World world = guarded(e);
  if (!e.from_pod()) {
    rows.add(Attack::kOwnNodeSpoofing, e, "is as the node's", world)
        .attempt(SLUICE_ALLOWED_OWN_NODE, e.hook, with_source(e.syn(), e.node));
    auto& martian = rows.add(Attack::kMartian, e, "is nobody's, or the pod's own", world);
    for (const char* source : {any, loopback, multicast})
      martian.attempt(kNo, e.hook, with_source(e.udp(), ip(source)), source);
    martian.attempt(SLUICE_ALLOWED_SELF, e.hook, with_source(e.udp(), e.pod), "the pod's own");
    return;
  }
  const World open = e.open().peer(e.peer).address(e.node, {{}, true, false});
  for (const World& each : {world, open}) {
    rows.add(Attack::kOwnNodeSpoofing, e, "is dropped, isolated or not", each)
        .attempt(kNotOwn, e.hook, with_source(e.udp(), e.node))
        .attempt(kNotOwn, e.hook, with_source(e.opening(e.icmp, 0), e.node));
    rows.add(Attack::kOthersSource, e, "is dropped, isolated or not", each)
        .attempt(kNotOwn, e.hook, with_source(e.opening(net::kUdp, 53, e.other), e.peer), "another pod")
        .attempt(kNotOwn, e.hook, with_source(e.udp(), e.foreign), "nobody")
        .attempt(kNotOwn, e.hook, with_source(reply(e.udp()), e.peer), "as an answer")
        .attempt(kNotOwn, e.hook, with_source(e.udp(), ip(multicast)), "multicast");
    auto& martian = rows.add(Attack::kMartian, e, "is dropped, isolated or not", each);
    for (const char* source : {any, loopback, e.v4() ? "255.255.255.255" : "fec0::1"})
      martian.attempt(kNotOwn, e.hook, with_source(e.udp(), ip(source)), source);
  }
}

// A friend's address in the words of the other family.
void add_other_family(const Ends& e, Rows& rows) {
  auto& row = rows.add(
      Attack::kOtherFamily, e, "is another address",
      e.v4() ? World(e.pod)
                   .isolate(e.hook)
                   .peer(ip("a00:101::"))
                   .peer(ip("::ffff:10.0.1.1"))
                   .allow(e.hook, kFriend, image::Ref::all())
             : World(e.pod).isolate(e.hook).peer(ip("10.0.1.1")).allow(e.hook, kFriend, image::Ref::all()));
  if (e.v4()) {
    row.attempt(kNo, e.hook, e.opening(net::kUdp, 53, ip("10.0.1.1")));
    return;
  }
  for (const char* same :
       {"::ffff:10.0.1.1", "::10.0.1.1", "64:ff9b::10.0.1.1", "2002:a00:101::1", "a00:101::"})
    row.attempt(kNo, e.hook, e.opening(net::kUdp, 53, ip(same)), same);
}

}  // namespace

void add_attack_rows(const Ends& e, Rows& rows) {
  add_forged_replies(e, rows);
  add_tcp(e, rows);
  add_errors(e, rows);
  add_sources(e, rows);
  add_other_family(e, rows);
}

}  // namespace sluice::testing
