// Live: what a pod sends by hand that wants past the policy of another one on its bridge.
#include "tests/live/attacks_fixture.h"

namespace sluice::live {
namespace {

enum Flags : uint8_t { kFlagFin = 1, kFlagSyn = 2, kFlagRst = 4, kFlagAck = 16 };

base::Fd datagrams_at(const char* netns, const net::Ip& ip, uint16_t port) {
  const SocketAddress address({ip, port});
  auto fd = socket_in(netns, address.family(), SOCK_DGRAM, 0);
  EXPECT_TRUE(fd) << fd.error().message();
  if (!fd || ::bind(fd->get(), address.get(), address.size()) != 0) return {};
  return std::move(*fd);
}

TEST_F(LiveAttacks, ForgedReplies) {
  const OneProcessor one;
  const uint64_t no_rule = drops("no_rule", "ingress"), not_own = drops("source_not_own", "egress");
  uint64_t tried = 0, spoofed = 0;
  for (const Addresses& a : {four_, six_}) {
    const Spec web = packet_of(a.api, a.attacker, net::kTcp, 80),
               dns = packet_of(a.api, a.attacker, net::kUdp, kDns);
    attempt(false, "SYN,ACK", answer_of(web));
    attempt(false, "ACK", answer_of(web, kFlagAck));
    attempt(false, "UDP", answer_of(dns));
    attempt(false, "SCTP", answer_of(packet_of(a.api, a.attacker, net::kSctp, 80)));
    attempt(false, "GRE", answer_of(packet_of(a.api, a.attacker, net::Protocol(47), 0)));
    tried += 5;
    // Beside a connection that the api opens.
    const Spec open = packet_of(a.api, a.frontend, net::kTcp, kWeb);
    ASSERT_TRUE(api_->send(packet::build(open), frontend_->mac()));
    Spec beside = answer_of(open);
    beside.source = a.attacker;
    attempt(false, "from the attacker's own address, with the connection's ports", beside);
    ++tried;
    attempt(false, "in the name of who was asked", answer_of(open));
    ++spoofed;
  }
  expect_attempts("forged replies");
  expect_drops("no_rule", "ingress", no_rule, tried, "");
  expect_drops("source_not_own", "egress", not_own, spoofed, "");
}

TEST_F(LiveAttacks, TcpWithoutSyn) {
  const OneProcessor one;
  const uint64_t no_rule = drops("no_rule", "ingress");
  uint64_t tried = 0;
  for (const Addresses& a : {four_, six_})
    for (unsigned flags : {0u, 1u, 2u, 3u, 4u, 6u, 16u, 17u, 18u, 20u, 41u, 63u, 194u, 255u}) {
      Spec spec = packet_of(a.attacker, a.api, net::kTcp, kWeb);
      spec.tcp_flags = static_cast<uint8_t>(flags);
      attempt(false, "flags " + std::to_string(flags), spec);
      ++tried;
    }
  expect_attempts("odd TCP");
  expect_drops("no_rule", "ingress", no_rule, tried, "");
}

TEST_F(LiveAttacks, ForgedErrors) {
  const OneProcessor one;
  const uint64_t no_rule = drops("no_rule", "ingress");
  for (const Addresses& a : {four_, six_}) {
    const auto error = [&](bool passes, const std::string& what, Spec quoted) {
      quoted.payload = mark();
      attempt(passes, what, packet::build(packet::icmp_error(a.attacker, a.api, quoted)), quoted.payload);
    };
    const Spec asked = packet_of(a.api, a.frontend, net::kUdp, kDns);
    error(false, "before it is asked", asked);
    ASSERT_TRUE(api_->send(packet::build(asked), frontend_->mac()));
    Spec other_port = asked, foreign = asked;
    other_port.source_port = net::Port::from_host(40001);
    foreign.source = a.attacker;
    error(false, "about another port", other_port);
    error(false, "about the attacker's own packet", foreign);
    error(false, "about an answer", answer_of(asked));
    error(true, "about what was asked, as any router may say", asked);
  }
  expect_attempts("forged errors");
  expect_drops("no_rule", "ingress", no_rule, 8U, "");
}

// IP payloads of one datagram, cut in two; offsets are bytes.
struct Parts {
  Spec spec;
  Bytes whole;

  Bytes at(uint32_t id, size_t from, size_t to, bool more) const {
    Spec part = spec;
    part.fragment = packet::Fragment{id, static_cast<uint16_t>(from / 8), more};
    const Bytes bytes(whole.begin() + static_cast<ptrdiff_t>(from),
                      whole.begin() + static_cast<ptrdiff_t>(to));
    part.payload = bytes;
    if (from > 0) return packet::build(part);
    part.payload.resize(bytes.size() - 8);  // behind the UDP header, which is written over here
    Bytes frame = packet::build(part);
    std::copy(bytes.begin(), bytes.end(), frame.end() - static_cast<ptrdiff_t>(bytes.size()));
    return frame;
  }
};

uint32_t sum_of(const Bytes& bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : static_cast<uint32_t>(bytes[i]) << 8;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return sum;
}
// Of IPv4, as long as the header says.
void set_header_checksum(Bytes& frame) {
  constexpr size_t kIpAt = 14, kChecksum = kIpAt + 10;
  frame[kChecksum] = frame[kChecksum + 1] = 0;
  const auto header = frame.begin() + kIpAt;
  const uint32_t sum = ~sum_of(Bytes(header, header + (*header & 15) * 4));
  frame[kChecksum] = static_cast<uint8_t>(sum >> 8);
  frame[kChecksum + 1] = static_cast<uint8_t>(sum);
}

// RFC 1071, over the pseudo header too.
void set_checksum(const Spec& spec, Bytes& upper, size_t at) {
  Bytes all(spec.source.bytes().begin(), spec.source.bytes().end());
  all.insert(all.end(), spec.destination.bytes().begin(), spec.destination.bytes().end());
  const auto size = upper.size();
  all.insert(all.end(),
             {0, spec.protocol.number(), static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size)});
  all.insert(all.end(), upper.begin(), upper.end());
  const uint32_t sum = ~sum_of(all);
  upper[at] = static_cast<uint8_t>(sum >> 8);
  upper[at + 1] = static_cast<uint8_t>(sum);
}

Parts parts_of(Spec spec, size_t payload, uint8_t letter = 'p') {
  constexpr size_t kUdpChecksum = 6;
  spec.payload.assign(payload, letter);
  const Bytes ip = packet::build_ip(spec);
  Parts parts{spec, Bytes(ip.end() - static_cast<ptrdiff_t>(payload + 8), ip.end())};
  set_checksum(spec, parts.whole, kUdpChecksum);
  return parts;
}

TEST_F(LiveAttacks, Fragments) {
  const OneProcessor one;
  for (const Addresses& a : {four_, six_}) {
    const base::Fd dns = datagrams_at(kApiNetns, a.api, kDns), other = datagrams_at(kApiNetns, a.api, kOther);
    ASSERT_TRUE(dns.valid() && other.valid());
    const Parts good = parts_of(packet_of(a.frontend, a.api, net::kUdp, kDns), 64);
    const Parts bad = parts_of(packet_of(a.frontend, a.api, net::kUdp, kOther), 64);
    const Parts over = parts_of(packet_of(a.frontend, a.api, net::kUdp, kDns), 64, 'x');
    const auto send = [&](const Bytes& frame) { ASSERT_TRUE(frontend_->send(frame, way_to_api())); };
    uint64_t before = drops("fragment_without_first", "ingress");
    send(good.at(1, 32, 72, false));
    expect_drops("fragment_without_first", "ingress", before, 1U, "before its first");
    before = drops("no_rule", "ingress");
    send(good.at(2, 0, 32, true));
    send(bad.at(2, 0, 32, true));
    expect_drops("no_rule", "ingress", before, 1U, "a second first one, of another port");
    // Written over: the first is allowed, what follows is its own, and the pod's kernel throws all of it away.
    send(over.at(3, 0, 32, true));
    send(over.at(3, 8, 40, true));
    send(over.at(3, 32, 72, false));
    before = drops("truncated", "ingress");
    Spec tcp = packet_of(a.frontend, a.api, net::kTcp, kWeb);
    tcp.fragment = packet::Fragment{4, 0, true};
    Bytes tiny = packet::build(tcp);
    const bool v4 = a.api.family() == net::Family::kIpv4;
    tiny.resize(14 + (v4 ? 20 : 48) + 8);
    tiny[v4 ? 17 : 19] = v4 ? 28 : 16;
    if (v4) set_header_checksum(tiny);  // a bridge may look at it
    send(tiny);
    expect_drops("truncated", "ingress", before, 1U, "with its ports alone");
    EXPECT_FALSE(readable(other.get(), 0)) << "never";
    // And what is as it should be comes, once, however often its parts are sent.
    for (const bool again : {false, true}) {
      if (again) send(good.at(5, 32, 72, false));
      send(good.at(5, 0, 32, true));
      if (!again) send(good.at(5, 32, 72, false));
    }
    // And one that is not cut, so that all before it has come, if it comes.
    Spec last = packet_of(a.frontend, a.api, net::kUdp, kDns);
    const Parts whole = parts_of(last, 8, 'z');
    last.payload.resize(8);
    Bytes frame = packet::build(last);
    std::copy(whole.whole.begin(), whole.whole.end(),
              frame.end() - static_cast<ptrdiff_t>(whole.whole.size()));
    send(frame);
    std::string heard;
    while (heard.find('z') == std::string::npos) {
      char got[128];
      ASSERT_TRUE(readable(dns.get(), kComes)) << "heard so far: " << heard;
      const ssize_t size = ::recv(dns.get(), got, sizeof got, 0);
      ASSERT_GT(size, 0);
      heard += got[0];
    }
    EXPECT_TRUE(heard == "pz" || heard == "ppz")
        << heard << ": the whole one, and none that was written over";
    EXPECT_FALSE(readable(other.get(), 0)) << "never";
  }
}

TEST_F(LiveAttacks, NobodyElsesSource) {
  const OneProcessor one;
  const uint64_t not_own = drops("source_not_own", "egress");
  uint64_t tried = 0;
  const auto as = [&](const net::Ip& source, const net::Ip& api, net::Protocol protocol) {
    attempt(false, "as " + source.to_text(), packet_of(source, api, protocol, kDns));
    ++tried;
  };
  for (const Addresses& a : {four_, six_})
    for (const net::Ip& source : {a.frontend, a.node, a.foreign, a.api})
      for (net::Protocol protocol : {net::kUdp, net::kTcp, a.icmp}) as(source, a.api, protocol);
  for (const char* source : {"127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.1"})
    as(at(source), four_.api, net::kUdp);
  for (const char* source : {"::1", "::", "ff02::1", "::ffff:10.244.1.21"})
    as(at(source), six_.api, net::kUdp);
  expect_attempts("in others' names");
  expect_drops("source_not_own", "egress", not_own, tried, "");
}

// The node refuses to go on from a source route, and the api judges by the header.
TEST_F(LiveAttacks, SourceRouting) {
  const OneProcessor one;
  for (const char* forwarding : {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"})
    ASSERT_TRUE(lab::write_sysctl(forwarding, "1"));
  const uint64_t no_rule = drops("no_rule", "ingress");
  const auto loose = [&](const net::Ip& to, const net::Ip& next) {
    Spec spec = packet_of(four_.attacker, to, net::kUdp, kDns);
    spec.ipv4_option_words = 2;
    spec.payload = mark();
    Bytes frame = packet::build(spec);
    const uint8_t head[] = {131, 7, 4};  // RFC 791 3.1
    std::copy(std::begin(head), std::end(head), frame.begin() + 34);
    std::copy(next.bytes().begin(), next.bytes().end(), frame.begin() + 37);
    frame[41] = 0;
    set_header_checksum(frame);
    return std::pair(frame, spec.payload);
  };
  Spec plain = packet_of(four_.attacker, four_.api, net::kUdp, kDns);
  ASSERT_TRUE(attacker_->send(packet::build(plain), way_to_node()));
  expect_drops("no_rule", "ingress", no_rule, 1,
               "without a source route the node goes on, and the api denies");
  ASSERT_TRUE(attacker_->send(loose(four_.node, four_.api).first, way_to_node()));
  Bytes six = packet::build(packet_of(six_.attacker, six_.node, net::kUdp, kDns));
  Bytes header = {17, 2, 4, 1, 0, 0, 0, 0};  // RFC 8754: one segment left
  header.insert(header.end(), six_.api.bytes().begin(), six_.api.bytes().end());
  six[20] = 43;
  six[19] = static_cast<uint8_t>(six[19] + header.size());
  six.insert(six.begin() + 54, header.begin(), header.end());
  ASSERT_TRUE(attacker_->send(six, way_to_node()));
  const auto [named, named_mark] = loose(four_.api, four_.frontend);
  attempt(false, "with a friend in it", named, named_mark);
  expect_attempts("source routes");
  expect_drops("no_rule", "ingress", no_rule, 2, "none by way of the node, and the one that names a friend");
  for (const char* forwarding : {"net/ipv4/ip_forward", "net/ipv6/conf/all/forwarding"})
    EXPECT_TRUE(lab::write_sysctl(forwarding, "0"));
}

}  // namespace
}  // namespace sluice::live
