// Connections that a name allowed: they are judged by that name, whatever its addresses are by then (semantics 82).
#include "tests/kernel/scenarios.h"

namespace sluice::testing {
namespace {

constexpr uint8_t kNo = SLUICE_DENIED_NO_RULE, kYes = SLUICE_ALLOWED_POLICY, kFlow = SLUICE_ALLOWED_FLOW;
constexpr uint8_t kError = SLUICE_ALLOWED_ICMP_ERROR;
constexpr image::NameClassId kMine{0xc1}, kOthers{0xc2};

World isolated_both(const Ends& e) {
  return World(e.pod).isolate(e.hook).isolate(e.back()).names();
}
// Names 1 and 2, each of which may everything.
World both_names(const Ends& e, image::IdentityId identity = {}) {
  return isolated_both(e)
      .name(1, kMine)
      .name(2, kOthers)
      .allow_named(identity, kMine, image::Ref::all())
      .allow_named(identity, kOthers, image::Ref::all());
}
World one_name(const Ends& e, image::NameSlot slot) {
  const image::NameClassId name_class = slot == 1 ? kMine : kOthers;
  return isolated_both(e).name(slot, name_class).allow_named({}, name_class, image::Ref::all());
}
// The same, and another epoch.
World and_more(World world, const Ends& e) {
  return world.peer(e.router, kStranger).allow(e.hook, kStranger, image::Ref::all());
}
Spec data(const Spec& spec) {
  return with_flags(spec, kAck);
}
Spec answer(const Spec& spec) {
  return reply(spec, kAck);
}

Scenario& opened(const Ends& e, Rows& rows, const std::string& aloud, const Spec& spec,
                 std::vector<HasName> names, const World& world) {
  return rows.add(Feature::kNameOfFlow, e, aloud, world)
      .learn(e.peer, std::move(names))
      .send(kYes, e.hook, spec)
      .send(kFlow, e.back(), reply(spec));
}

void add_going_on_rows(const Ends& e, Rows& rows) {
  for (net::Protocol protocol : {net::kTcp, net::kUdp, net::kSctp, e.icmp}) {
    const Spec spec = e.opening(protocol, 443);
    opened(e, rows, protocol.to_text() + ": goes on when the name's time is over", spec, {{1, 20}},
           one_name(e, 1))
        .wait(25)
        .send(kFlow, e.hook, data(spec))
        .send(kFlow, e.back(), answer(spec))
        .change(and_more(one_name(e, 1), e))
        .send(kFlow, e.back(), answer(spec), "after a change, the other end first")
        .send(kFlow, e.hook, data(spec))
        .change(one_name(e, 1))
        .send(kFlow, e.hook, data(spec), "after another one, the pod first")
        .send(kFlow, e.back(), answer(spec));
    opened(e, rows, protocol.to_text() + ": goes on though the address is learnt no longer", spec, {{1}},
           one_name(e, 1))
        .learn(e.peer, {})
        .change(and_more(one_name(e, 1), e))
        .send(kFlow, e.hook, data(spec))
        .send(kFlow, e.back(), answer(spec));
  }
  const Spec syn = e.syn(443);
  opened(e, rows, "a new SYN is a new connection", syn, {{1, 20}}, one_name(e, 1))
      .wait(25)
      .send(kNo, e.hook, syn)
      .send(kFlow, e.back(), answer(syn), "the old one is none the worse")
      .change(and_more(one_name(e, 1), e))
      .send(kNo, e.hook, syn)
      .send(kFlow, e.hook, data(syn));
}

void add_ending_rows(const Ends& e, Rows& rows) {
  const Spec syn = e.syn(443);
  opened(e, rows, "ends when no rule names it, and comes back with the rule", syn, {{1}}, one_name(e, 1))
      .change(isolated_both(e))
      .send(kNo, e.hook, data(syn))
      .send(kNo, e.back(), answer(syn))
      .against()
      .learn(e.peer, {})
      .change(one_name(e, 1))
      .send(kFlow, e.back(), answer(syn))
      .send(kFlow, e.hook, data(syn));
  World web = isolated_both(e).name(1, kMine);
  const image::Ref http = web.portset(net::kTcp, {ports(80)});
  opened(e, rows, "ends when its rule lists other ports", syn, {{1}}, one_name(e, 1))
      .change(web.allow_named({}, kMine, http))
      .send(kNo, e.hook, data(syn))
      .send(kNo, e.back(), answer(syn))
      .against();
  opened(e, rows, "ends when a Deny of its address comes before", syn, {{1}}, one_name(e, 1))
      .change(one_name(e, 1).peer(e.peer).allow(e.hook, kFriend, image::Ref::nothing()))
      .send(kNo, e.hook, data(syn));
  opened(e, rows, "goes on when only the address's other name is gone", syn, {{1}, {2}}, both_names(e))
      .change(one_name(e, 1))
      .send(kFlow, e.hook, data(syn))
      .send(kFlow, e.back(), answer(syn));
  opened(e, rows, "ends with the name that opened it, though the other one would open it anew", syn,
         {{1}, {2}}, both_names(e))
      .change(one_name(e, 2))
      .send(kNo, e.hook, data(syn))
      .send(kNo, e.back(), answer(syn))
      .against()
      .send(kYes, e.hook, syn)
      .send(kFlow, e.back(), reply(syn))
      .learn(e.peer, {})
      .change(both_names(e))
      .send(kFlow, e.hook, data(syn))
      .change(one_name(e, 2))
      .send(kFlow, e.hook, data(syn), "it bears the other one now");
}

void add_turning_rows(const Ends& e, Rows& rows) {
  const Spec udp = e.udp(443);
  const World by_address =
      isolated_both(e).name(1, kMine).peer(e.peer).allow(e.hook, kFriend, image::Ref::all());
  const World by_name =
      isolated_both(e).name(1, kMine).peer(e.peer).allow_named(kFriend, kMine, image::Ref::all());
  opened(e, rows, "opened by its address, judged by its names of the day", udp, {{1}}, by_address)
      .change(by_name)
      .send(kFlow, e.hook, udp)
      .learn(e.peer, {})
      .change(and_more(by_name, e))
      .send(kFlow, e.back(), reply(udp), "and bears the name from then on");
  opened(e, rows, "opened by its address, and no name", udp, {}, by_address)
      .change(by_name)
      .send(kNo, e.hook, udp)
      .learn(e.peer, {{1}})
      .send(kFlow, e.hook, udp, "judged at every packet while it is denied");
  opened(e, rows, "opened by a name, then allowed by its address, then by the name again", udp, {{1}},
         by_name)
      .learn(e.peer, {})
      .change(by_address)
      .send(kFlow, e.hook, udp)
      .change(by_name)
      .send(kFlow, e.back(), reply(udp));
  rows.add(Feature::kNameOfFlow, e, "opened before any policy", e.open())
      .send(SLUICE_ALLOWED_NOT_ISOLATED, e.hook, udp)
      .learn(e.peer, {{1, 20}})
      .change(one_name(e, 1))
      .send(kFlow, e.back(), reply(udp))
      .wait(25)
      .change(and_more(one_name(e, 1), e))
      .send(kFlow, e.hook, udp);
  rows.add(Feature::kNameOfFlow, e, "opened to the pod, it has no name",
           isolated_both(e)
               .isolate(e.back(), image::Ref::all())
               .name(1, kMine)
               .allow_named({}, kMine, image::Ref::all()))
      .learn(e.peer, {{1}})
      .send(kYes, e.back(), reply(udp))
      .send(kFlow, e.hook, udp)
      .change(one_name(e, 1))
      .send(kNo, e.hook, udp, "as the answer of a connection that may not be")
      .against();
}

void add_named_error_rows(const Ends& e, Rows& rows) {
  const Spec syn = e.syn(443);
  const Spec error = packet::icmp_error(e.router, e.pod, syn);
  rows.add(Feature::kNameOfError, e, "passes with it, in the same epoch and in a later one", one_name(e, 1))
      .learn(e.peer, {{1}})
      .send(kYes, e.hook, syn)
      .send(kError, e.back(), error)
      .learn(e.peer, {})
      .send(kError, e.back(), error)
      .change(both_names(e))
      .send(kError, e.back(), error)
      .change(one_name(e, 2))
      .send(kNo, e.back(), error)
      .change(one_name(e, 1))
      .send(kError, e.back(), error)
      .send(kFlow, e.hook, data(syn));
}

}  // namespace

void add_named_flow_rows(const Ends& e, Rows& rows) {
  if (e.from_pod()) {
    add_going_on_rows(e, rows);
    add_ending_rows(e, rows);
    add_turning_rows(e, rows);
    add_named_error_rows(e, rows);
    return;
  }
  for (Feature feature : {Feature::kNameOfFlow, Feature::kNameOfError})
    rows.not_applicable(feature, e, "no name opens a connection to the pod");
}

}  // namespace sluice::testing
