// Fragments of both families (semantics 26; RFC 791, RFC 8200 4.5, RFC 6946, RFC 1858).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kFragment = SLUICE_ALLOWED_FRAGMENT, kNoFirst = SLUICE_DENIED_FRAGMENT_WITHOUT_FIRST;
constexpr uint32_t kLongAfter = 60;  // seconds; SLUICE_TIMEOUT_FRAGMENT is over

// Isolated both ways; the peer may use UDP 53.
World dns(const Ends& e) {
  World world = World(e.pod).isolate(e.hook).isolate(e.back());
  image::Ref ref = world.portset(net::kUdp, {ports(53)});
  return world.peer(e.peer).allow(e.hook, kFriend, ref);
}

Spec fragment(Spec spec, uint32_t identification, uint16_t offset, bool more) {
  spec.fragment = packet::Fragment{identification, offset, more};
  spec.payload.assign(offset == 0 ? 32 : 40, 0xab);
  return spec;
}
Spec first(const Spec& spec, uint32_t id = 7) {
  return fragment(spec, id, 0, true);
}
Spec middle(const Spec& spec, uint32_t id = 7) {
  return fragment(spec, id, 5, true);
}
Spec last(const Spec& spec, uint32_t id = 7) {
  return fragment(spec, id, 10, false);
}

void add_order_rows(const Ends& e, Rows& rows) {
  const Spec udp = e.udp();
  rows.add(Feature::kFragments, e, "follow the first, in any order, until they are late", dns(e))
      .send(kYes, e.hook, first(udp))
      .send(kFragment, e.hook, last(udp))
      .send(kFragment, e.hook, middle(udp))
      .wait(kLongAfter)
      .send(kNoFirst, e.hook, middle(udp));
  rows.add(Feature::kFragments, e, "of another datagram they are not", dns(e))
      .send(kYes, e.hook, first(udp))
      .send(kNoFirst, e.hook, last(udp, 8), "another identification")
      .send(kNoFirst, e.hook, last(e.opening(net::kUdp, 53, e.other)), "another remote address")
      .send(kNoFirst, e.back(), last(reply(udp)), "the other direction")
      .send(kFlow, e.hook, first(udp, 8), "a second datagram of the connection")
      .send(kFragment, e.hook, last(udp, 8));
  rows.add(Feature::kFragments, e, "of a reply follow the reply", dns(e))
      .send(kYes, e.hook, udp)
      .send(kFlow, e.back(), first(reply(udp)))
      .send(kFragment, e.back(), last(reply(udp)));
  if (e.v4())
    rows.add(Feature::kFragments, e, "identifications are a protocol's own", dns(e))
        .send(kYes, e.hook, first(udp))
        .send(kNoFirst, e.hook, last(e.syn()));

  rows.add(Feature::kFragmentNoFirst, e, "is dropped; after its first it passes", dns(e))
      .send(kNoFirst, e.hook, last(udp))
      .send(kYes, e.hook, first(udp))
      .send(kFragment, e.hook, last(udp));
  rows.add(Feature::kFragmentDenied, e, "is dropped too", dns(e))
      .send(kNo, e.hook, first(e.udp(54)))
      .send(kNoFirst, e.hook, last(e.udp(54)));
  rows.add(Feature::kFragmentOpen, e, "pass, first or not", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, last(udp))
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, first(udp))
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, last(udp));
}

void add_odd_rows(const Ends& e, Rows& rows) {
  if (e.v4())
    rows.not_applicable(Feature::kAtomicFragment, e, "an IPv4 packet that is whole is no fragment");
  else
    rows.add(Feature::kAtomicFragment, e, "is a packet like any other, and first to none", dns(e))
        .send(kYes, e.hook, fragment(e.udp(53), 7, 0, false))
        .send(kNo, e.hook, fragment(e.udp(54), 7, 0, false))
        .send(kNoFirst, e.hook, last(e.udp(53)));

  for (net::Protocol protocol : {net::kTcp, net::kUdp}) {
    Spec spec = e.opening(protocol, 53);
    Bytes whole = packet::build(fragment(spec, 7, 0, true));
    constexpr size_t kPorts = 4;
    Bytes tiny(whole.begin(), whole.begin() + (e.v4() ? 34 : 62) + kPorts);
    if (e.v4())
      tiny[17] = 20 + kPorts;
    else
      tiny[19] = 8 + kPorts;
    rows.add(Feature::kTinyFragment, e, protocol.to_text() + ": is dropped, and so is what follows",
             World(dns(e)).isolate(e.hook, image::Ref::all()))
        .send(SLUICE_DENIED_TRUNCATED, e.hook, tiny)
        .send(kNoFirst, e.hook, last(spec));
  }
}

}  // namespace

void add_fragment_rows(const Ends& ends, Rows& rows) {
  add_order_rows(ends, rows);
  add_odd_rows(ends, rows);
}

}  // namespace sluice::testing
