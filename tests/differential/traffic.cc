#include "tests/differential/traffic.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "tests/kernel/frames.h"

namespace sluice::differential {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): the words of the rows
using packet::Spec;

// What passes one way: the first packet of a connection, and the hook that it passed through.
struct Connection {
  Spec opening;
  sluice_direction hook = SLUICE_INGRESS;
};

// No sum of a few of them is a timeout (include/sluice/timeouts.h): there the two clocks might differ.
constexpr std::array<uint32_t, 6> kWaits = {7, 31, 67, 131, 191, 611};
constexpr uint32_t kOtherInterface = 7;  // no packet passes there: the pod's is nobody's then

const char* const kFar4[] = {"10.0.1.1",   "10.0.2.1",  "192.168.0.1", "10.96.0.10", "10.0.0.1",
                             "172.16.0.9", "10.0.0.99", "127.0.0.1",   "0.0.0.0",    "255.255.255.255"};
const char* const kFar6[] = {"fd00:1::1",  "fd00:2::1", "fd00:ff::1", "fd00:96::10",     "fd00::1",
                             "fd00:aa::9", "fe80::2",   "fe80::1",    "::ffff:10.0.1.1", "ff02::1"};

class Drawing {
 public:
  explicit Drawing(uint64_t seed) : random_(seed) {}

  Traffic draw(size_t steps) {
    TrafficStep first;
    first.aloud = "a world";
    first.world = world();
    traffic_.push_back(std::move(first));
    while (traffic_.size() < steps) step();
    return std::move(traffic_);
  }

 private:
  uint64_t below(uint64_t bound) { return random_() % bound; }
  bool one_in(uint64_t count) { return below(count) == 0; }
  template <typename T, size_t N>
  const T& any(const T (&all)[N]) {
    return all[below(N)];
  }
  uint8_t byte() { return static_cast<uint8_t>(random_()); }

  World world() {
    World drawn(kPod4, one_in(12) ? kOtherInterface : kPodInterface);
    drawn.dual_stack(kPod6);
    const auto ref = [&]() -> image::Ref {
      const uint64_t kind = below(5);
      if (kind == 0) return image::Ref::all();
      image::Portset set;
      if (kind > 1) set.add(net::kTcp, ports(80, one_in(2) ? 80 : 90));
      if (kind > 2) set.add(net::kUdp, ports(53));
      if (kind > 3) set.add(net::kSctp, ports(0, 65535));
      return set.empty() ? image::Ref{} : drawn.portset(set);
    };
    drawn.peer(ip("10.0.1.1"))
        .peer(ip("fd00:1::1"))
        .peer(ip("10.0.2.1"), kStranger)
        .peer(ip("fd00:2::1"), kStranger);
    for (const char* node : {"192.168.0.1", "fd00:ff::1", "fe80::1"})
      drawn.address(ip(node), {{}, true, false});
    drawn.prefix(cidr("172.16.0.0/12"), kFriend).prefix(cidr("fd00:aa::/32"), kStranger);
    for (const char* service : {"10.96.0.10", "fd00:96::10"}) drawn.service(ip(service), net::kTcp, port(80));
    if (one_in(4)) drawn.source(cidr("10.0.0.96/28")).source(cidr("fd00:aa::/64"));
    for (sluice_direction direction : {SLUICE_INGRESS, SLUICE_EGRESS}) {
      if (one_in(4)) continue;
      drawn.isolate(direction, one_in(5) ? ref() : image::Ref{});
      if (!one_in(4)) drawn.allow(direction, kFriend, ref());
      if (one_in(3)) drawn.allow(direction, kStranger, ref());
      if (one_in(3)) drawn.allow(direction, kEndpoints, image::Ref::all());
      if (one_in(6)) drawn.whole(direction);
    }
    if (one_in(5)) drawn.audit(one_in(2) ? SLUICE_INGRESS : SLUICE_EGRESS);
    return drawn;
  }

  void step() {
    switch (below(24)) {
      case 0:
      case 1:
      case 2:
      case 3:
        return open();
      case 4:
        return error();
      case 5:
        return discovery();
      case 6:
        return change();
      case 7:
        return pass_time();
      case 8:
      case 9:
        return fragment();
      case 10:
        return guess();
      case 11:
        return lengthen();
      case 12:
        return spoil();
      case 13:
        return switch_something();
      default:
        return go_on();
    }
  }

  net::Ip far_end(bool v4) {
    if (!one_in(8)) return ip(v4 ? kFar4[below(3)] : kFar6[below(3)]);
    return ip(v4 ? any(kFar4) : any(kFar6));
  }
  void open() {
    const bool v4 = one_in(2);
    const unsigned to[] = {53, 53, 80, 80, 81, 85, 443, 22, 0, 65535};
    const uint8_t protocols[] = {6, 6,  6,  6,  17, 17, 17, 132, 47, v4 ? uint8_t{1} : uint8_t{58},
                                 1, 58, 59, 136};
    const net::Protocol protocol(any(protocols));
    Connection made;
    made.hook = one_in(2) ? SLUICE_EGRESS : SLUICE_INGRESS;
    const net::Ip near = v4 ? kPod4 : kPod6, far = far_end(v4);
    made.opening = made.hook == SLUICE_EGRESS ? packet::opening(near, far, protocol, port(any(to)))
                                              : packet::opening(far, near, protocol, port(any(to)));
    made.opening.icmp_identifier = static_cast<uint16_t>(below(3));
    if (one_in(2)) made.opening.source_port = port(static_cast<unsigned>(40000 + below(3)));
    add("opens", made.hook, made.opening);
    connections_.push_back(std::move(made));
  }

  // A packet of a connection: of its opener, or the other way.
  std::pair<Spec, sluice_direction> packet_of(const Connection& connection) {
    Spec spec = connection.opening;
    const uint8_t flags[] = {0x10, 0x10, 0x10, 0x12, 0x12, 0x02, 0x11, 0x11, 0x04, 0x14, 0x00, 0x3f};
    spec.tcp_flags = any(flags);
    if (one_in(3)) spec.tcp_acknowledged = static_cast<uint32_t>(below(4));
    if (one_in(2)) return {spec, connection.hook};
    std::swap(spec.source, spec.destination);
    std::swap(spec.source_port, spec.destination_port);
    if (spec.protocol == net::kIcmp) spec.icmp_type = one_in(6) ? 8 : 0;
    if (spec.protocol == net::kIcmpv6) spec.icmp_type = one_in(6) ? 128 : 129;
    return {spec, opposite(connection.hook)};
  }
  const Connection& connection() {
    if (connections_.empty()) open();
    const size_t last = connections_.size() - 1;  // mostly one of the last few
    return connections_[one_in(4) ? below(connections_.size()) : last - below(std::min<size_t>(last + 1, 4))];
  }
  void go_on() {
    const auto [spec, hook] = packet_of(connection());
    add("goes on", hook, spec);
  }

  void error() {
    const auto [quoted, hook] = packet_of(connection());
    const bool v4 = quoted.source.family() == net::Family::kIpv4;
    const net::Ip router = one_in(2) ? far_end(v4) : quoted.destination;
    Spec error = packet::icmp_error(router, quoted.source, quoted);
    const uint8_t types4[] = {3, 3, 11, 12, 5, 4}, types6[] = {1, 2, 3, 4, 137, 127};
    error.icmp_type = v4 ? any(types4) : any(types6);
    if (one_in(5)) error.hop_limit = 255;
    if (one_in(5)) error.payload.resize(below(error.payload.size() + 1));
    if (one_in(8)) error.fragment = packet::Fragment{1, 0, one_in(2)};
    add("error", opposite(hook), error);
  }

  void discovery() {
    if (one_in(4)) return add("ARP", one_in(2) ? SLUICE_EGRESS : SLUICE_INGRESS, packet::arp_request());
    const uint8_t types[] = {130, 131, 132, 133, 134, 135, 136, 137, 143};
    const uint8_t limits[] = {255, 255, 1, 1, 64};
    const bool out = one_in(2);
    Spec spec =
        packet::opening(out ? kPod6 : far_end(false), out ? far_end(false) : kPod6, net::kIcmpv6, port(0));
    spec.icmp_type = any(types);
    spec.hop_limit = any(limits);
    if (out && one_in(3)) spec.source = ip(one_in(2) ? "::" : "fe80::9");
    add("discovery", out ? SLUICE_EGRESS : SLUICE_INGRESS, spec);
  }

  void fragment() {
    auto [spec, hook] = packet_of(connection());
    const uint16_t offsets[] = {0, 0, 0, 1, 4, 9};
    spec.fragment = packet::Fragment{static_cast<uint32_t>(below(3)), any(offsets), !one_in(3)};
    spec.payload.assign(8 * (1 + below(5)), byte());
    add("fragment", hook, spec);
  }

  // A packet of a connection, with one thing of another.
  void guess() {
    auto [spec, hook] = packet_of(connection());
    const bool v4 = spec.source.family() == net::Family::kIpv4;
    switch (below(5)) {
      case 0:
        spec.source = far_end(v4);
        break;
      case 1:
        spec.destination = far_end(v4);
        break;
      case 2:
        spec.source_port = port(static_cast<unsigned>(below(65536)));
        break;
      case 3:
        hook = opposite(hook);
        break;
      default:
        spec.icmp_identifier = static_cast<uint16_t>(below(4));
        spec.icmp_type = byte();
    }
    add("guess", hook, spec);
  }

  void lengthen() {
    auto [spec, hook] = packet_of(connection());
    spec.ipv4_option_words = static_cast<uint8_t>(below(11));
    const uint8_t kinds[] = {0, 43, 44, 51, 60, 60, 135, 139, 140, 59, 50};
    for (uint64_t left = below(11); left > 0; --left) spec.extension_headers.push_back(any(kinds));
    if (one_in(4)) spec.fragment = packet::Fragment{static_cast<uint32_t>(below(3)), 0, one_in(2)};
    add("longer", hook, spec);
  }

  void spoil() {
    const auto [spec, hook] = packet_of(connection());
    packet::Bytes frame = packet::build(spec);
    if (one_in(6)) frame.insert(frame.begin() + 12, {0x81, 0, 0, byte()});
    add("spoilt", hook, mutated(std::move(frame), random_));
  }

  void change() {
    TrafficStep step;
    step.aloud = "another world";
    step.world = world();
    step.half_way = one_in(3);
    const bool half_way = step.half_way;
    traffic_.push_back(std::move(step));
    if (!half_way) return;
    for (uint64_t left = below(4); left > 0; --left) go_on();
    TrafficStep flip;
    flip.aloud = "is in force";
    flip.flip = true;
    traffic_.push_back(std::move(flip));
  }
  void pass_time() {
    TrafficStep step;
    step.aloud = "time passes";
    step.seconds = kWaits.at(std::min(below(kWaits.size()), below(kWaits.size())));
    traffic_.push_back(std::move(step));
  }
  void switch_something() {
    TrafficStep step;
    step.aloud = "a switch";
    if (one_in(2))
      step.observed = one_in(2);
    else
      step.flags = one_in(2)   ? 0
                   : one_in(2) ? uint64_t{SLUICE_CONFIG_AUDIT}
                               : uint64_t{SLUICE_CONFIG_PERMISSIVE};
    traffic_.push_back(std::move(step));
  }

  void add(const char* aloud, sluice_direction hook, const Spec& spec) {
    add(aloud + (" " + spec.protocol.to_text() + " " + spec.source.to_text() + " > " +
                 spec.destination.to_text()),
        hook, packet::build(spec));
  }
  void add(std::string aloud, sluice_direction hook, packet::Bytes frame) {
    TrafficStep step;
    step.aloud = std::move(aloud);
    step.hook = hook;
    step.frame = std::move(frame);
    if (!step.frame.empty()) traffic_.push_back(std::move(step));
  }

  std::mt19937_64 random_;
  Traffic traffic_;
  std::vector<Connection> connections_;
};

}  // namespace

Traffic draw_traffic(uint64_t seed, size_t steps) {
  return Drawing(seed).draw(steps);
}

std::string to_text(const Traffic& traffic) {
  std::string text;
  for (const TrafficStep& step : traffic) {
    text += "  " + step.aloud;
    if (step.seconds) text += " " + std::to_string(step.seconds) + " s";
    if (step.flags) text += " flags " + std::to_string(*step.flags);
    if (step.observed) text += *step.observed ? " observed" : " not observed";
    if (step.half_way) text += ", half-way";
    if (step.world) text += ":\n" + image::to_text(step.world->image());
    if (!step.frame.empty()) text += step.hook == SLUICE_EGRESS ? " from_pod " : " to_pod ";
    for (uint8_t each : step.frame) text += {"0123456789abcdef"[each >> 4], "0123456789abcdef"[each & 15]};
    text += "\n";
  }
  return text;
}

}  // namespace sluice::differential
