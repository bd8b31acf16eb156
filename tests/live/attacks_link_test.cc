// Live: attacks below IP and around it: tags, tunnels, neighbours, joined segments.
#include "agent/endpoint/netns.h"
#include "tests/live/attacks_fixture.h"

namespace sluice::live {
namespace {

constexpr char kIp[] = "/sbin/ip";

Bytes with_tags(Bytes frame, std::initializer_list<uint16_t> types) {
  size_t place = 12;
  for (const uint16_t type : types) {
    const Bytes tag = {static_cast<uint8_t>(type >> 8), static_cast<uint8_t>(type), 0, 7};
    frame.insert(frame.begin() + static_cast<ptrdiff_t>(place), tag.begin(), tag.end());
    place += tag.size();
  }
  return frame;
}

TEST_F(LiveAttacks, VlanTags) {
  const OneProcessor one;
  const uint64_t no_rule = drops("no_rule", "ingress"), not_ip = drops("not_ip", "ingress"),
                 not_own = drops("source_not_own", "egress");
  for (const Addresses& a : {four_, six_}) {
    const auto tagged = [&](Spec spec, std::initializer_list<uint16_t> types) {
      spec.payload = mark();
      return std::pair(with_tags(packet::build(spec), types), spec.payload);
    };
    const auto [syn, syn_mark] = tagged(packet_of(a.attacker, a.api, net::kTcp, kWeb), {0x8100});
    attempt(false, "a tag", syn, syn_mark);
    const auto [spoofed, spoofed_mark] = tagged(packet_of(a.frontend, a.api, net::kUdp, kDns), {0x8100});
    attempt(false, "a tag, in another's name", spoofed, spoofed_mark);
    const auto [outer, outer_mark] = tagged(packet_of(a.attacker, a.api, net::kTcp, kWeb), {0x88a8});
    attempt(false, "an outer tag", outer, outer_mark);
    const auto [two, two_mark] = tagged(packet_of(a.frontend, a.api, net::kUdp, kDns), {0x88a8, 0x8100});
    attempt(false, "two tags, in another's name", two, two_mark);
    const auto [allowed, allowed_mark] = tagged(packet_of(a.frontend, a.api, net::kUdp, kDns), {0x8100});
    attempt_of_frontend(true, "a tag before what is allowed", allowed, allowed_mark);
  }
  for (const uint16_t type : {uint16_t{0x8847}, uint16_t{0x8864}, uint16_t{0x88cc}, uint16_t{100}}) {
    Spec spec = packet_of(four_.attacker, four_.api, net::kUdp, kDns);
    spec.payload = mark();
    Bytes frame = packet::build(spec);
    frame[12] = static_cast<uint8_t>(type >> 8);
    frame[13] = static_cast<uint8_t>(type);
    attempt(false, "type " + std::to_string(type), frame, spec.payload);
  }
  expect_attempts("tags and types");
  expect_drops("no_rule", "ingress", no_rule, 4U, "one tag: what is behind it is judged");
  expect_drops("source_not_own", "egress", not_own, 2U, "");
  expect_drops("not_ip", "ingress", not_ip, 2U + 4U, "two tags, and what is no IP");
}

// UDP to a VXLAN port, with this packet in it.
Spec in_vxlan(const net::Ip& from, const net::Ip& to, uint16_t port, const Bytes& ip,
              const Bytes& inner_mac) {
  Spec outer = packet::opening(from, to, net::kUdp, net::Port::from_host(port));
  outer.payload = {8, 0, 0, 0, 0, 0, 1, 0};
  outer.payload.insert(outer.payload.end(), inner_mac.begin(), inner_mac.end());
  const Bytes rest = {2, 0, 0, 0, 0, 0x77, 8, 0};
  outer.payload.insert(outer.payload.end(), rest.begin(), rest.end());
  outer.payload.insert(outer.payload.end(), ip.begin(), ip.end());
  return outer;
}

TEST_F(LiveAttacks, Tunnels) {
  const Bytes node_mac = {2, 0, 0, 0, 0, 0x99};
  const auto inside = [&](const Addresses& a) {
    Spec spec = packet_of(a.frontend, a.api, net::kUdp, kDns);
    spec.payload = mark();
    return std::pair(packet::build_ip(spec), spec.payload);
  };
  {
    const OneProcessor one;
    const uint64_t no_rule = drops("no_rule", "ingress");
    uint64_t tried = 0;
    for (const uint8_t protocol : {uint8_t{4}, uint8_t{41}, uint8_t{47}}) {
      const auto [ip, inner_mark] = inside(protocol == 41 ? six_ : four_);
      Spec outer = packet_of(four_.attacker, four_.api, net::Protocol(protocol), 0);
      outer.payload = protocol == 47 ? Bytes{0, 0, 8, 0} : Bytes{};
      outer.payload.insert(outer.payload.end(), ip.begin(), ip.end());
      attempt(false, "protocol " + std::to_string(protocol), packet::build(outer), inner_mark);
      ++tried;
    }
    for (const uint16_t port : {uint16_t{4789}, uint16_t{8472}}) {
      const auto [ip, inner_mark] = inside(four_);
      attempt(false, "VXLAN", packet::build(in_vxlan(four_.attacker, four_.api, port, ip, node_mac)),
              inner_mark);
      ++tried;
    }
    expect_attempts("to the api");
    expect_drops("no_rule", "ingress", no_rule, tried, "");
  }

  // A node that unpacks VXLAN from anybody, as flannel's does.
  if (run({kIp, "link", "add", "slvx0", "type", "vxlan", "id", "1", "dstport", "8472", "nolearning"}) != 0)
    GTEST_SKIP() << "this kernel has no VXLAN: nothing unpacks what is sent to the node";
  ASSERT_EQ(run({kIp, "link", "set", "slvx0", "address", "02:00:00:00:00:99", "up"}), 0);
  for (const auto& [name, value] :
       {std::pair("net/ipv4/conf/slvx0/forwarding", "1"), std::pair("net/ipv4/conf/all/rp_filter", "0"),
        std::pair("net/ipv4/conf/slvx0/rp_filter", "0")})
    ASSERT_TRUE(lab::write_sysctl(name, value)) << name;
  const auto arrives = [&](int milliseconds) {
    const auto [ip, inner_mark] = inside(four_);
    EXPECT_TRUE(attacker_->send(packet::build(in_vxlan(four_.attacker, four_.node, 8472, ip, node_mac)),
                                way_to_node()));
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (std::chrono::steady_clock::now() < end)
      if (holds(api_->next(milliseconds), inner_mark)) return true;
    return false;
  };
  EXPECT_TRUE(arrives(kComes)) << "not held by itself (docs/reliability.md); if it is now, say so there";
  const uint64_t no_rule = drops("no_rule", "egress");
  node_->write("tunnels.yaml", R"(
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: no-tunnels}
spec:
  tier: Admin
  priority: 0
  subject: {namespaces: {}}
  egress: [{action: Deny, to: [{nodes: {}}], protocols: [{udp: {destinationPort: {number: 8472}}}]}]
)");
  EXPECT_FALSE(arrives(kNothing)) << "the policy that docs/reliability.md names";
  expect_drops("no_rule", "egress", no_rule, 1U, "");
  node_->remove("tunnels.yaml");
  EXPECT_EQ(run({kIp, "link", "delete", "slvx0"}), 0);
}

base::Fd talking(const char* netns, const net::Ip& from, const net::Ip* to, uint16_t port) {
  const SocketAddress own({from, to ? uint16_t{41000} : port});
  auto fd = socket_in(netns, own.family(), SOCK_DGRAM, 0);
  if (!fd || ::bind(fd->get(), own.get(), own.size()) != 0) return {};
  if (!to) return std::move(*fd);
  const SocketAddress other({*to, port});
  return ::connect(fd->get(), other.get(), other.size()) == 0 ? std::move(*fd) : base::Fd();
}
std::string heard_by(const base::Fd& fd, int milliseconds, sockaddr_storage* from = nullptr) {
  char text[64];
  socklen_t size = sizeof *from;
  if (!readable(fd.get(), milliseconds)) return "";
  const ssize_t got =
      ::recvfrom(fd.get(), text, sizeof text, 0, reinterpret_cast<sockaddr*>(from), from ? &size : nullptr);
  return got < 0 ? "" : std::string(text, static_cast<size_t>(got));
}
void say(const base::Fd& fd, const std::string& text) {
  EXPECT_EQ(::send(fd.get(), text.data(), text.size(), 0), static_cast<ssize_t>(text.size()));
}

// ARP's answer, or a neighbour advertisement that overrides: `whose` is at `mac`.
Bytes claim(const net::Ip& whose, const MacAddress& mac, const net::Ip& source, const net::Ip& told) {
  if (whose.family() == net::Family::kIpv4) {
    Bytes frame = packet::arp_request();
    const uint8_t head[] = {0, 1, 8, 0, 6, 4, 0, 2};
    std::copy(std::begin(head), std::end(head), frame.begin() + 14);
    std::copy(mac.begin(), mac.end(), frame.begin() + 22);
    std::copy(whose.bytes().begin(), whose.bytes().end(), frame.begin() + 28);
    std::copy(told.bytes().begin(), told.bytes().end(), frame.begin() + 38);
    return frame;
  }
  Spec spec = packet::opening(source, told, net::kIcmpv6, net::Port());
  spec.icmp_type = 136;
  spec.hop_limit = 255;
  spec.icmp_identifier = 0x6000;
  spec.payload.assign(whose.bytes().begin(), whose.bytes().end());
  spec.payload.insert(spec.payload.end(), {2, 1});
  spec.payload.insert(spec.payload.end(), mac.begin(), mac.end());
  Bytes frame = packet::build(spec), sum(frame.begin() + 22, frame.end());
  const size_t size = frame.size() - 54;
  sum.insert(sum.end(), {0, 0, static_cast<uint8_t>(size >> 8), static_cast<uint8_t>(size), 0, 0, 0, 58});
  uint32_t total = 0;
  for (size_t i = 0; i < sum.size(); ++i) total += i % 2 ? sum[i] : static_cast<uint32_t>(sum[i]) << 8;
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  frame[56] = static_cast<uint8_t>(~total >> 8);
  frame[57] = static_cast<uint8_t>(~total);
  return frame;
}

// A frontend believes the attacker that the api's address is its own. What is held: nobody is answered in the api's
// name. What is not: where the bridge takes the frames.
void expect_no_answer_in_its_name(RawWire& api, RawWire& frontend, RawWire& attacker, const net::Ip& api_ip,
                                  const net::Ip& frontend_ip, const net::Ip& attacker_ip,
                                  const char* api_netns, const char* frontend_netns) {
  constexpr int kSoon = 5000, kTick = 20;  // milliseconds
  const base::Fd server = talking(api_netns, api_ip, nullptr, 53),
                 client = talking(frontend_netns, frontend_ip, &api_ip, 53);
  ASSERT_TRUE(server.valid() && client.valid());
  sockaddr_storage peer{};
  say(client, "before");
  ASSERT_EQ(heard_by(server, kSoon, &peer), "before");

  // The kernel believes it a tick after it heard the other at the earliest.
  bool taken = false;
  for (int tries = 50; tries > 0 && !taken; --tries) {
    ASSERT_TRUE(attacker.send(claim(api_ip, attacker.mac(), attacker_ip, frontend_ip), frontend.mac()));
    const std::string secret = "secret " + std::to_string(tries);
    say(client, secret);
    for (Bytes frame; !taken && !(frame = attacker.next(kTick)).empty();)
      taken = holds(frame, Bytes(secret.begin(), secret.end()));
  }
  ASSERT_TRUE(taken) << "the frontend does not believe the attacker: nothing below means anything";
  while (!heard_by(server, 0).empty()) {
  }
  Spec answer = packet::opening(api_ip, frontend_ip, net::kUdp, net::Port::from_host(41000));
  answer.source_port = net::Port::from_host(53);
  answer.payload = {'f', 'o', 'r', 'g', 'e', 'd'};
  ASSERT_TRUE(attacker.send(packet::build(answer), frontend.mac()));

  bool back = false;
  for (int tries = 50; tries > 0 && !back; --tries) {
    ASSERT_TRUE(api.send(claim(api_ip, api.mac(), api_ip, frontend_ip), frontend.mac()));
    say(client, "after");
    back = heard_by(server, kTick) == "after";
  }
  ASSERT_TRUE(back) << "the frontend does not believe the api";
  ASSERT_EQ(::sendto(server.get(), "answer", 6, 0, reinterpret_cast<const sockaddr*>(&peer),
                     peer.ss_family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)),
            6);
  EXPECT_EQ(heard_by(client, kSoon), "answer") << "the first that it hears is the api's";
}

TEST_F(LiveAttacks, SpoofedNeighbours) {
  const OneProcessor one;
  const auto netns = endpoint::Netns::open(kFrontendNetns);
  ASSERT_TRUE(netns);
  // By ARP the kernel believes another one only after a second, unless it is told to at once.
  ASSERT_TRUE(
      endpoint::within(*netns, [] { return lab::write_sysctl("net/ipv4/neigh/eth0/locktime", "0"); }));
  for (const Addresses& a : {four_, six_}) {
    SCOPED_TRACE(a.api.to_text());
    const uint64_t not_own = drops("source_not_own", "egress");
    expect_no_answer_in_its_name(*api_, *frontend_, *attacker_, a.api, a.frontend, a.attacker, kApiNetns,
                                 kFrontendNetns);
    expect_drops("source_not_own", "egress", not_own, 1, "the answer in the api's name");
  }
}

// Segments that the kernel joins are judged as one, and arrive.
TEST_F(LiveAttacks, LargePackets) {
  constexpr size_t kBytes = 4 << 20, kMoreThanAFrame = 4000;
  const SocketAddress to({four_.api, kWeb});
  auto listening = socket_in(kApiNetns, AF_INET, SOCK_STREAM, 0),
       calling = socket_in(kFrontendNetns, AF_INET, SOCK_STREAM, 0);
  ASSERT_TRUE(listening && calling);
  ASSERT_EQ(::bind(listening->get(), to.get(), to.size()), 0);
  ASSERT_EQ(::listen(listening->get(), 1), 0);
  ASSERT_EQ(::connect(calling->get(), to.get(), to.size()), 0);
  const base::Fd taken(::accept4(listening->get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(taken.valid());
  const Bytes part(1 << 16, 'x');
  Bytes room(1 << 18);
  size_t sent = 0, got = 0, largest = 0;
  while (got < kBytes) {
    if (sent < kBytes)
      if (const ssize_t now = ::send(calling->get(), part.data(), part.size(), MSG_DONTWAIT); now > 0)
        sent += static_cast<size_t>(now);
    if (!readable(taken.get(), kComes)) break;
    const ssize_t now = ::recv(taken.get(), room.data(), room.size(), MSG_DONTWAIT);
    if (now > 0) got += static_cast<size_t>(now);
    for (Bytes frame; !(frame = api_->next(0)).empty();) largest = std::max(largest, frame.size());
  }
  EXPECT_GE(got, kBytes);
  EXPECT_GT(largest, kMoreThanAFrame) << "nothing was joined: this shows nothing";
}

}  // namespace
}  // namespace sluice::live
