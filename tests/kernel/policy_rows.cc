// Isolation, rules, ports and protocols (semantics 6-16).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY;

// A pod isolated in the direction of the hook, whose peer may do what `ref` says.
World friendly(const Ends& e, net::Protocol protocol, const std::vector<net::PortRange>& ranges) {
  World world = e.isolated();
  image::Ref ref = world.portset(protocol, ranges);
  return world.peer(e.peer).allow(e.hook, kFriend, ref);
}

void add_isolation_rows(const Ends& e, Rows& rows) {
  auto& open = rows.add(Feature::kNotIsolated, e, "everything passes, both ways", e.open());
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp, net::Protocol(47)}) {
    Spec spec = e.opening(protocol, 80);
    open.send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, spec).send(SLUICE_ALLOWED_FLOW, e.back(), reply(spec));
  }
  rows.add(Feature::kNotIsolated, e, "isolation of the other direction says nothing of this one",
           World(e.pod).isolate(e.back()))
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, e.syn());

  auto& closed = rows.add(Feature::kIsolated, e, "nothing passes", e.isolated());
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp, net::Protocol(47)})
    closed.send(kNo, e.hook, e.opening(protocol, 80));
}

void add_port_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kIdentityAndPort, e, "the peer may use TCP 80, nobody else and nothing else",
           friendly(e, net::kTcp, {ports(80)}).peer(e.other, kStranger))
      .send(kYes, e.hook, e.syn(80))
      .send(kNo, e.hook, e.syn(81))
      .send(kNo, e.hook, e.opening(net::kTcp, 80, e.other), "an identity without a rule")
      .send(kNo, e.hook, e.opening(net::kTcp, 80, e.router), "no identity");

  rows.add(Feature::kPortRange, e, "8000-8999: both ends are in", friendly(e, net::kTcp, {ports(8000, 8999)}))
      .send(kNo, e.hook, e.syn(7999))
      .send(kYes, e.hook, e.syn(8000))
      .send(kYes, e.hook, e.syn(8500))
      .send(kYes, e.hook, e.syn(8999))
      .send(kNo, e.hook, e.syn(9000));

  rows.add(Feature::kPortPages, e, "1023, 1024 and 65535 are in",
           friendly(e, net::kTcp, {ports(1023, 1024), ports(65535)}))
      .send(kNo, e.hook, e.syn(1022))
      .send(kYes, e.hook, e.syn(1023))
      .send(kYes, e.hook, e.syn(1024))
      .send(kNo, e.hook, e.syn(1025))
      .send(kNo, e.hook, e.syn(65534))
      .send(kYes, e.hook, e.syn(65535))
      .send(kNo, e.hook, e.syn(0));
  rows.add(Feature::kPortPages, e, "every port of a protocol",
           friendly(e, net::kUdp, {net::PortRange::all()}))
      .send(kYes, e.hook, e.udp(0))
      .send(kYes, e.hook, e.udp(1024))
      .send(kYes, e.hook, e.udp(65535))
      .send(kNo, e.hook, e.syn(80));
}

void add_scattered_rows(const Ends& e, Rows& rows) {
  constexpr unsigned kPorts = 300, kApart = 211;
  std::vector<net::PortRange> scattered;
  for (unsigned i = 1; i <= kPorts; ++i) scattered.push_back(ports(i * kApart));
  auto& row = rows.add(Feature::kScatteredPorts, e, "each is in, its neighbours are not",
                       friendly(e, net::kTcp, scattered));
  for (unsigned i = 1; i <= kPorts; ++i) row.send(kYes, e.hook, e.syn(i * kApart));
  for (unsigned i = 1; i <= kPorts; i += 60)
    row.send(kNo, e.hook, e.syn(i * kApart - 1)).send(kNo, e.hook, e.syn(i * kApart + 1));
}

void add_protocol_rows(const Ends& e, Rows& rows) {
  const net::Protocol all[] = {net::kTcp, net::kUdp, net::kSctp};
  for (net::Protocol allowed : all) {
    auto& row = rows.add(Feature::kProtocols, e, allowed.to_text() + " 53 allows no other protocol",
                         friendly(e, allowed, {ports(53)}));
    for (net::Protocol asked : all) row.send(asked == allowed ? kYes : kNo, e.hook, e.opening(asked, 53));
  }

  auto& listed = rows.add(Feature::kPortless, e, "a rule that lists ports allows none of them",
                          friendly(e, net::kTcp, {net::PortRange::all()}));
  auto& unlisted = rows.add(Feature::kPortless, e, "a rule without ports allows all of them",
                            e.isolated().peer(e.peer).allow(e.hook, kFriend, image::Ref::all()));
  for (net::Protocol protocol : {e.icmp, net::Protocol(4), net::Protocol(47), net::Protocol(50)}) {
    listed.send(kNo, e.hook, e.opening(protocol, 0));
    unlisted.send(kYes, e.hook, e.opening(protocol, 0));
  }
}

void add_everyone_rows(const Ends& e, Rows& rows) {
  World world = e.isolated();
  image::Ref web = world.portset(net::kTcp, {ports(443)});
  image::Ref both = world.portset(net::kTcp, {ports(80), ports(443)});
  world.isolate(e.hook, web).peer(e.peer).allow(e.hook, kFriend, both).peer(e.other, kStranger);
  rows.add(Feature::kEveryone, e, "every address may use TCP 443, the peer 80 as well", world)
      .send(kYes, e.hook, e.opening(net::kTcp, 443, e.router), "no identity")
      .send(kYes, e.hook, e.opening(net::kTcp, 443, e.other), "an identity without a rule of its own")
      .send(kYes, e.hook, e.syn(443))
      .send(kYes, e.hook, e.syn(80))
      .send(kNo, e.hook, e.opening(net::kTcp, 80, e.other));
  rows.add(Feature::kEveryone, e, "a rule of neither peers nor ports", e.isolated(image::Ref::all()))
      .send(kYes, e.hook, e.opening(net::kTcp, 1, e.router))
      .send(kYes, e.hook, e.opening(net::Protocol(89), 0, e.router));
}

}  // namespace

void add_policy_rows(const Ends& ends, Rows& rows) {
  add_isolation_rows(ends, rows);
  add_port_rows(ends, rows);
  add_scattered_rows(ends, rows);
  add_protocol_rows(ends, rows);
  add_everyone_rows(ends, rows);
}

}  // namespace sluice::testing
