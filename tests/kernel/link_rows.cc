// What keeps a link alive, and what is no IP at all (semantics 20; RFC 826, RFC 4861, RFC 3810).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kNeighbour = SLUICE_ALLOWED_NEIGHBOUR;

Bytes with_type(Bytes frame, unsigned type) {
  frame[12] = static_cast<uint8_t>(type >> 8);
  frame[13] = static_cast<uint8_t>(type & 0xff);
  return frame;
}

Spec icmpv6(const Ends& e, uint8_t type, uint8_t hop_limit) {
  Spec spec = e.opening(net::kIcmpv6, 0);
  spec.icmp_type = type;
  spec.hop_limit = hop_limit;
  return spec;
}

void add_discovery_rows(const Ends& e, Rows& rows) {
  constexpr uint8_t kOnLink = 255, kOffLink = 254, kListener = 1;
  auto& neighbour =
      rows.add(Feature::kNeighbour, e, "passes with hop limit 255, not from further away", e.isolated());
  for (uint8_t type = 133; type <= 137; ++type)
    neighbour.send(kNeighbour, e.hook, icmpv6(e, type, kOnLink)).send(kNo, e.hook, icmpv6(e, type, kOffLink));
  Spec unspecified = icmpv6(e, 135, kOnLink);
  unspecified.source = ip("::");
  rows.add(Feature::kNeighbour, e, "passes before a pod has an address, and before its policies are known",
           e.isolated())
      .send(kNeighbour, e.hook, unspecified);
  auto& early = rows.add(Feature::kNeighbour, e, "passes at an interface of no pod", World());
  early.endpoint = SLUICE_NO_ENDPOINT;
  early.send(kNeighbour, e.hook, icmpv6(e, 135, kOnLink)).send(SLUICE_DENIED_NOT_READY, e.hook, e.syn());

  auto& listener = rows.add(Feature::kMulticast, e, "passes with hop limit 1", e.isolated());
  for (const uint8_t type : std::initializer_list<uint8_t>{130, 131, 132, 143}) {
    Spec spec = icmpv6(e, type, kListener);
    spec.extension_headers = {0};
    listener.send(kNeighbour, e.hook, spec).send(kNo, e.hook, icmpv6(e, type, 64));
  }
}

}  // namespace

void add_link_rows(const Ends& e, Rows& rows) {
  if (e.v4()) {
    auto& arp = rows.add(Feature::kArp, e, "passes whatever the rules say", e.isolated());
    arp.send(kNeighbour, e.hook, packet::arp_request());
    auto& early = rows.add(Feature::kArp, e, "passes at an interface of no pod", World());
    early.endpoint = SLUICE_NO_ENDPOINT;
    early.send(kNeighbour, e.hook, packet::arp_request());
    rows.not_applicable(Feature::kNeighbour, e, "IPv4 has ARP");
    rows.not_applicable(Feature::kMulticast, e, "IGMP is a protocol like any other: not always allowed");
  } else {
    add_discovery_rows(e, rows);
    rows.not_applicable(Feature::kArp, e, "ARP is IPv4's");
  }
  const Bytes syn = packet::build(e.syn());
  rows.add(Feature::kNotIp, e, "is dropped, whatever is allowed", e.isolated(image::Ref::all()))
      .send(SLUICE_DENIED_NOT_IP, e.hook, with_type(syn, 0x88cc), "LLDP")
      .send(SLUICE_DENIED_NOT_IP, e.hook, with_type(syn, 0x8100), "a VLAN tag")
      .send(SLUICE_DENIED_NOT_IP, e.hook, with_type(syn, 64), "IEEE 802.3");
  rows.add(Feature::kNotIp, e, "passes where nothing isolates the pod", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, with_type(syn, 0x88cc));
}

}  // namespace sluice::testing
