// Who an address is: prefixes, exact addresses, the node and the pod itself (semantics 11, 17, 18).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY;

// Prefixes around the peer in either family, shortest first.
struct Nested {
  net::Cidr wide, inner, innermost;
  net::Ip in_wide, in_inner, in_innermost, outside;
};
Nested nested(const Ends& e) {
  if (e.v4())
    return {cidr("10.8.0.0/13"), cidr("10.9.0.0/16"), cidr("10.9.7.0/25"), ip("10.8.0.1"),
            ip("10.9.7.128"),    ip("10.9.7.127"),    ip("10.16.0.0")};
  return {cidr("fd08::/13"),     cidr("fd09:1::/32"),    cidr("fd09:1:7::/49"), ip("fd0f::1"),
          ip("fd09:1:7:8000::"), ip("fd09:1:7:7fff::1"), ip("fd10::")};
}

Spec to(const Ends& e, const net::Ip& remote) {
  return e.opening(net::kTcp, 80, remote);
}

void add_longest_rows(const Ends& e, Rows& rows) {
  Nested n = nested(e);
  rows.add(Feature::kPrefix, e, "the longest one decides, also against the others",
           e.isolated()
               .prefix(n.wide, kStranger)
               .prefix(n.inner, kFriend)
               .prefix(n.innermost, kStranger)
               .allow(e.hook, kFriend, image::Ref::all()))
      .send(kNo, e.hook, to(e, n.in_wide))
      .send(kYes, e.hook, to(e, n.in_inner))
      .send(kNo, e.hook, to(e, n.in_innermost))
      .send(kNo, e.hook, to(e, n.outside));
  rows.add(Feature::kPrefix, e, "an except is a hole: its addresses are nobody",
           e.isolated()
               .prefix(n.wide, kFriend)
               .prefix(n.inner, {})
               .prefix(n.innermost, kFriend)
               .allow(e.hook, kFriend, image::Ref::all()))
      .send(kYes, e.hook, to(e, n.in_wide))
      .send(kNo, e.hook, to(e, n.in_inner))
      .send(kYes, e.hook, to(e, n.in_innermost))
      .send(kNo, e.hook, to(e, n.outside));
}

void add_border_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kPrefixBorders, e, "/0 is every address",
           e.isolated()
               .prefix(net::Cidr::everything(e.family), kFriend)
               .allow(e.hook, kFriend, image::Ref::all()))
      .send(kYes, e.hook, to(e, e.peer))
      .send(kYes, e.hook, to(e, ip(e.v4() ? "255.255.255.254" : "ffff::ffff")))
      .send(kYes, e.hook, to(e, ip(e.v4() ? "0.0.0.1" : "::2")));
  rows.add(Feature::kPrefixBorders, e, "a prefix of every bit is one address",
           e.isolated().prefix(net::Cidr::host(e.peer), kFriend).allow(e.hook, kFriend, image::Ref::all()))
      .send(kYes, e.hook, to(e, e.peer))
      .send(kNo, e.hook, to(e, ip(e.v4() ? "10.0.1.0" : "fd00:1::")));
  net::Family far = e.v4() ? net::Family::kIpv6 : net::Family::kIpv4;
  rows.add(Feature::kPrefixBorders, e, "/0 of the other family says nothing",
           e.isolated().prefix(net::Cidr::everything(far), kFriend).allow(e.hook, kFriend, image::Ref::all()))
      .send(kNo, e.hook, to(e, e.peer));
}

void add_exact_rows(const Ends& e, Rows& rows) {
  World world = e.isolated()
                    .prefix(net::Cidr::everything(e.family), kStranger)
                    .allow(e.hook, kFriend, image::Ref::all());
  rows.add(Feature::kExactOverPrefix, e, "a pod's address in a denied block is the pod",
           World(world).peer(e.peer))
      .send(kYes, e.hook, to(e, e.peer))
      .send(kNo, e.hook, to(e, e.other));
  rows.add(Feature::kExactOverPrefix, e, "a pod that came and went leaves the prefix's answer",
           World(world).prefix(net::Cidr::everything(e.family), kFriend).peer(e.peer, kStranger))
      .send(kNo, e.hook, to(e, e.peer))
      .change(World(world).prefix(net::Cidr::everything(e.family), kFriend))
      .send(kYes, e.hook, to(e, e.peer));
}

void add_always_rows(const Ends& e, Rows& rows) {
  World at_home = e.isolated().address(e.node, {{}, true, false});
  auto& node = rows.add(Feature::kOwnNode, e, "passes whatever the rules say, both ways", at_home);
  for (net::Protocol protocol : {net::kTcp, net::kUdp, e.icmp}) {
    Spec spec = e.opening(protocol, 10250, e.node);
    node.send(SLUICE_ALLOWED_OWN_NODE, e.hook, spec).send(SLUICE_ALLOWED_FLOW, e.back(), reply(spec));
  }
  rows.add(Feature::kOwnNode, e, "an address that the node no longer has is any address", at_home)
      .send(SLUICE_ALLOWED_OWN_NODE, e.hook, to(e, e.node))
      .change(e.isolated())
      .send(kNo, e.hook, to(e, e.node));

  World both_ways = World(e.pod).isolate(e.hook).isolate(e.back());
  rows.add(Feature::kSelf, e, "passes whatever the rules say, both ways", both_ways)
      .send(SLUICE_ALLOWED_SELF, e.hook, to(e, e.pod))
      .send(SLUICE_ALLOWED_SELF, e.back(), to(e, e.pod), "the same packet on its way back in")
      .send(SLUICE_ALLOWED_SELF, e.hook, e.opening(e.icmp, 0, e.pod));
}

}  // namespace

void add_prefix_rows(const Ends& ends, Rows& rows) {
  add_longest_rows(ends, rows);
  add_border_rows(ends, rows);
  add_exact_rows(ends, rows);
  add_always_rows(ends, rows);
}

}  // namespace sluice::testing
