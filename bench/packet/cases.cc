#include "bench/packet/cases.h"

#include <algorithm>
#include <random>

namespace sluice::bench {
namespace {

constexpr uint16_t kFirstEphemeral = 1024;
constexpr uint64_t kSeed = 20;
constexpr uint8_t kAck = 0x10;

net::Ip remote_address(const Case& c, unsigned index) {
  switch (c.remotes) {
    case Remotes::kPeers:
      return peer_address(index, c.family);
    case Remotes::kStrangers:
      return stranger_address(index, c.family);
    case Remotes::kUnknown:
      return unknown_address(index, c.family);
    case Remotes::kBlocks:
      return block_address(index, c.family);
    case Remotes::kServices:
      return service_address(index, c.family);
  }
  return {};
}

// Later fragments carry no ports: their datagrams are told apart by identification.
packet::Spec fragment_of(packet::Spec spec, const Tuple& tuple, bool first) {
  spec.fragment = packet::Fragment{tuple.number + 1, static_cast<uint16_t>(first ? 0 : 2), first};
  spec.payload.assign(8, 0);
  return spec;
}

std::string text_of(sluice_direction hook) {
  return hook == SLUICE_EGRESS ? "egress" : "ingress";
}

}  // namespace

std::string Case::driver() const {
  if (reports) return "reports";
  return course == Course::kFragment || course == Course::kError ? name : "plain";
}

Labels Case::all_labels(const Size& size) const {
  Labels all = labels;
  if (driver() != "plain") all["driver"] = driver();
  if (remote_count != kUsualRemotes) all["remotes"] = std::to_string(remote_count);
  all["family"] = net::to_text(family);
  all["hook"] = text_of(hook);
  all["protocol"] = protocol.to_text();
  all["tuples"] = std::to_string(tuples);
  all["addresses"] = std::to_string(size.addresses);
  all["policies"] = std::to_string(size.policies);
  all["ranges"] = std::to_string(size.ranges);
  all["cidrs"] = std::to_string(size.cidrs);
  all["fill"] = std::to_string(size.fill);
  if (size.flows != SLUICE_LEAST_FLOWS) all["flows"] = std::to_string(size.flows);
  return all;
}

std::vector<Tuple> tuples_of(const Case& c, Order order) {
  std::vector<net::Ip> remotes;
  for (unsigned i = 0; i < c.remote_count; ++i) remotes.push_back(remote_address(c, i));
  std::vector<Tuple> tuples;
  for (size_t i = 0; i < c.tuples; ++i) {
    const auto ephemeral = net::Port::from_host(static_cast<uint16_t>(kFirstEphemeral + i / c.remote_count));
    const auto service = net::Port::from_host(c.port);
    const bool out = c.opener() == SLUICE_EGRESS;
    tuples.push_back({remotes[i % c.remote_count], out ? ephemeral : service, out ? service : ephemeral,
                      static_cast<uint32_t>(i)});
  }
  std::mt19937_64 random(kSeed + static_cast<uint64_t>(order));
  for (size_t i = tuples.size(); i > 1; --i) std::swap(tuples[i - 1], tuples[random() % i]);
  return tuples;
}

packet::Spec opening_of(const Case& c, const Tuple& tuple) {
  const net::Ip own = address_of(c.pod, c.family);
  const bool out = c.opener() == SLUICE_EGRESS;
  packet::Spec spec = out ? packet::opening(own, tuple.remote, c.protocol, tuple.remote_port)
                          : packet::opening(tuple.remote, own, c.protocol, tuple.local_port);
  if (c.course == Course::kFragment) return fragment_of(spec, tuple, true);
  spec.source_port = out ? tuple.local_port : tuple.remote_port;
  return spec;
}

packet::Spec measured_of(const Case& c, const Tuple& tuple) {
  packet::Spec spec = opening_of(c, tuple);
  if (c.course == Course::kNew || c.course == Course::kDenied) return spec;
  spec.tcp_flags = kAck;
  if (c.course == Course::kFragment) return fragment_of(spec, tuple, false);
  if (c.course == Course::kError) {
    // From whoever got the packet: beyond the pod a router, else the pod itself.
    const net::Ip router = unknown_address(0, c.family);
    return packet::icmp_error(c.hook == SLUICE_EGRESS ? spec.destination : router, spec.source, spec);
  }
  if (c.course == Course::kReply) {
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
  }
  return spec;
}

Shape shape_of(const Case& c) {
  const bool v4 = c.family == net::Family::kIpv4;
  if (c.course == Course::kFragment) return v4 ? Shape::ipv4_fragment : Shape::ipv6_fragment;
  if (c.course == Course::kError) return v4 ? Shape::ipv4_error : Shape::ipv6_error;
  return v4 ? Shape::ipv4 : Shape::ipv6;
}

std::vector<Case> each_way(const Case& plain) {
  std::vector<Case> all;
  for (net::Family family : {net::Family::kIpv4, net::Family::kIpv6}) {
    for (sluice_direction hook : {SLUICE_EGRESS, SLUICE_INGRESS}) {
      if (plain.remotes == Remotes::kServices && hook == SLUICE_INGRESS) continue;
      for (net::Protocol protocol : {net::kTcp, net::kUdp}) {
        if (plain.course == Course::kFragment && protocol == net::kTcp) continue;
        if (plain.course == Course::kError && protocol == net::kUdp) continue;
        Case c = plain;
        c.family = family;
        c.hook = hook;
        c.protocol = protocol;
        all.push_back(c);
      }
    }
  }
  return all;
}

std::vector<Case> plain_cases() {
  std::vector<Case> cases;
  auto add = [&](const char* name, Course course, sluice_reason expected) -> Case& {
    Case c;
    c.name = name;
    c.course = course;
    c.expected = expected;
    return cases.emplace_back(c);
  };
  auto denied = [&](const char* name, const char* report) -> Case& {
    Case& c = add(name, Course::kDenied, SLUICE_DENIED_NO_RULE);
    c.labels["report"] = report;
    c.reports = report == std::string("on");
    return c;
  };
  add("established", Course::kEstablished, SLUICE_ALLOWED_FLOW);
  add("established-reply", Course::kReply, SLUICE_ALLOWED_FLOW);
  add("new-pod-peer", Course::kNew, SLUICE_ALLOWED_POLICY);
  add("new-ipblock", Course::kNew, SLUICE_ALLOWED_POLICY).remotes = Remotes::kBlocks;
  add("new-service", Course::kNew, SLUICE_ALLOWED_POLICY).remotes = Remotes::kServices;
  for (const char* report : {"suppressed", "on"}) {
    for (auto [remotes, peer] : {std::pair{Remotes::kStrangers, "known"}, {Remotes::kUnknown, "unknown"}}) {
      Case& c = denied("denied-peer", report);
      c.remotes = remotes;
      c.labels["peer"] = peer;
    }
    denied("denied-port", report).port = kOtherPort;
  }
  add("not-isolated", Course::kEstablished, SLUICE_ALLOWED_FLOW).pod = TestPod::kOpen;
  add("outdated", Course::kOutdated, SLUICE_ALLOWED_FLOW);
  add("fragment", Course::kFragment, SLUICE_ALLOWED_FRAGMENT).protocol = net::kUdp;
  add("icmp-error", Course::kError, SLUICE_ALLOWED_ICMP_ERROR);
  return cases;
}

}  // namespace sluice::bench
