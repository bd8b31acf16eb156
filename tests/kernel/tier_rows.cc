// What rule sets with tiers need of the packet path (semantics 42 to 60, 67).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY;

void add_others_rows(const Ends& e, Rows& rows) {
  image::Portset others, and_web;
  others.others = and_web.others = true;
  and_web.add(net::kTcp, ports(80));
  World world = e.isolated();
  world.peer(e.peer).allow(e.hook, kFriend, world.portset(others));
  auto& alone = rows.add(Feature::kOthers, e, "they pass, TCP, UDP and SCTP do not", world);
  World with_web = e.isolated();
  with_web.peer(e.peer).allow(e.hook, kFriend, with_web.portset(and_web));
  auto& beside = rows.add(Feature::kOthers, e, "and a port beside them", with_web);
  for (net::Protocol protocol : {e.icmp, net::Protocol(4), net::Protocol(47), net::Protocol(50)}) {
    alone.send(kYes, e.hook, e.opening(protocol, 0));
    beside.send(kYes, e.hook, e.opening(protocol, 0));
  }
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp})
    alone.send(kNo, e.hook, e.opening(protocol, 80));
  beside.send(kYes, e.hook, e.syn(80)).send(kNo, e.hook, e.syn(81)).send(kNo, e.hook, e.udp(80));
}

void add_less_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kLessThanEveryone, e, "everyone may everything, the peer nothing",
           e.isolated(image::Ref::all()).peer(e.peer).allow(e.hook, kFriend, image::Ref::nothing()))
      .send(kNo, e.hook, e.syn())
      .send(kNo, e.hook, e.opening(e.icmp, 0))
      .send(kYes, e.hook, e.opening(net::kTcp, 80, e.other));
  World world = e.isolated(image::Ref::all());
  world.peer(e.peer).allow(e.hook, kFriend, world.portset(net::kTcp, {ports(80)}));
  rows.add(Feature::kLessThanEveryone, e, "everyone may everything, the peer TCP 80", world)
      .send(kYes, e.hook, e.syn(80))
      .send(kNo, e.hook, e.syn(81))
      .send(kNo, e.hook, e.opening(e.icmp, 0))
      .send(kYes, e.hook, e.opening(net::kTcp, 81, e.other));
}

// The pod's own node, which has no rule unless `ref` is one.
World with_node(const Ends& e, image::Ref everyone, image::Ref ref) {
  World world = e.isolated(everyone).whole(e.hook).address(e.node, {kStranger, true, false});
  return ref == image::Ref::none() ? world : world.allow(e.hook, kStranger, ref);
}

// A Service at TCP 443 of e.service that everyone may use as it is written, unless `ref` says something else.
World with_service(const Ends& e, image::Ref everyone, image::Ref ref) {
  World world = e.isolated(everyone).whole(e.hook).service(e.service, net::kTcp, port(443));
  return ref == image::Ref::none() ? world : world.allow(e.hook, kEndpoints, ref);
}

void add_whole_rows(const Ends& e, Rows& rows) {
  const image::Ref all = image::Ref::all(), none = image::Ref::none(), nothing = image::Ref::nothing();
  rows.add(Feature::kWhole, e, "its node is as any address: denied", with_node(e, none, none))
      .send(kNo, e.hook, e.opening(net::kTcp, 80, e.node));
  rows.add(Feature::kWhole, e, "its node is as any address: allowed by its rule", with_node(e, none, all))
      .send(kYes, e.hook, e.opening(net::kTcp, 80, e.node));
  rows.add(Feature::kWhole, e, "denied by its rule, though everyone may", with_node(e, all, nothing))
      .send(kNo, e.hook, e.opening(net::kTcp, 80, e.node));
  const World open = World(e.open()).address(e.node, {kStranger, true, false});
  rows.add(Feature::kWhole, e, "in audit its node is as any address too",
           World(open).audit(e.hook).whole_in_audit(e.hook))
      .send(SLUICE_ALLOWED_AUDIT, e.hook, e.opening(net::kTcp, 80, e.node));
  rows.add(Feature::kWhole, e, "and is none where only the rules in force say all",
           with_node(e, all, none).audit(e.hook))
      .send(kYes, e.hook, e.opening(net::kTcp, 80, e.node));
  const auto service = [&](const net::Ip& ip) { return e.opening(net::kTcp, 443, ip); };
  rows.add(Feature::kWhole, e, "a Service of which no rule says more is as it is written",
           with_service(e, all, none))
      .send(kYes, e.hook, service(e.service));
  rows.add(Feature::kWhole, e, "and denied as it is written", with_service(e, none, none))
      .send(kNo, e.hook, service(e.service));
  rows.add(Feature::kWhole, e, "a rule for it counts: nothing", with_service(e, all, nothing))
      .send(kNo, e.hook, service(e.service))
      .send(kYes, e.hook, e.opening(net::kTcp, 444, e.service), "at another port it is a plain address");
  rows.add(Feature::kWhole, e, "a rule for it counts: everything", with_service(e, none, all))
      .send(kYes, e.hook, service(e.service));
  rows.add(Feature::kWhole, e, "a rule for it counts: some endpoints",
           with_service(e, all, {image::Ref::Kind::kPartial, {}, {}}))
      .send(SLUICE_DENIED_SERVICE_PARTIAL, e.hook, service(e.service));
  rows.add(Feature::kWhole, e, "a rule for it counts: itself",
           with_service(e, none, {image::Ref::Kind::kSelfElseNone, {}, kPod}))
      .send(SLUICE_ALLOWED_SELF, e.hook, service(e.service));
}

}  // namespace

void add_tier_rows(const Ends& ends, Rows& rows) {
  add_others_rows(ends, rows);
  add_less_rows(ends, rows);
  if (ends.from_pod())
    add_whole_rows(ends, rows);
  else
    rows.not_applicable(Feature::kWhole, ends, "what comes from a node passes no ClusterNetworkPolicy");
}

}  // namespace sluice::testing
