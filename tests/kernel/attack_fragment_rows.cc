// Attacks by fragments (semantics 26; RFC 1858, RFC 3128, RFC 5722, RFC 6946, RFC 6980).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kCut = SLUICE_DENIED_TRUNCATED;
constexpr uint8_t kFragment = SLUICE_ALLOWED_FRAGMENT, kNoFirst = SLUICE_DENIED_FRAGMENT_WITHOUT_FIRST;
constexpr size_t kEthernet = 14;

// Isolated both ways; the peer may use port 53 through the hook.
World dns_only(const Ends& e) {
  World world = World(e.pod).isolate(e.hook).isolate(e.back());
  image::Portset set;
  set.add(net::kUdp, ports(53));
  set.add(net::kTcp, ports(53));
  const image::Ref ref = world.portset(set);
  return world.peer(e.peer).allow(e.hook, kFriend, ref);
}

// A part of a datagram, `offset` in units of 8 bytes.
Spec part(Spec spec, uint16_t offset, bool more, uint32_t id = 7) {
  spec.fragment = packet::Fragment{id, offset, more};
  spec.payload.assign(offset == 0 ? 32 : 40, 0xab);
  return spec;
}
Spec first_part(const Spec& spec, uint32_t id = 7) {
  return part(spec, 0, true, id);
}
Spec last_part(const Spec& spec, uint32_t id = 7) {
  return part(spec, 10, false, id);
}
// What would stand over the first part's ports and flags: another UDP or TCP header.
Spec over(const Ends& e, const Spec& spec, uint16_t offset) {
  Spec later = part(spec, offset, true);
  Bytes other = packet::build_ip(e.opening(spec.protocol, 22));
  later.payload.assign(other.begin() + (e.v4() ? 20 : 40), other.end());
  later.payload.resize(24);
  return later;
}
// Of a first fragment only so many bytes of what is behind the IP header, with an honest length.
Bytes only(const Ends& e, const Spec& spec, size_t bytes) {
  Bytes frame = packet::build(spec);
  frame.resize(kEthernet + (e.v4() ? 20 : 48) + bytes);
  const size_t length = e.v4() ? 20 + bytes : 8 + bytes, at = kEthernet + (e.v4() ? 2 : 4);
  frame[at] = static_cast<uint8_t>(length >> 8);
  frame[at + 1] = static_cast<uint8_t>(length & 0xff);
  return frame;
}

void add_overlaps(const Ends& e, Rows& rows) {
  for (net::Protocol protocol : {net::kUdp, net::kTcp}) {
    const Spec allowed = e.opening(protocol, 53);
    rows.add(Attack::kOverlappingFragments, e, protocol.to_text() + ": follow their first", dns_only(e))
        .send(kYes, e.hook, first_part(allowed))
        .attempt(kFragment, e.hook, over(e, allowed, 1), "over the second 8 bytes")
        .attempt(kFragment, e.hook, last_part(allowed));
    rows.add(Attack::kOverlappingFragments, e, protocol.to_text() + ": without a first do not", dns_only(e))
        .attempt(kNoFirst, e.hook, over(e, allowed, 1))
        .attempt(kNoFirst, e.hook, last_part(allowed));
    rows.add(Attack::kSecondFirstFragment, e, protocol.to_text() + ": is judged by itself", dns_only(e))
        .send(kYes, e.hook, first_part(allowed))
        .attempt(kNo, e.hook, first_part(e.opening(protocol, 22)));
    rows.add(Attack::kSecondFirstFragment, e, protocol.to_text() + ": before the allowed one as well",
             dns_only(e))
        .attempt(kNo, e.hook, first_part(e.opening(protocol, 22)))
        .attempt(kNoFirst, e.hook, last_part(allowed));
  }
}

void add_tiny(const Ends& e, Rows& rows) {
  const World all = World(dns_only(e)).isolate(e.hook, image::Ref::all());
  for (net::Protocol protocol : {net::kUdp, net::kTcp, net::kSctp, e.icmp}) {
    const Spec spec = e.opening(protocol, 53);
    auto& row =
        rows.add(Attack::kTinyFragment, e, protocol.to_text() + ": is dropped, and what follows", all);
    row.attempt(kCut, e.hook, only(e, first_part(spec), 0), "without a byte");
    if (protocol == net::kTcp || protocol == net::kSctp)
      row.attempt(kCut, e.hook, only(e, first_part(spec), 8), "with its ports alone");
    if (protocol == net::kTcp) row.attempt(kCut, e.hook, only(e, first_part(spec), 16), "RFC 3128");
    row.attempt(kNoFirst, e.hook, over(e, spec, 1), "with the rest");
  }
}

void add_order(const Ends& e, Rows& rows) {
  const Spec udp = e.udp();
  rows.add(Attack::kFragmentsOutOfOrder, e, "are dropped until their first", dns_only(e))
      .attempt(kNoFirst, e.hook, last_part(udp))
      .attempt(kNoFirst, e.hook, part(udp, 5, true))
      .send(kYes, e.hook, first_part(udp))
      .send(kFragment, e.hook, last_part(udp));
  auto& row = rows.add(Attack::kFragmentOfAnother, e, "is dropped", dns_only(e));
  row.send(kYes, e.hook, first_part(udp))
      .attempt(kNoFirst, e.hook, last_part(udp, 8), "another identification")
      .attempt(kNoFirst, e.hook, last_part(e.opening(net::kUdp, 53, e.other)), "another address")
      .attempt(kNoFirst, e.back(), last_part(reply(udp)), "the other direction");
  if (e.v4()) row.attempt(kNoFirst, e.hook, last_part(e.syn()), "another protocol");
  row.wait(60).attempt(kNoFirst, e.hook, last_part(udp), "too late");
  rows.add(Attack::kDuplicateFragment, e, "follows its first", dns_only(e))
      .send(kYes, e.hook, first_part(udp))
      .attempt(kFragment, e.hook, last_part(udp))
      .attempt(kFragment, e.hook, last_part(udp))
      .attempt(SLUICE_ALLOWED_FLOW, e.hook, first_part(udp), "the first as well");
}

void add_six(const Ends& e, Rows& rows) {
  rows.add(Attack::kAtomicFragment, e, "is judged by its port, and first to none", dns_only(e))
      .attempt(kNo, e.hook, part(e.udp(22), 0, false))
      .send(kYes, e.hook, part(e.udp(53), 0, false))
      .attempt(kNoFirst, e.hook, last_part(e.udp(53)));
  Spec discovery = e.opening(net::kIcmpv6, 0);
  discovery.icmp_type = 136;
  discovery.hop_limit = 255;
  rows.add(Attack::kFragmentedDiscovery, e, "is first to none", dns_only(e))
      .attempt(SLUICE_ALLOWED_NEIGHBOUR, e.hook, first_part(discovery))
      .attempt(kNoFirst, e.hook, last_part(discovery));
  // What stands before the ports is a destination header: the ports are 8 bytes further, where a later fragment may
  // begin.
  Spec behind = e.udp(53);
  behind.extension_headers = {};
  Bytes first = packet::build(first_part(behind));
  constexpr size_t kPayloadLength = kEthernet + 4, kFragmentHeader = kEthernet + 40;
  first.insert(first.begin() + kFragmentHeader + 8, {17, 0, 1, 4, 0, 0, 0, 0});
  first[kFragmentHeader] = 60;
  first[kPayloadLength + 1] = static_cast<uint8_t>(first[kPayloadLength + 1] + 8);
  rows.add(Attack::kOverlappingFragments, e, "over all of the ports, behind a destination header",
           dns_only(e))
      .send(kYes, e.hook, first)
      .attempt(kFragment, e.hook, over(e, e.udp(53), 1));
}

}  // namespace

void add_attack_fragment_rows(const Ends& e, Rows& rows) {
  add_overlaps(e, rows);
  add_tiny(e, rows);
  add_order(e, rows);
  if (!e.v4()) add_six(e, rows);
}

}  // namespace sluice::testing
