// What a packet costs, in map operations, exactly: the table below is the promise. Every packet of a known
// pod asks its interface's slot and its endpoint, and config, which every CPU has at hand and is not counted;
// `more` is what comes on top. Nothing in it depends on how many policies, ports or addresses there are. All
// but fragments are arrays, read by index; of a policy table a line is one.
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "agent/image/encode.h"
#include "agent/image/placement.h"
#include "agent/packet/build.h"
#include "agent/packet/maps.h"
#include "tests/kernel/world.h"

namespace sluice::packet {
namespace {

using testing::kEndpoints;
using testing::kFriend;
using testing::kPodInterface;
using testing::kStranger;
using testing::opposite;
using testing::port;
using testing::ports;
using testing::World;

struct Ends {
  net::Ip pod, peer, node;
  sluice_map addresses, prefixes, flows;
  net::Protocol icmp;
};
Ends ends(net::Family family) {
  if (family == net::Family::kIpv4)
    return {testing::ip("10.0.0.1"),
            testing::ip("10.0.1.1"),
            testing::ip("192.168.0.1"),
            SLUICE_MAP_ADDRESSES4,
            SLUICE_MAP_PREFIXES4,
            SLUICE_MAP_FLOWS4,
            net::kIcmp};
  return {testing::ip("fd00::1"),
          testing::ip("fd00:1::1"),
          testing::ip("fd00:ff::1"),
          SLUICE_MAP_ADDRESSES6,
          SLUICE_MAP_PREFIXES6,
          SLUICE_MAP_FLOWS6,
          net::kIcmpv6};
}

using Count = std::map<std::string, uint32_t>;  // "rules" -> 1; an insertion is "+fragments"

Count counted(const Maps::Operations& operations) {
  Count count;
  for (int map = 0; map < SLUICE_MAP_COUNT; ++map) {
    const std::string name(image::map_name(static_cast<sluice_map>(map)));
    if (map == SLUICE_MAP_CONFIG) continue;
    if (uint32_t lookups = operations.lookups[static_cast<size_t>(map)]) count[name] = lookups;
    if (uint32_t inserts = operations.inserts[static_cast<size_t>(map)]) count["+" + name] = inserts;
  }
  return count;
}

using Case = std::tuple<net::Family, sluice_direction>;
class Operations : public ::testing::TestWithParam<Case> {
 protected:
  Operations() : e_(ends(std::get<0>(GetParam()))), hook_(std::get<1>(GetParam())) {}

  World isolated(image::Ref everyone = {}) const { return World(e_.pod).isolate(hook_, everyone); }
  World web() const {
    World world = isolated();
    image::Ref ref = world.portset(net::kTcp, {ports(80)});
    return world.peer(e_.peer).allow(hook_, kFriend, ref);
  }
  void put(const World& world) {
    auto plan = placement_.plan(world.image(), image::difference(image_, world.image()));
    ASSERT_TRUE(plan.ok());
    ASSERT_TRUE(image::put_in_force(*plan, maps_).ok());
    ASSERT_TRUE(image::clean_up(*plan, maps_).ok());
    placement_.release_freed(*plan);
    image_ = world.image();
  }
  Spec opening(net::Protocol protocol, unsigned destination_port, const net::Ip& remote) const {
    return hook_ == SLUICE_EGRESS ? packet::opening(e_.pod, remote, protocol, port(destination_port))
                                  : packet::opening(remote, e_.pod, protocol, port(destination_port));
  }
  Spec syn() const { return opening(net::kTcp, 80, e_.peer); }
  static Spec reply(Spec spec) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    spec.tcp_flags = 0x12;
    return spec;
  }
  void send(const Spec& spec, bool back = false) {
    maps_.passes(build(spec), kPodInterface, back ? opposite(hook_) : hook_);
  }
  // What this packet costs beyond interface and endpoint.
  void expect_more(const char* what, Count more, const Bytes& frame, bool back = false) {
    for (const char* map : {"interfaces", "endpoints"}) ++more[map];
    maps_.take_operations();
    maps_.passes(frame, kPodInterface, back ? opposite(hook_) : hook_);
    EXPECT_EQ(counted(maps_.take_operations()), more) << what;
  }
  void expect_more(const char* what, const Count& more, const Spec& spec, bool back = false) {
    expect_more(what, more, build(spec), back);
  }
  // A packet whose flow is not in the table: both its buckets are looked at. Of a SYN they are not before it is
  // judged: it is judged anew whatever they say.
  void expect_unknown(const char* what, Count more, const Spec& spec) {
    if (!opens(spec)) more[flows()] += 2;
    expect_more(what, more, spec);
  }
  // A new connection, which is kept: the entry is looked for in both buckets, a place is chosen in them and
  // taken in one, under a lock; what was opened is counted, and what is remembered.
  void expect_kept(const char* what, Count more, const Spec& spec) {
    more[flows()] += 5;
    more["flow_locks"] += 1;
    more["flow_counts"] += 2;
    if (!opens(spec)) more[flows()] += 2;
    expect_more(what, more, spec);
  }
  static bool opens(const Spec& spec) {
    return spec.protocol == net::kTcp && (spec.tcp_flags & 0x12) == 0x02;
  }
  std::string name(sluice_map map) const { return std::string(image::map_name(map)); }
  std::string addresses() const { return name(e_.addresses); }
  std::string prefixes() const { return name(e_.prefixes); }
  std::string lengths() const {
    return name(e_.pod.family() == net::Family::kIpv4 ? SLUICE_MAP_PREFIX_LENGTHS4
                                                      : SLUICE_MAP_PREFIX_LENGTHS6);
  }
  std::string flows() const { return name(e_.flows); }

  Ends e_;
  sluice_direction hook_;
  Maps maps_;
  image::Placement placement_;
  image::Image image_;
};

TEST_P(Operations, OfConnections) {
  put(web());
  const Count by_ports = {{"recent_verdicts", 1}, {addresses(), 1},  {"rules", 1},   {"portsets", 1},
                          {"port_tables", 1},     {"port_pages", 1}, {"counters", 1}};
  const Count asked_again = {{"recent_verdicts", 1}, {"counters", 1}};
  const Count found = {{flows(), 1}}, changed = {{flows(), 1}, {"flow_locks", 1}};
  expect_kept("new, a rule with ports", by_ports, syn());
  Spec data = syn();
  data.tcp_flags = 0x10;
  Spec back = reply(data);
  back.tcp_flags = 0x10;
  expect_more("answered", changed, reply(syn()), true);
  Count earned = changed;
  earned["flow_counts"] = 2;  // one less of the unanswered, one more of the answered
  expect_more("the handshake is complete", earned, data);
  expect_more("established, the opener's way", found, data);
  expect_more("established, the other way", found, back, true);
  Count reopened = asked_again;
  reopened[flows()] = 1;
  reopened["flow_locks"] = 1;
  reopened["flow_counts"] = 1;  // one more was opened
  expect_more("a new SYN on an old tuple", reopened, syn());
  Spec other = syn();
  other.source_port = port(40001);
  expect_kept("a new SYN beside it", asked_again, other);
  put(web().peer(e_.node, kStranger));
  Count again = by_ports;
  again.erase("counters");
  again[flows()] = 1;
  expect_more("judged again after a change", again, back, true);
  expect_more("and then established as before", found, back, true);

  put(World(e_.pod));
  expect_kept("new, nothing isolates the pod", {{"counters", 1}}, opening(net::kUdp, 53, e_.peer));
  expect_more("its second packet", found, opening(net::kUdp, 53, e_.peer));
  expect_more("its answer", changed, reply(opening(net::kUdp, 53, e_.peer)), true);
}

// Whether new connections are observed concerns these alone, by a word of the endpoint, which is read anyway.
TEST_P(Operations, OfObservedPods) {
  put(web());
  const uint32_t first = SLUICE_FIRST_ENDPOINT;
  auto& flags = static_cast<sluice_endpoint*>(maps_.lookup(SLUICE_MAP_ENDPOINTS, &first))->flags;
  const Count asked = {{"recent_verdicts", 1}, {"counters", 1}};
  send(syn());
  Spec data = syn();
  data.tcp_flags = 0x10;
  send(reply(syn()), true);
  send(data);
  Spec other = syn();
  for (const uint32_t observed : {0U, uint32_t{SLUICE_ENDPOINT_OBSERVED}}) {
    flags = observed;
    maps_.clear_events();
    expect_more("established", {{flows(), 1}}, data);
    Spec back = reply(data);
    back.tcp_flags = 0x10;
    expect_more("established, the other way", {{flows(), 1}}, back, true);
    EXPECT_TRUE(maps_.events().empty());
    other.source_port = port(40001 + observed);
    Count opened = asked;
    if (observed) opened["stats"] = 1;
    expect_kept("new", opened, other);
    EXPECT_EQ(maps_.events().size(), observed);
  }
}

TEST_P(Operations, OfRules) {
  const Count denied = {{"recent_verdicts", 1}, {addresses(), 1}, {"counters", 1}, {"stats", 1}};
  put(isolated());
  expect_unknown("denied, the address is nobody", denied, syn());
  put(isolated().peer(e_.peer));
  Count asked = denied;
  asked["rules"] = 1;
  expect_unknown("denied, the identity has no rule", asked, syn());
  asked.erase("rules");
  asked.erase(addresses());
  expect_unknown("denied again", asked, syn());

  const Count allowed = {{"recent_verdicts", 1}, {addresses(), 1}, {"counters", 1}};
  Count by_rule = allowed;
  by_rule["rules"] = 1;
  put(isolated().peer(e_.peer).allow(hook_, kFriend, image::Ref::all()));
  expect_kept("new, a rule without ports", by_rule, syn());
  put(isolated(image::Ref::all()));
  expect_kept("new, a rule without peers", allowed, opening(net::kUdp, 53, e_.peer));
  put(isolated().address(e_.node, {{}, true, false}));
  Count node = allowed;
  if (hook_ == SLUICE_EGRESS) node["services"] = 1;  // is it a node port?
  expect_kept("new, the pod's own node", node, opening(net::kTcp, 80, e_.node));
  expect_kept("new, the pod itself", allowed, opening(net::kTcp, 80, e_.pod));

  Count by_prefix = by_rule;
  by_prefix[prefixes()] = 1;
  // Which lengths there are near the address: of IPv6 two words of them, one after the other.
  by_prefix[lengths()] = e_.pod.family() == net::Family::kIpv4 ? 1 : 2;
  put(isolated()
          .prefix(net::Cidr::everything(e_.pod.family()), kFriend)
          .allow(hook_, kFriend, image::Ref::all()));
  expect_kept("new, a prefix", by_prefix, opening(net::kTcp, 81, e_.peer));
  const net::Family far = e_.pod.family() == net::Family::kIpv4 ? net::Family::kIpv6 : net::Family::kIpv4;
  put(isolated(image::Ref::all()).prefix(net::Cidr::everything(far), kStranger));
  expect_kept("new, prefixes of the other family only", allowed, opening(net::kTcp, 82, e_.peer));
}

// Where rules name domains too, what is established and what a rule allows cost what they did; what passes to a port of
// DNS is looked at. What no rule allows is looked for among the addresses that were learnt.
TEST_P(Operations, OfNames) {
  if (hook_ == SLUICE_INGRESS) return;
  constexpr image::NameClassId kClass{7};
  World world = web();
  world.allow(hook_, kFriend, world.portset(net::kTcp, {ports(53), ports(80)}));
  put(world.names().name(1, kClass).allow_named(kFriend, kClass, image::Ref::all()));
  const Count by_ports = {{"recent_verdicts", 1}, {addresses(), 1},  {"rules", 1},   {"portsets", 1},
                          {"port_tables", 1},     {"port_pages", 1}, {"counters", 1}};
  expect_kept("new, a rule with ports", by_ports, syn());
  Spec data = syn();
  data.tcp_flags = 0x10;
  send(reply(syn()), true);
  send(data);
  expect_more("established, the opener's way", {{flows(), 1}}, data);
  Spec back = reply(data);
  back.tcp_flags = 0x10;
  expect_more("established, the other way", {{flows(), 1}}, back, true);
  Spec other = syn();
  other.source_port = port(40001);
  expect_kept("a new SYN beside it", {{"recent_verdicts", 1}, {"counters", 1}}, other);
  Count asks = by_ports;
  asks["dns"] = asks["dns_servers"] = 1;
  expect_kept("to a port of DNS", asks, opening(net::kTcp, 53, e_.peer));
  Count denied = by_ports;
  denied["stats"] = 1;
  denied["learnt"] = 1;
  expect_unknown("denied, no name was learnt for it", denied, opening(net::kTcp, 81, e_.peer));
}

TEST_P(Operations, OfServices) {
  const net::Ip& service = e_.peer;
  World world = isolated().service(service, net::kTcp, port(80)).allow(hook_, kEndpoints, image::Ref::all());
  world.address(e_.node, {{}, true, false}).node_port(e_.pod.family(), net::kTcp, port(30080));
  put(world);
  if (hook_ == SLUICE_INGRESS) {
    expect_unknown("a service address is a plain one as a source",
                   {{"recent_verdicts", 1}, {addresses(), 1}, {"counters", 1}, {"stats", 1}}, syn());
    return;
  }
  const Count endpoints = {
      {"recent_verdicts", 1}, {addresses(), 1}, {"services", 1}, {"rules", 1}, {"counters", 1}};
  expect_kept("new, every endpoint of a service", endpoints, syn());
  expect_kept("new, every endpoint of a node port", endpoints, opening(net::kTcp, 30080, e_.node));
  expect_unknown("denied, a port that the service does not serve",
                 {{"recent_verdicts", 1}, {addresses(), 1}, {"services", 1}, {"counters", 1}, {"stats", 1}},
                 opening(net::kTcp, 81, service));
}

TEST_P(Operations, OfOddPackets) {
  put(web());
  expect_more("ARP", {{"counters", 1}}, arp_request());
  expect_more("malformed", {{"counters", 1}, {"stats", 1}}, [&] {
    Bytes frame = build(syn());
    frame[14] = 0;
    return frame;
  }());
  send(syn());
  const net::Ip& from = hook_ == SLUICE_EGRESS ? e_.node : e_.pod;
  expect_more("an ICMP error about a connection", {{flows(), 1}, {"counters", 1}},
              build(icmp_error(from, syn().source, syn())), true);

  put(isolated(image::Ref::all()));
  Spec fragment = opening(net::kUdp, 53, e_.peer);
  fragment.fragment = Fragment{};
  expect_kept("a first fragment",
              {{"recent_verdicts", 1}, {addresses(), 1}, {"+fragments", 1}, {"counters", 1}}, fragment);
  fragment.fragment->offset = 1;
  expect_more("a later fragment", {{"fragments", 1}, {"counters", 1}}, build(fragment));
}

TEST_P(Operations, DoNotGrowWithPolicy) {
  World world = web();
  std::vector<net::PortRange> scattered;
  for (unsigned i = 1; i < 300; ++i) scattered.push_back(ports(80 + i * 200));
  scattered.push_back(ports(80));
  const image::Ref many = world.portset(net::kTcp, scattered);
  for (uint64_t i = 0; i < 5000; ++i) world.allow(hook_, {0x10000 + i}, many);
  put(world.allow(hook_, kFriend, many));
  expect_kept("new, among 5,000 rules of 300 ports",
              {{"recent_verdicts", 1},
               {addresses(), 1},
               {"rules", 1},
               {"portsets", 1},
               {"port_tables", 1},
               {"port_pages", 1},
               {"counters", 1}},
              syn());
}

std::string case_name(const ::testing::TestParamInfo<Case>& one) {
  return std::string(net::to_text(std::get<0>(one.param))) +
         (std::get<1>(one.param) == SLUICE_EGRESS ? "FromPod" : "ToPod");
}

INSTANTIATE_TEST_SUITE_P(Each, Operations,
                         ::testing::Combine(::testing::Values(net::Family::kIpv4, net::Family::kIpv6),
                                            ::testing::Values(SLUICE_INGRESS, SLUICE_EGRESS)),
                         case_name);

}  // namespace
}  // namespace sluice::packet
