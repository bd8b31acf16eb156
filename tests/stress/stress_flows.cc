#include "tests/stress/stress_flows.h"

#include <array>
#include <cstring>

namespace sluice::testing {
namespace {

constexpr uint32_t kConversations = 60;
constexpr uint32_t kForgotten = 432'001;  // seconds: longer than any flow stands

uint64_t mixed(uint64_t number) {
  number = (number + 0x9e3779b97f4a7c15) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 29) * 0x94d049bb133111eb;
  return number ^ number >> 32;
}

net::Ip ipv4(uint32_t number) {
  const std::array<uint8_t, 4> bytes = {10, static_cast<uint8_t>(number >> 16),
                                        static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)};
  return net::Ip::from_bytes(bytes).value();
}

// Of one TCP or UDP connection, both ways.
std::vector<Conversation::Part> parts_of(const packet::Spec& opening) {
  std::vector<Conversation::Part> parts;
  packet::Spec back = opening;
  std::swap(back.source, back.destination);
  std::swap(back.source_port, back.destination_port);
  constexpr uint8_t kSyn = 2, kAck = 16, kFin = 1, kRst = 4;
  const auto say = [&parts](sluice_direction direction, packet::Spec spec, uint8_t flags) {
    spec.tcp_flags = flags;
    parts.push_back({direction, packet::build(spec)});
  };
  say(SLUICE_EGRESS, opening, kSyn);
  say(SLUICE_INGRESS, back, kSyn | kAck);
  for (const uint8_t flags : {kAck, uint8_t{kFin | kAck}, kRst}) {
    say(SLUICE_EGRESS, opening, flags);
    say(SLUICE_INGRESS, back, flags);
  }
  return parts;
}

}  // namespace

sluice_flow_edit numbered_flow(uint32_t number) {
  const uint64_t random = mixed(number);
  sluice_flow_edit flow{};
  flow.kind = SLUICE_FLOW_ADD;
  flow.family = random & 1 ? 4 : 6;
  flow.protocol = random & 2 ? 6 : 17;
  flow.bits = random & 4 ? SLUICE_FLOW_REPLIED | SLUICE_FLOW_ANSWERED : random & 8 ? SLUICE_FLOW_BY_POD : 0;
  flow.endpoint = 1 + number % kNumberedEndpoints;
  flow.remote[0] = number;
  if (flow.family == 6)
    for (uint32_t i = 1; i < 4; ++i)
      flow.remote[i] = static_cast<uint32_t>(mixed(number + i * kNumberedFlows));
  flow.ports = static_cast<uint32_t>(random >> 32);
  flow.epoch = static_cast<uint32_t>(mixed(random));
  flow.seen =
      kStressNow - ((random >> 4) % 8 == 0 ? kForgotten : static_cast<uint32_t>((random >> 8) % 1024));
  return flow;
}

bool is_sound(const sluice_flow_edit& flow) {
  const sluice_flow_edit wanted = numbered_flow(flow.remote[0]);
  return std::memcmp(&flow, &wanted, sizeof flow) == 0;
}

void add_talkers(FlowTables& tables) {
  for (uint32_t i = 0; i < kTalkers; ++i) {
    __be32 address;
    std::memcpy(&address, ipv4(kFirstTalker + i).bytes().data(), sizeof address);
    tables.add_pod(kFirstTalker + i, address);
  }
}

std::vector<Conversation> conversations() {
  std::vector<Conversation> all;
  for (uint32_t i = 0; i < kConversations; ++i) {
    Conversation one;
    one.endpoint = kFirstTalker + i % kTalkers;
    one.parts = parts_of(packet::opening(ipv4(one.endpoint), ipv4(0x10000 + i),
                                         i % 3 == 0 ? net::kUdp : net::kTcp, net::Port::from_host(80)));
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace sluice::testing
