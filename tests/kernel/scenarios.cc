#include "tests/kernel/scenarios.h"

namespace sluice::testing {

const char* text_of(Feature feature) {
  switch (feature) {
#define SLUICE_CASE(Name, text) \
  case Feature::k##Name:        \
    return text;
    SLUICE_TEST_FEATURES(SLUICE_CASE)
#undef SLUICE_CASE
  }
  return "";
}

std::vector<Feature> all_features() {
  return {
#define SLUICE_ITEM(Name, text) Feature::k##Name,
      SLUICE_TEST_FEATURES(SLUICE_ITEM)
#undef SLUICE_ITEM
  };
}

const char* text_of(sluice_direction hook) {
  return hook == SLUICE_EGRESS ? "from_pod" : "to_pod";
}

const AttackText& text_of(Attack attack) {
  // "ForgedReply" as "forged_reply".
  static const auto in_snake = [](const std::string& name) {
    std::string snake;
    for (char c : name) {
      if (c >= 'A' && c <= 'Z' && !snake.empty()) snake += '_';
      snake += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return snake;
  };
  static const std::vector<AttackText> texts = {
#define SLUICE_ITEM(Name, does, held, live) {in_snake(#Name), does, held, live},
      SLUICE_ATTACKS(SLUICE_ITEM)
#undef SLUICE_ITEM
  };
  return texts[static_cast<size_t>(attack)];
}

std::vector<Attack> all_attacks() {
  return {
#define SLUICE_ITEM(Name, does, held, live) Attack::k##Name,
      SLUICE_ATTACKS(SLUICE_ITEM)
#undef SLUICE_ITEM
  };
}

std::vector<Ends> all_ends() {
  std::vector<Ends> all;
  for (sluice_direction hook : {SLUICE_INGRESS, SLUICE_EGRESS}) {
    all.push_back({net::Family::kIpv4, hook, ip("10.0.0.1"), ip("10.0.1.1"), ip("10.0.2.1"),
                   ip("192.168.0.1"), ip("10.96.0.10"), ip("172.16.0.1"), ip("10.0.0.99"), net::kIcmp});
    all.push_back({net::Family::kIpv6, hook, ip("fd00::1"), ip("fd00:1::1"), ip("fd00:2::1"),
                   ip("fd00:ff::1"), ip("fd00:96::10"), ip("fd00:aa::1"), ip("fd00::99"), net::kIcmpv6});
  }
  return all;
}

Spec Ends::opening(net::Protocol protocol, unsigned destination_port, const net::Ip& remote) const {
  return from_pod() ? packet::opening(pod, remote, protocol, port(destination_port))
                    : packet::opening(remote, pod, protocol, port(destination_port));
}

Spec Ends::opening(net::Protocol protocol, unsigned destination_port) const {
  return opening(protocol, destination_port, peer);
}

Spec reply(Spec spec, uint8_t tcp_flags) {
  std::swap(spec.source, spec.destination);
  std::swap(spec.source_port, spec.destination_port);
  spec.tcp_flags = tcp_flags;
  if (spec.protocol == net::kIcmp) spec.icmp_type = 0;
  if (spec.protocol == net::kIcmpv6) spec.icmp_type = 129;
  return spec;
}

Spec with_flags(Spec spec, uint8_t tcp_flags) {
  spec.tcp_flags = tcp_flags;
  return spec;
}

Scenario& Scenario::send(uint8_t reason, sluice_direction hook, const Spec& spec, std::string said) {
  send(reason, hook, packet::build(spec), std::move(said));
  steps.back().spec = spec;
  return *this;
}

Scenario& Scenario::send(uint8_t reason, sluice_direction hook, const Bytes& frame, std::string said) {
  next_.reason = reason;
  next_.hook = hook;
  next_.frame = frame;
  next_.aloud = std::move(said);
  steps.push_back(std::exchange(next_, {}));
  return *this;
}

Scenario& Scenario::at(uint32_t ifindex) {
  steps.back().ifindex = ifindex;
  return *this;
}

Scenario& Scenario::against() {
  steps.back().against = true;
  return *this;
}

Scenario& Scenario::heard(Hearing hearing) {
  steps.back().hearing = hearing;
  return *this;
}

Scenario& Scenario::marked(uint32_t mark) {
  steps.back().mark = mark;
  return *this;
}

Scenario& Scenario::agent(uint32_t mark) {
  agent_mark = mark;
  return *this;
}

Scenario& Scenario::believe(const net::Ip& server, unsigned number) {
  dns_servers.emplace_back(server, port(number));
  return *this;
}

Scenario& Scenario::learn(const net::Ip& ip, std::vector<HasName> names) {
  next_.learnt.emplace_back(ip, std::move(names));
  return *this;
}

Scenario& Scenario::agent_leaves() {
  next_.agent_leaves = true;
  return *this;
}

Scenario& Scenario::change(const World& to) {
  next_.change = to;
  return *this;
}

Scenario& Scenario::wait(uint32_t seconds) {
  next_.wait = seconds;
  return *this;
}

Scenario& Scenario::flags(uint64_t agent_flags) {
  next_.flags = agent_flags;
  return *this;
}

Scenario& Scenario::observed(bool on) {
  next_.observed = on;
  return *this;
}
Scenario& Scenario::ready() {
  next_.ready = true;
  return *this;
}

std::string Scenario::title() const {
  return (attack ? "attack_" + text_of(*attack).name : std::string(text_of(feature))) + " [" +
         text_of(ends.hook) + ", " + std::string(net::to_text(ends.family)) + "]: " + aloud;
}

Scenario& Rows::add(Feature feature, const Ends& ends, std::string aloud, const World& world) {
  Scenario scenario{};
  scenario.feature = feature;
  scenario.ends = ends;
  scenario.aloud = std::move(aloud);
  scenario.world = world;
  return scenarios_.emplace_back(std::move(scenario));
}

Scenario& Rows::add(Attack attack, const Ends& ends, std::string aloud, const World& world) {
  Scenario& scenario = add(Feature::kAttacked, ends, std::move(aloud), world);
  scenario.attack = attack;
  return scenario;
}

void Rows::not_applicable(Feature feature, const Ends& ends, std::string because) {
  holes_.push_back({feature, ends, std::move(because)});
}

const Rows& all_rows() {
  static const Rows rows = [] {
    Rows made;
    for (const Ends& ends : all_ends()) {
      add_policy_rows(ends, made);
      add_prefix_rows(ends, made);
      add_service_rows(ends, made);
      add_tier_rows(ends, made);
      add_name_rows(ends, made);
      add_named_flow_rows(ends, made);
      add_listen_rows(ends, made);
      add_flow_rows(ends, made);
      add_timeout_rows(ends, made);
      add_pod_rows(ends, made);
      add_source_rows(ends, made);
      add_header_rows(ends, made);
      add_malformed_rows(ends, made);
      add_fragment_rows(ends, made);
      add_icmp_rows(ends, made);
      add_link_rows(ends, made);
      add_attack_rows(ends, made);
      add_attack_fragment_rows(ends, made);
      add_attack_header_rows(ends, made);
    }
    return made;
  }();
  return rows;
}

}  // namespace sluice::testing
