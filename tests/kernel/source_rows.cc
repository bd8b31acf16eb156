// Where a pod may send from (semantics 38): its own addresses, its link's, prefixes that it was given.
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kOpen = SLUICE_ALLOWED_NOT_ISOLATED, kNotOwn = SLUICE_DENIED_SOURCE_NOT_OWN;

Spec from(Spec spec, const net::Ip& source) {
  spec.source = source;
  return spec;
}
Spec from(Spec spec, const char* source) {
  return from(std::move(spec), ip(source));
}
Spec between(const char* source, const char* destination, net::Protocol protocol = net::kUdp,
             unsigned destination_port = 53) {
  return packet::opening(ip(source), ip(destination), protocol, port(destination_port));
}

void add_foreign_rows(const Ends& e, Rows& rows) {
  if (!e.from_pod()) {
    Spec passing_by = e.syn();
    passing_by.destination = e.foreign;
    rows.add(Feature::kSourceNotOwn, e, "does not concern what is sent to the pod, at whatever address",
             e.isolated(image::Ref::all()))
        .send(kYes, e.hook, passing_by);
    return;
  }
  const Spec spoofed = from(e.syn(), e.foreign);
  Bytes cut = packet::build(from(e.syn(), e.peer));
  cut.resize(cut.size() - 1);
  rows.add(Feature::kSourceNotOwn, e, "is dropped, whatever is allowed", e.isolated(image::Ref::all()))
      .send(kNotOwn, e.hook, spoofed)
      .send(kYes, e.hook, e.syn());
  const World known = e.open().peer(e.peer).address(e.node, {{}, true, false});
  const World inbound = World(e.pod).isolate(SLUICE_INGRESS).peer(e.peer).address(e.node, {{}, true, false});
  for (const World& world : {known, inbound})
    rows.add(Feature::kSourceNotOwn, e, "is dropped where nothing isolates the pod for egress", world)
        .send(kNotOwn, e.hook, spoofed, "nobody's")
        .send(kNotOwn, e.hook, from(e.opening(net::kUdp, 53, e.other), e.peer), "another pod's")
        .send(kNotOwn, e.hook, from(e.udp(), e.node), "the node's")
        .send(kNotOwn, e.hook, from(e.opening(e.icmp, 0), e.peer))
        .send(kNotOwn, e.hook, cut, "of a packet that makes no sense")
        .send(kOpen, e.hook, e.udp())
        .send(kFlow, e.hook, e.udp())
        .send(kNotOwn, e.hook, from(e.udp(), e.foreign), "on the tuple of a connection");
  net::Ip of_other_family = ip(e.v4() ? "fd00::1" : "10.0.0.1");
  rows.add(Feature::kSourceNotOwn, e, "a pod without an address of the family has none of its own",
           World(of_other_family).isolate(e.hook, image::Ref::all()))
      .send(kNotOwn, e.hook, e.syn())
      .send(kNotOwn, e.hook, from(e.syn(), e.v4() ? "0.0.0.0" : "::"));
  rows.add(Feature::kSourceNotOwn, e, "passes where an agent only audits, and is reported", e.open())
      .flags(SLUICE_CONFIG_AUDIT)
      .send(kNotOwn, e.hook, spoofed)
      .send(kOpen, e.hook, e.syn());
}

void add_unspecified_rows(const Ends& e, Rows& rows) {
  if (!e.from_pod())
    return rows.not_applicable(Feature::kSourceUnspecified, e, "a source is asked of what leaves the pod");
  if (!e.v4()) {
    Spec solicitation = between("::", "ff02::1", net::kIcmpv6);
    solicitation.icmp_type = 135;
    solicitation.hop_limit = 255;
    rows.add(Feature::kSourceUnspecified, e, "discovery alone may use it", e.open())
        .send(SLUICE_ALLOWED_NEIGHBOUR, e.hook, solicitation)
        .send(kNotOwn, e.hook, between("::", "ff02::1"))
        .send(kNotOwn, e.hook, between("::", "ff02::1", net::kIcmpv6), "an echo request");
    return;
  }
  Spec discover = between("0.0.0.0", "255.255.255.255", net::kUdp, 67);
  discover.source_port = port(68);
  Spec unicast = discover, other_port = discover;
  unicast.destination = e.peer;
  other_port.destination_port = port(53);
  rows.add(Feature::kSourceUnspecified, e, "DHCP alone may use it, as far as the rules allow", e.open())
      .send(kOpen, e.hook, discover)
      .send(kNotOwn, e.hook, unicast)
      .send(kNotOwn, e.hook, other_port)
      .change(e.isolated())
      .send(kNo, e.hook, discover)
      .change(e.isolated(image::Ref::all()))
      .send(kFlow, e.hook, discover);
}

// A link has a node at fe80::1 and something at fe80::2; the pod is whatever fe80:: address it likes.
void add_link_local_out(const Ends& e, Rows& rows) {
  World closed = e.isolated().address(ip("fe80::1"), {{}, true, false});
  closed.address(e.node, {{}, true, false});
  World open = e.open().address(ip("fe80::1"), {{}, true, false});
  const Spec ping = between("fe80::9:9", "fe80::1", net::kIcmpv6);
  rows.add(Feature::kLinkLocal, e, "the own node is reached, and answers", closed)
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, ping)
      .send(kFlow, e.back(), reply(ping))
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, between("fe80::9:9", "fe80::1"))
      .send(kNo, e.hook, between("fe80::9:9", "fe80::2"), "somebody else");
  rows.add(Feature::kLinkLocal, e, "speaks to the link alone", open)
      .send(kOpen, e.hook, between("fe80::9:9", "fe80::2"))
      .send(kOpen, e.hook, between("febf::9", "ff02::1:2", net::kUdp, 547), "DHCPv6")
      .send(kOpen, e.hook, between("fe80::9:9", "ff12::7"))
      .send(kNotOwn, e.hook, between("fe80::9:9", "ff05::2"), "multicast of the site")
      .send(kNotOwn, e.hook, from(e.udp(), "fe80::9:9"))
      .send(kNotOwn, e.hook, between("fec0::9", "fe80::2"), "of no link");
  rows.add(Feature::kLinkLocal, e, "nobody sends from the node's", open)
      .send(kNotOwn, e.hook, between("fe80::1", "fe80::2"))
      .change(closed)
      .send(kNotOwn, e.hook, between("fe80::1", "fe80::2"));
  Spec advertisement = from(e.opening(net::kIcmpv6, 0), "fe80::9:9");
  advertisement.icmp_type = 136;
  advertisement.hop_limit = 255;
  rows.add(Feature::kLinkLocal, e, "discovery answers whoever asks", closed)
      .send(SLUICE_ALLOWED_NEIGHBOUR, e.hook, advertisement);
  const Spec quoted = between("fe80::9:9", "fe80::1");
  rows.add(Feature::kLinkLocal, e, "errors about what it sent come back", closed)
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, quoted)
      .send(SLUICE_ALLOWED_ICMP_ERROR, e.back(), packet::icmp_error(ip("fe80::2"), ip("fe80::9:9"), quoted));
}

void add_link_local_rows(const Ends& e, Rows& rows) {
  if (e.v4())
    return rows.not_applicable(Feature::kLinkLocal, e,
                               "169.254.0.0/16 is the pod's where its object says so");
  if (e.from_pod()) return add_link_local_out(e, rows);
  const World closed = e.isolated().isolate(e.back()).address(ip("fe80::1"), {{}, true, false});
  const Spec asks = between("fe80::1", "fe80::9:9");
  rows.add(Feature::kLinkLocal, e, "the own node may ask, and is answered", closed)
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, asks)
      .send(kFlow, e.back(), reply(asks))
      .send(kNo, e.hook, between("fe80::2", "fe80::9:9"), "somebody else");
}

void add_prefix_rows_out(const Ends& e, Rows& rows) {
  const net::Cidr site = cidr(e.v4() ? "172.20.0.0/14" : "fd77::/16");
  const net::Ip inside = ip(e.v4() ? "172.21.3.4" : "fd77::3:4"),
                pods = ip(e.v4() ? "172.21.9.9" : "fd77::9:9");
  auto given = [&](World world) {
    return world.source(site).source(net::Cidr::host(pods), SLUICE_SOURCE_FOREIGN);
  };
  const World rules = e.isolated().peer(e.peer).allow(e.hook, kFriend, image::Ref::all());
  rows.add(Feature::kSourcePrefix, e, "is judged as the pod's own", given(rules))
      .send(kYes, e.hook, from(e.syn(), inside))
      .send(kNo, e.hook, from(e.opening(net::kTcp, 80, e.other), inside))
      .send(kNotOwn, e.hook, from(e.syn(), e.foreign), "beside it")
      .send(kYes, e.hook, e.syn(), "its own address as ever");
  const Spec udp = from(e.udp(), inside);
  rows.add(Feature::kSourcePrefix, e, "answers and errors come back", given(e.open().isolate(e.back())))
      .send(kOpen, e.hook, udp)
      .send(kFlow, e.back(), reply(udp))
      .send(SLUICE_ALLOWED_ICMP_ERROR, e.back(), packet::icmp_error(e.router, inside, udp));
  rows.add(Feature::kSourcePrefix, e, "holds no other pod's address and not the node's",
           given(e.open().address(ip(e.v4() ? "172.21.1.1" : "fd77::1:1"), {{}, true, false})))
      .send(kNotOwn, e.hook, from(e.udp(), pods))
      .send(kNotOwn, e.hook, from(e.udp(), e.v4() ? "172.21.1.1" : "fd77::1:1"));
  rows.add(Feature::kSourcePrefix, e, "comes and goes with a change", e.open())
      .send(kNotOwn, e.hook, udp)
      .change(given(e.open()))
      .send(kOpen, e.hook, udp)
      .change(e.open().source(net::Cidr::host(inside)))
      .send(kFlow, e.hook, udp)
      .change(e.open())
      .send(kNotOwn, e.hook, udp);
  rows.add(Feature::kSourcePrefix, e, "of every length",
           e.open()
               .source(net::Cidr::everything(e.family))
               .source(net::Cidr::host(pods), SLUICE_SOURCE_FOREIGN))
      .send(kOpen, e.hook, udp)
      .send(kNotOwn, e.hook, from(e.udp(), pods));
}

void add_given_rows(const Ends& e, Rows& rows) {
  if (e.from_pod()) return add_prefix_rows_out(e, rows);
  const net::Ip inside = ip(e.v4() ? "172.21.3.4" : "fd77::3:4");
  Spec forwarded = e.syn();
  forwarded.destination = inside;
  rows.add(Feature::kSourcePrefix, e, "what is sent there is the pod's to forward, and answered",
           e.isolated(image::Ref::all()).isolate(e.back()).source(net::Cidr::host(inside)))
      .send(kYes, e.hook, forwarded)
      .send(kFlow, e.back(), reply(forwarded));
}

}  // namespace

void add_source_rows(const Ends& ends, Rows& rows) {
  add_foreign_rows(ends, rows);
  add_unspecified_rows(ends, rows);
  add_link_local_rows(ends, rows);
  add_given_rows(ends, rows);
}

}  // namespace sluice::testing
