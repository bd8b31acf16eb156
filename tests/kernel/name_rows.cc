// Addresses that were learnt for names that rules name (semantics 73 to 82).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr image::NameClassId kOne{0xc1}, kTwo{0xc2};

// Names 1 and 2 of two classes, of which the first may TCP 443, the second UDP 53.
World two_names(const Ends& e, image::IdentityId identity = {}) {
  World world = e.isolated().names().name(1, kOne).name(2, kTwo);
  const image::Ref https = world.portset(net::kTcp, {ports(443)}),
                   dns = world.portset(net::kUdp, {ports(53)});
  return world.allow_named(identity, kOne, https).allow_named(identity, kTwo, dns);
}

World every_port(const Ends& e, image::NameSlot slot) {
  return e.isolated().names().name(slot, kOne).allow_named({}, kOne, image::Ref::all());
}

void add_learnt_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kNames, e, "opens what its rule says, as soon as it is learnt", two_names(e))
      .send(kNo, e.hook, e.syn(443))
      .send(kNo, e.hook, e.syn(443), "judged a moment ago")
      .learn(e.peer, {{1}})
      .send(kYes, e.hook, e.syn(443), "judged a moment ago, in the same epoch")
      .send(kFlow, e.back(), reply(e.syn(443)))
      .send(kNo, e.hook, e.syn(444))
      .send(kNo, e.hook, e.udp(443))
      .send(kNo, e.hook, e.udp(53), "what another name may")
      .send(kNo, e.hook, e.opening(net::kTcp, 443, e.other), "another address")
      .learn(e.peer, {})
      .send(kNo, e.hook, e.syn(443), "learnt no longer")
      .send(kFlow, e.back(), reply(e.syn(443), kAck), "what is open goes on");
  auto& all = rows.add(Feature::kNames, e, "every protocol, where its rule lists no ports", every_port(e, 1));
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp, net::Protocol(47)})
    all.learn(e.peer, {})
        .send(kNo, e.hook, e.opening(protocol, 80), protocol.to_text())
        .learn(e.peer, {{1}})
        .send(kYes, e.hook, e.opening(protocol, 80), protocol.to_text());
  rows.add(Feature::kNames, e, "of two names of one address each counts", two_names(e))
      .learn(e.peer, {{1}, {2}})
      .learn(e.other, {{2}})
      .send(kYes, e.hook, e.syn(443))
      .send(kYes, e.hook, e.udp(53))
      .send(kNo, e.hook, e.syn(53))
      .send(kYes, e.hook, e.opening(net::kUdp, 53, e.other))
      .send(kNo, e.hook, e.opening(net::kTcp, 443, e.other));
}

void add_slot_rows(const Ends& e, Rows& rows) {
  for (image::NameSlot named : {1U, 4U, 8U})
    rows.add(Feature::kNames, e, "eight names, of which a rule names number " + std::to_string(named),
             every_port(e, named))
        .learn(e.peer, {{1}, {2}, {3}, {4}, {5}, {6}, {7}, {8}})
        .send(kYes, e.hook, e.syn());
  rows.add(Feature::kNames, e, "names of no rule, and of no name", every_port(e, 3).name(4, kTwo))
      .learn(e.peer, {{0}, {1}, {4}, {SLUICE_NAME_MASK}})
      .send(kNo, e.hook, e.syn())
      .learn(e.peer, {{0}, {1}, {4}, {3}})
      .send(kYes, e.hook, e.syn());
  rows.add(Feature::kNames, e, "the last slot of all", every_port(e, SLUICE_NAME_MASK))
      .learn(e.peer, {{SLUICE_NAME_MASK}})
      .send(kYes, e.hook, e.syn())
      .send(kFlow, e.back(), reply(e.syn()));
  World silent = e.isolated().name(1, kOne).allow_named({}, kOne, image::Ref::all());
  rows.add(Feature::kNames, e, "a pod without rules that name domains asks for none", silent)
      .learn(e.peer, {{1}})
      .send(kNo, e.hook, e.syn());
  rows.add(Feature::kNames, e, "the reply's port does not count, nor who answers first",
           two_names(e).isolate(e.back()))
      .learn(e.peer, {{1}})
      .send(kNo, e.back(), reply(e.syn(443)), "an answer to nothing")
      .send(kYes, e.hook, e.syn(443))
      .send(kFlow, e.back(), reply(e.syn(443)))
      .send(kNo, e.back(), reply(e.syn(444)));
}

void add_rule_rows(const Ends& e, Rows& rows) {
  const image::Ref nothing = image::Ref::nothing();
  rows.add(Feature::kNameMeetsRules, e, "its rules are those of its identity with the name",
           two_names(e, kFriend).peer(e.peer))
      .learn(e.peer, {{1}})
      .learn(e.other, {{1}})
      .send(kYes, e.hook, e.syn(443))
      .send(kNo, e.hook, e.opening(net::kTcp, 443, e.other), "an address of no identity");
  rows.add(Feature::kNameMeetsRules, e, "what its address may, it may without a name",
           two_names(e, kFriend).peer(e.peer).allow(e.hook, kFriend, image::Ref::all()))
      .send(kYes, e.hook, e.syn(443))
      .send(kYes, e.hook, e.syn(80));
  rows.add(Feature::kNameMeetsRules, e, "a Deny before the Accept: what is left of both",
           e.isolated(image::Ref::all())
               .names()
               .name(1, kOne)
               .peer(e.peer)
               .allow(e.hook, kFriend, nothing)
               .allow_named(kFriend, kOne, nothing))
      .learn(e.peer, {{1}})
      .send(kNo, e.hook, e.syn(443))
      .send(kYes, e.hook, e.opening(net::kTcp, 443, e.other), "everyone else may");
  World closed = e.isolated(image::Ref::all()).names().name(1, kOne).name(2, kTwo).peer(e.peer);
  const image::Ref https = closed.portset(net::kTcp, {ports(443)});
  closed.allow(e.hook, kFriend, nothing).allow_named(kFriend, kTwo, https);
  rows.add(Feature::kNameMeetsRules, e, "nothing stands under the name: everyone may, it may not", closed)
      .learn(e.peer, {{1}})
      .send(kNo, e.hook, e.syn(443))
      .learn(e.peer, {{1}, {2}})
      .send(kYes, e.hook, e.syn(443), "the Accept before the Deny")
      .send(kNo, e.hook, e.syn(80));
  rows.add(Feature::kNameMeetsRules, e, "an address with a prefix's identity",
           two_names(e, kStranger).prefix(net::Cidr::everything(e.family), kStranger))
      .learn(e.peer, {{2}})
      .send(kYes, e.hook, e.udp(53))
      .send(kNo, e.hook, e.syn(443));
}

void add_service_rows_of_names(const Ends& e, Rows& rows) {
  const Spec https = e.opening(net::kTcp, 443, e.service);
  World world = e.isolated()
                    .names()
                    .name(1, kOne)
                    .service(e.service, net::kTcp, port(443))
                    .allow_named(kEndpoints, kOne, image::Ref::all());
  rows.add(Feature::kNameOfService, e, "its rules are those of the Service with the name", world)
      .send(kNo, e.hook, https)
      .learn(e.service, {{1}})
      .send(kYes, e.hook, https)
      .send(kFlow, e.back(), reply(https))
      .send(kNo, e.hook, e.opening(net::kTcp, 444, e.service), "another port is a plain address");
  rows.add(Feature::kNameOfService, e, "also where some endpoints may not be reached",
           World(world).allow(e.hook, kEndpoints, {image::Ref::Kind::kPartial, {}, {}}))
      .send(SLUICE_DENIED_SERVICE_PARTIAL, e.hook, https)
      .learn(e.service, {{1}})
      .send(kYes, e.hook, https)
      .learn(e.service, {})
      .send(SLUICE_DENIED_SERVICE_PARTIAL, e.hook, https);
  rows.add(Feature::kNameOfService, e, "as a plain address by its own identity",
           two_names(e).service(e.service, net::kTcp, port(443)))
      .learn(e.service, {{1}, {2}})
      .send(kNo, e.hook, https)
      .send(kYes, e.hook, e.opening(net::kUdp, 53, e.service));
}

void add_audit_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kNameAudit, e, "an agent that only audits reports until it is learnt", two_names(e))
      .flags(SLUICE_CONFIG_AUDIT)
      .send(kNo, e.hook, e.udp(53))
      .send(kNo, e.hook, e.udp(53), "packet by packet")
      .learn(e.peer, {{2}})
      .send(kFlow, e.hook, e.udp(53));
  const image::Ref all = image::Ref::all();
  World audited =
      World(e.pod).names().name(1, kOne).audit(e.hook).allow_in_audit(e.hook, image::named({}, kOne), all);
  rows.add(Feature::kNameAudit, e, "policies in audit count what is learnt when the connection opens",
           audited)
      .send(SLUICE_ALLOWED_AUDIT, e.hook, e.syn(443))
      .learn(e.peer, {{1}})
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, e.syn(443))
      .learn(e.peer, {})
      .send(SLUICE_ALLOWED_AUDIT, e.hook, e.syn(443));
  World both =
      two_names(e).name(3, {0xc3}).audit(e.hook).allow_in_audit(e.hook, image::named({}, {0xc3}), all);
  rows.add(Feature::kNameAudit, e, "in force by one name, in audit by another", both)
      .learn(e.peer, {{1}})
      .send(SLUICE_ALLOWED_AUDIT, e.hook, e.syn(443))
      .learn(e.peer, {{1}, {3}})
      .send(kYes, e.hook, e.syn(443))
      .learn(e.peer, {{3}})
      .send(kNo, e.hook, e.syn(443), "names in audit allow nothing");
}

void add_expiry_rows(const Ends& e, Rows& rows) {
  rows.add(Feature::kNameExpires, e, "opens nothing any more", two_names(e))
      .learn(e.peer, {{1, 60}})
      .send(kYes, e.hook, e.syn(443))
      .wait(40)
      .send(kYes, e.hook, e.syn(443))
      .wait(30)
      .send(kNo, e.hook, e.syn(443))
      .learn(e.peer, {{1, 60}})
      .send(kYes, e.hook, e.syn(443), "learnt again");
  rows.add(Feature::kNameExpires, e, "beside one that lives", two_names(e))
      .learn(e.peer, {{1, 60}, {2, 600}})
      .send(kYes, e.hook, e.syn(443))
      .send(kYes, e.hook, e.udp(53))
      .wait(70)
      .send(kNo, e.hook, e.syn(443))
      .send(kYes, e.hook, e.udp(53));
  rows.add(Feature::kNameExpires, e, "eight that are over", every_port(e, 5))
      .learn(e.peer, {{1, -1}, {2, -60}, {3, -1}, {4, -1}, {5, -1}, {6, -1}, {7, -1}, {8, -900}})
      .send(kNo, e.hook, e.syn());
}

}  // namespace

void add_name_rows(const Ends& e, Rows& rows) {
  if (e.from_pod()) {
    add_learnt_rows(e, rows);
    add_slot_rows(e, rows);
    add_rule_rows(e, rows);
    add_service_rows_of_names(e, rows);
    add_audit_rows(e, rows);
    add_expiry_rows(e, rows);
    return;
  }
  World world = e.isolated().names().name(1, kOne).allow(e.hook, image::named({}, kOne), image::Ref::all());
  rows.add(Feature::kNames, e, "no name opens a connection to the pod", world)
      .learn(e.peer, {{1}})
      .send(kNo, e.hook, e.syn())
      .send(kNo, e.hook, e.udp());
  const char* because = "names are peers of egress";
  for (Feature feature :
       {Feature::kNameMeetsRules, Feature::kNameOfService, Feature::kNameAudit, Feature::kNameExpires})
    rows.not_applicable(feature, e, because);
}

}  // namespace sluice::testing
