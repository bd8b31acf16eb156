// Attacks by headers: what is longer, shorter, wrong, packed into something else, or no IP (semantics 16, 17, 20, 26,
// 39).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kCut = SLUICE_DENIED_TRUNCATED;
constexpr uint8_t kBad = SLUICE_DENIED_MALFORMED, kNotIp = SLUICE_DENIED_NOT_IP,
                  kNeighbour = SLUICE_ALLOWED_NEIGHBOUR;
constexpr size_t kIpAt = 14;
constexpr unsigned kVxlan = 4789, kFlannel = 8472, kGeneve = 6081;

// The peer may use TCP 80 and UDP 53 through the hook, somebody else nothing; the node is known.
World web_and_dns(const Ends& e) {
  World world = World(e.pod).isolate(e.hook).isolate(e.back());
  image::Portset set;
  set.add(net::kTcp, ports(80));
  set.add(net::kUdp, ports(53));
  const image::Ref ref = world.portset(set);
  world.peer(e.peer).peer(e.other, kStranger).address(e.node, {{}, true, false});
  return world.allow(e.hook, kFriend, ref);
}
void put16_at(Bytes& frame, size_t at, size_t value) {
  frame[at] = static_cast<uint8_t>(value >> 8);
  frame[at + 1] = static_cast<uint8_t>(value & 0xff);
}
size_t upper_of(const Ends& e) {
  return kIpAt + (e.v4() ? 20 : 40);
}
// With a header of this kind and content (without its first byte) behind the IPv6 header.
Bytes with_extension(const Spec& spec, uint8_t kind, Bytes content) {
  Bytes frame = packet::build(spec);
  constexpr size_t kNextHeader = kIpAt + 6, kLength = kIpAt + 4, kFirst = kIpAt + 40;
  content.insert(content.begin(), frame[kNextHeader]);
  content.resize((content.size() + 7) / 8 * 8);
  frame[kNextHeader] = kind;
  put16_at(frame, kLength, frame.size() - kFirst + content.size());
  frame.insert(frame.begin() + kFirst, content.begin(), content.end());
  return frame;
}
// A loose source route by way of `via`, as an IPv4 option (RFC 791 3.1).
Bytes routed_by(const Spec& spec, const net::Ip& via) {
  Spec with_room = spec;
  with_room.ipv4_option_words = 2;
  Bytes frame = packet::build(with_room);
  const Bytes option = {131, 7, 4};
  std::copy(option.begin(), option.end(), frame.begin() + kIpAt + 20);
  std::copy(via.bytes().begin(), via.bytes().end(), frame.begin() + kIpAt + 23);
  frame[kIpAt + 27] = 0;
  return frame;
}
// One segment left: RFC 8200 4.4 (type 0), RFC 8754 (type 4).
Bytes routed_by(const Spec& spec, const net::Ip& via, uint8_t type) {
  Bytes content = {2, type, 1, 0, 0, 0, 0};
  content.insert(content.end(), via.bytes().begin(), via.bytes().end());
  return with_extension(spec, 43, content);
}

void add_routes(const Ends& e, Rows& rows) {
  const Spec denied = e.opening(net::kTcp, 80, e.other), allowed = e.syn(80);
  auto& row = rows.add(Attack::kSourceRouting, e, "is judged by the header's addresses", web_and_dns(e));
  if (e.v4()) {
    row.attempt(kNo, e.hook, routed_by(denied, e.peer))
        .attempt(kYes, e.hook, routed_by(allowed, e.other), "on from a friend");
    return;
  }
  for (uint8_t type : {uint8_t{0}, uint8_t{2}, uint8_t{4}})
    row.attempt(kNo, e.hook, routed_by(denied, e.peer, type), "type " + std::to_string(type));
  row.attempt(kYes, e.hook, routed_by(allowed, e.other, 4), "on from a friend");
  Bytes home = {2, 1, 2, 0, 0, 201, 16};  // PadN, so that the option is where it has to be
  home.insert(home.end(), e.peer.bytes().begin(), e.peer.bytes().end());
  rows.add(Attack::kHomeAddress, e, "is not read", web_and_dns(e))
      .attempt(kNo, e.hook, with_extension(denied, 60, home));
}

void add_chains(const Ends& e, Rows& rows) {
  const World all = e.isolated(image::Ref::all());
  auto chained = [&](std::vector<uint8_t> kinds, unsigned to = 22) {
    Spec spec = e.syn(to);
    spec.extension_headers = std::move(kinds);
    return packet::build(spec);
  };
  rows.add(Attack::kExtensionChain, e, "hides nothing", web_and_dns(e))
      .attempt(kNo, e.hook, chained({0, 60, 43, 60}))
      .attempt(kNo, e.hook, chained({60, 60, 60, 60, 60, 60, 60, 60}));
  rows.add(Attack::kExtensionChain, e, "is dropped, whatever is allowed", all)
      .attempt(SLUICE_DENIED_EXTENSION_CHAIN, e.hook, chained(std::vector<uint8_t>(9, 60)), "nine headers")
      .attempt(kBad, e.hook, chained({60, 0}), "hop-by-hop not first")
      .attempt(kBad, e.hook, chained({44, 44}), "two fragment headers")
      .attempt(kCut, e.hook, packet::build(e.opening(net::Protocol(60), 0)), "it ends there")
      .attempt(kCut, e.hook, with_extension(e.syn(80), 60, {255}), "it is longer than the packet");
  Bytes jumbo = with_extension(e.syn(80), 0, {0, 194, 4, 0, 0, 0, 28});
  put16_at(jumbo, kIpAt + 4, 0);
  rows.add(Attack::kJumbogram, e, "is dropped, whatever is allowed", all).attempt(kCut, e.hook, jumbo);
}

void add_lies(const Ends& e, Rows& rows) {
  const World all = e.isolated(image::Ref::all());
  const Bytes syn = packet::build(e.syn());
  auto changed = [](Bytes frame, size_t at, unsigned value) {
    frame[at] = static_cast<uint8_t>(value);
    return frame;
  };
  Bytes longer = syn, none = syn, udp = packet::build(e.udp(22)), udp_short = packet::build(e.udp(53));
  put16_at(longer, kIpAt + (e.v4() ? 2 : 4), 2000);
  put16_at(none, kIpAt + (e.v4() ? 2 : 4), 0);
  put16_at(udp, upper_of(e) + 4, 60000);
  put16_at(udp_short, upper_of(e) + 4, 0);
  rows.add(Attack::kWrongLengths, e, "are dropped, whatever is allowed", all)
      .attempt(kCut, e.hook, longer, "longer than the frame")
      .attempt(e.v4() ? kBad : kCut, e.hook, none, "0")
      .attempt(kBad, e.hook, changed(syn, upper_of(e) + 12, 4 << 4), "a TCP header of 16 bytes")
      .attempt(kBad, e.hook, changed(syn, upper_of(e) + 12, 15 << 4), "a TCP header longer than the packet");
  rows.add(Attack::kWrongLengths, e, "of UDP: judged by its ports", web_and_dns(e))
      .attempt(kNo, e.hook, udp)
      .attempt(kYes, e.hook, udp_short);
  if (e.v4())
    rows.add(Attack::kWrongLengths, e, "of the IP header", all)
        .attempt(kBad, e.hook, changed(syn, kIpAt, 0x44))
        .attempt(kBad, e.hook, changed(syn, kIpAt, 0x4f), "it takes the ports' place");
  auto& version = rows.add(Attack::kWrongVersion, e, "is dropped, whatever is allowed", all);
  for (unsigned other : {0u, 5u, e.v4() ? 6u : 4u, 15u})
    version.attempt(kBad, e.hook, changed(syn, kIpAt, other << 4 | (syn[kIpAt] & 15u)),
                    std::to_string(other));
  version.attempt(kBad, e.hook, changed(changed(syn, 12, e.v4() ? 0x86 : 0x08), 13, e.v4() ? 0xdd : 0),
                  "of the other family's Ethernet type");

  const Bytes forbidden = packet::build(e.syn(22));
  auto& sums = rows.add(Attack::kWrongChecksums, e, "are judged as right ones", web_and_dns(e));
  sums.attempt(kNo, e.hook, changed(forbidden, upper_of(e) + 16, 0xff))
      .attempt(kYes, e.hook, changed(syn, upper_of(e) + 16, 0xff));
  if (e.v4()) sums.attempt(kNo, e.hook, changed(forbidden, kIpAt + 10, 0xff), "of the IP header");
}

void add_inside(const Ends& e, Rows& rows) {
  const Bytes inner4 = packet::build_ip(packet::opening(ip("10.0.1.1"), ip("10.0.0.1"), net::kTcp, port(80)));
  const Bytes inner6 = packet::build_ip(packet::opening(ip("fd00:1::1"), ip("fd00::1"), net::kTcp, port(80)));
  auto packed = [&](net::Protocol protocol, unsigned to, Bytes inside, const net::Ip& far) {
    Spec spec = e.opening(protocol, to, far);
    spec.payload = std::move(inside);
    return spec;
  };
  auto& row = rows.add(Attack::kInside, e, "is judged by what is outside", web_and_dns(e));
  for (unsigned protocol : {4u, 41u, 47u, 50u, 94u, 137u})
    row.attempt(
        kNo, e.hook,
        packed(net::Protocol(static_cast<uint8_t>(protocol)), 0, protocol == 4 ? inner4 : inner6, e.peer),
        "protocol " + std::to_string(protocol));
  for (unsigned to : {kVxlan, kFlannel, kGeneve})
    row.attempt(kNo, e.hook, packed(net::kUdp, to, inner4, e.peer));
  row.attempt(kYes, e.hook, packed(net::kUdp, 53, inner4, e.peer), "in what is allowed, it passes");
  if (!e.from_pod()) return;
  const Spec tunnel = packed(net::kUdp, kFlannel, inner4, e.node);
  rows.add(Attack::kTunnelOfOwnNode, e, "passes, as all to the own node", web_and_dns(e))
      .attempt(SLUICE_ALLOWED_OWN_NODE, e.hook, tunnel);
  rows.add(Attack::kTunnelOfOwnNode, e, "is dropped where rules say all of the node (tier Admin)",
           web_and_dns(e).whole(e.hook))
      .attempt(kNo, e.hook, tunnel)
      .attempt(kNo, e.hook, packed(net::Protocol(47), 0, inner4, e.node));
}

Bytes typed(Bytes frame, unsigned type) {
  put16_at(frame, 12, type);
  return frame;
}
Bytes tagged(Bytes frame, std::initializer_list<unsigned> tags) {
  size_t at = 12;
  for (unsigned tag : tags) {
    frame.insert(frame.begin() + static_cast<ptrdiff_t>(at), {0, 0, 0, 7});
    put16_at(frame, at, tag);
    at += 4;
  }
  return frame;
}

void add_links(const Ends& e, Rows& rows) {
  const World all = e.isolated(image::Ref::all());
  const Bytes syn = packet::build(e.syn());
  rows.add(Attack::kVlanTag, e, "is dropped where it stands in the frame, whatever is allowed", all)
      .attempt(kNotIp, e.hook, tagged(syn, {0x8100}), "802.1Q")
      .attempt(kNotIp, e.hook, tagged(syn, {0x88a8, 0x8100}), "802.1ad")
      .attempt(kNotIp, e.hook, tagged(syn, {0x8100, 0x8100}), "twice");
  auto& other = rows.add(Attack::kNotIp, e, "is dropped, whatever is allowed", all);
  for (unsigned type : {0u, 64u, 1500u, 0x0801u, 0x6003u, 0x8847u, 0x8863u, 0x8864u, 0x88ccu, 0xffffu})
    other.attempt(kNotIp, e.hook, typed(syn, type), "type " + std::to_string(type));

  auto& spoof =
      rows.add(Attack::kArpSpoofing, e, "passes; what is sent in the other's name does not", web_and_dns(e));
  if (e.v4()) {
    Bytes arp = packet::arp_request();
    const Bytes answer = {0, 1, 8, 0, 6, 4, 0, 2, 2, 0, 0, 0, 0, 2};  // a reply, from its own MAC address
    std::copy(answer.begin(), answer.end(), arp.begin() + kIpAt);
    std::copy(e.peer.bytes().begin(), e.peer.bytes().end(), arp.begin() + kIpAt + 14);
    spoof.attempt(kNeighbour, e.hook, arp);
  } else {
    Spec advertisement = e.opening(net::kIcmpv6, 0);
    advertisement.icmp_type = 136;
    advertisement.hop_limit = 255;
    advertisement.payload.assign(e.peer.bytes().begin(), e.peer.bytes().end());
    spoof.attempt(kNeighbour, e.hook, advertisement);
    for (uint8_t type = 133; type <= 137; ++type) {
      Spec distant = advertisement;
      distant.icmp_type = type;
      distant.hop_limit = 254;
      rows.add(Attack::kDistantDiscovery, e, "is judged as any ICMP", web_and_dns(e))
          .attempt(kNo, e.hook, distant);
    }
  }
  if (!e.from_pod()) return;
  Spec answer = packet::opening(e.peer, e.other, net::kTcp, port(40000));
  answer.tcp_flags = kSyn | kAck;
  spoof.attempt(SLUICE_DENIED_SOURCE_NOT_OWN, e.hook, answer, "an answer in the other's name");
}

}  // namespace

void add_attack_header_rows(const Ends& e, Rows& rows) {
  add_routes(e, rows);
  if (!e.v4()) add_chains(e, rows);
  add_lies(e, rows);
  add_inside(e, rows);
  add_links(e, rows);
}

}  // namespace sluice::testing
