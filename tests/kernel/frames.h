// Frames: good ones of every kind, ways to spoil them, and the small world that fuzzers throw them at. Pure.
#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "agent/packet/build.h"
#include "tests/kernel/world.h"

namespace sluice::testing {

inline const net::Ip kPod4 = ip("10.0.0.1"), kPeer4 = ip("10.0.1.1"), kNode4 = ip("192.168.0.1");
inline const net::Ip kPod6 = ip("fd00::1"), kPeer6 = ip("fd00:1::1"), kNode6 = ip("fd00:ff::1");

// A pod of both families, isolated both ways; the peers may use TCP 80 and UDP 53.
inline World fixed_world() {
  image::Portset set;
  set.add(net::kTcp, ports(80));
  set.add(net::kUdp, ports(53));
  World world(kPod4);
  world.dual_stack(kPod6).isolate(SLUICE_INGRESS).isolate(SLUICE_EGRESS);
  const image::Ref some = world.portset(set);
  world.peer(kPeer4).peer(kPeer6);
  world.address(kNode4, {{}, true, false}).address(kNode6, {{}, true, false});
  world.prefix(cidr("172.16.0.0/12"), kFriend).prefix(cidr("fd00:aa::/32"), kFriend);
  return world.allow(SLUICE_INGRESS, kFriend, some).allow(SLUICE_EGRESS, kFriend, some);
}

// With names, so that they can be written as a seed corpus.
inline std::vector<std::pair<std::string, packet::Bytes>> named_frames() {
  std::vector<std::pair<std::string, packet::Bytes>> frames = {{"arp", packet::arp_request()}};
  auto add = [&](const std::string& name, const packet::Spec& spec) {
    frames.emplace_back(name, packet::build(spec));
  };
  for (bool v4 : {true, false}) {
    const net::Ip &pod = v4 ? kPod4 : kPod6, &peer = v4 ? kPeer4 : kPeer6, &node = v4 ? kNode4 : kNode6;
    const net::Protocol icmp = v4 ? net::kIcmp : net::kIcmpv6;
    for (const auto& [way, from, to] :
         {std::tuple{"out", pod, peer}, {"in", peer, pod}, {"node", node, pod}}) {
      const std::string suffix = std::string("_") + way + (v4 ? "4" : "6");
      packet::Spec tcp = packet::opening(from, to, net::kTcp, port(80));
      packet::Spec udp = packet::opening(from, to, net::kUdp, port(53));
      add("tcp" + suffix, tcp);
      add("udp" + suffix, udp);
      add("sctp" + suffix, packet::opening(from, to, net::kSctp, port(80)));
      add("echo" + suffix, packet::opening(from, to, icmp, port(0)));
      add("gre" + suffix, packet::opening(from, to, net::Protocol(47), port(0)));
      add("error" + suffix, packet::icmp_error(to, from, tcp));
      packet::Spec longer = tcp;
      longer.ipv4_option_words = 3;
      if (!v4) longer.extension_headers = {0, 60, 43, 51};
      add("longer" + suffix, longer);
      packet::Spec fragment = udp;
      fragment.fragment = packet::Fragment{};
      fragment.payload.resize(32);
      add("first" + suffix, fragment);
      fragment.fragment->offset = 5;
      add("later" + suffix, fragment);
      packet::Spec discovery = packet::opening(from, to, net::kIcmpv6, port(0));
      discovery.icmp_type = 135;
      discovery.hop_limit = 255;
      add("neighbour" + suffix, discovery);
    }
  }
  return frames;
}

inline std::vector<packet::Bytes> seed_frames() {
  std::vector<packet::Bytes> frames;
  for (auto& [name, frame] : named_frames()) frames.push_back(std::move(frame));
  return frames;
}

// Some bytes changed, mostly in the headers; now and then cut off or made longer.
inline packet::Bytes mutated(packet::Bytes frame, std::mt19937_64& random) {
  const uint64_t changes = random() % 4;
  for (uint64_t i = 0; i < changes && !frame.empty(); ++i) {
    uint8_t& byte = frame[random() % std::min<size_t>(frame.size(), 80)];
    byte = static_cast<uint8_t>(random() % 2 ? random() : byte ^ 1u << random() % 8);
  }
  if (random() % 8 == 0) frame.resize(random() % (frame.size() + 1));
  if (random() % 8 == 0) frame.resize(frame.size() + random() % 64, static_cast<uint8_t>(random()));
  return frame;
}

}  // namespace sluice::testing
