// DNS packets through a real interface: of every length, in one piece of memory and in several, and of several
// segments, each whole in the ring.
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <memory>

#include "agent/image/encode.h"
#include "agent/image/placement.h"
#include "agent/kernel/attach/attach.h"
#include "agent/kernel/mapped_array.h"
#include "agent/kernel/maps.h"
#include "tests/kernel/world.h"
#include "tests/unit/kernel/world.h"

namespace sluice::kernel::testing {
namespace {

constexpr uint32_t kMark = 0x5eed;
constexpr size_t kEthernet = sizeof(ether_header);

// From 10.0.0.2 port 53 to 10.0.0.1, `bytes` long with its Ethernet header.
std::vector<uint8_t> answer(uint8_t protocol, size_t bytes) {
  std::vector<uint8_t> frame(bytes);
  for (size_t i = 0; i < bytes; ++i) frame[i] = static_cast<uint8_t>(i * 7 + i / 256);
  ether_header ethernet{{2, 2, 2, 2, 2, 2}, {4, 4, 4, 4, 4, 4}, htons(ETHERTYPE_IP)};
  iphdr ip{};
  ip.version = 4;
  ip.ihl = 5;
  ip.tot_len = htons(static_cast<uint16_t>(bytes - kEthernet));
  ip.ttl = 64;
  ip.protocol = protocol;
  ip.saddr = ::inet_addr("10.0.0.2");
  ip.daddr = ::inet_addr("10.0.0.1");
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(&frame[kEthernet], &ip, sizeof ip);
  if (protocol == IPPROTO_UDP) {
    udphdr udp{};
    udp.source = htons(SLUICE_DNS_PORT);
    udp.dest = htons(40000);
    udp.len = htons(static_cast<uint16_t>(bytes - kEthernet - sizeof ip));
    std::memcpy(&frame[kEthernet + sizeof ip], &udp, sizeof udp);
  } else {
    tcphdr tcp{};
    tcp.source = htons(SLUICE_DNS_PORT);
    tcp.dest = htons(40000);
    tcp.doff = 5;
    tcp.ack = 1;
    std::memcpy(&frame[kEthernet + sizeof ip], &tcp, sizeof tcp);
  }
  return frame;
}

// virtio_net_hdr of <linux/virtio_net.h>, which is no C++.
struct VnetHeader {
  uint8_t flags = 0, gso_type = 0;
  uint16_t hdr_len = 0, gso_size = 0, csum_start = 0, csum_offset = 0;
};
static_assert(sizeof(VnetHeader) == 10);
constexpr uint8_t kNeedsChecksum = 1, kGsoTcp4 = 1;

struct Shape {
  uint16_t linear = 0;    // bytes in the first piece of memory; 0: all, as far as the kernel likes
  uint16_t gso_size = 0;  // of several segments of TCP in one buffer
};

// To the pod, out of the host's end.
void send_to_pod(const Veth& veth, std::vector<uint8_t> frame, const Shape& shape, uint32_t mark) {
  const base::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  const int on = 1;
  ASSERT_EQ(::setsockopt(socket.get(), SOL_PACKET, PACKET_VNET_HDR, &on, sizeof on), 0);
  ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark), 0);
  const int room = 1 << 20;
  ASSERT_EQ(::setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room), 0);
  VnetHeader header;
  header.hdr_len = shape.linear;
  if (shape.gso_size != 0) {
    header.flags = kNeedsChecksum;
    header.gso_type = kGsoTcp4;
    header.gso_size = shape.gso_size;
    header.csum_start = kEthernet + sizeof(iphdr);
    header.csum_offset = 16;
  }
  iovec parts[] = {{&header, sizeof header}, {frame.data(), frame.size()}};
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);
  to.sll_ifindex = static_cast<int>(veth.host());
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = parts;
  message.msg_iovlen = 2;
  // What the program drops on its way out gives ENOBUFS.
  EXPECT_TRUE(::sendmsg(socket.get(), &message, 0) > 0 || errno == ENOBUFS) << std::strerror(errno);
}

// A pod that asks 10.0.0.2, and what the agent would get.
class Listen : public KernelTest {
 protected:
  struct Heard {
    sluice_dns_packet entry{};
    std::vector<uint8_t> frame;
  };

  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    veth_ = std::make_unique<Veth>();
    ASSERT_EQ(run("ip link set " + veth_->host_name() + " mtu 9000"), 0);
    programs_ = std::make_unique<Programs>(must(load(small_private())));
    maps_ = std::make_unique<KernelMaps>(must(KernelMaps::open(*programs_)));
    sluice::testing::World world(sluice::testing::ip("10.0.0.1"), veth_->host());
    world.isolate(SLUICE_EGRESS).names();
    image::Placement placement;
    const auto plan = must(placement.plan(world.image(), image::difference({}, world.image())));
    EXPECT_OK(image::put_in_force(plan, *maps_));
    image::BatchBuilder servers(SLUICE_MAP_DNS_SERVERS);
    servers.put(image::encode_learnt(sluice::testing::ip("10.0.0.2"), sluice::testing::port(SLUICE_DNS_PORT)),
                1U);
    std::vector<image::Batch> batches;
    std::move(servers).finish(batches, batches);
    for (const auto& batch : batches) EXPECT_OK(maps_->write(batch));
    dns_ = std::make_unique<MappedArray<sluice_dns>>(
        must(MappedArray<sluice_dns>::open(programs_->map(SLUICE_MAP_DNS))));
    timespec now{};
    ASSERT_EQ(::clock_gettime(CLOCK_BOOTTIME, &now), 0);
    (*dns_)[0].heartbeat = static_cast<uint64_t>(now.tv_sec + 3600) * 1'000'000'000;
    (*dns_)[0].mark = kMark;
    attacher_ = std::make_unique<attach::Attacher>(
        must(attach::Attacher::create(*programs_, attach::AttachMode::kClsact)));
    EXPECT_OK(attacher_->attach(veth_->host()));
    ring_.reset(ring_buffer__new(programs_->answers_fd(), take, &heard_, nullptr));
    ASSERT_NE(ring_, nullptr);
  }
  void TearDown() override {
    ring_.reset();
    attacher_.reset();
    dns_.reset();
    maps_.reset();
    programs_.reset();
    veth_.reset();
    KernelTest::TearDown();
  }

  // The frame is held, whole.
  void expect_held(const std::vector<uint8_t>& frame, const Shape& shape) {
    heard_.clear();
    send_to_pod(*veth_, frame, shape, 0);
    ASSERT_TRUE(eventually([&] { return ring_buffer__consume(ring_.get()) >= 0 && !heard_.empty(); }))
        << frame.size();
    ASSERT_EQ(heard_.size(), 1u);
    EXPECT_EQ(heard_[0].entry.held, 1);
    EXPECT_EQ(heard_[0].entry.length, frame.size());
    EXPECT_EQ(heard_[0].entry.gso_size, shape.gso_size);
    EXPECT_EQ(heard_[0].entry.ifindex, veth_->host());
    EXPECT_TRUE(heard_[0].frame == frame) << frame.size() << " bytes, " << shape.linear << " linear";
  }

  static int take(void* context, void* data, size_t size) {
    auto& heard = static_cast<std::vector<Heard>*>(context)->emplace_back();
    std::memcpy(&heard.entry, data, sizeof heard.entry);
    const auto* frame = static_cast<const uint8_t*>(data) + sizeof heard.entry;
    heard.frame.assign(frame, frame + std::min<size_t>(heard.entry.length, size - sizeof heard.entry));
    return 0;
  }
  struct FreeRing {
    void operator()(ring_buffer* ring) const noexcept { ring_buffer__free(ring); }
  };

  std::unique_ptr<Veth> veth_;
  std::unique_ptr<Programs> programs_;
  std::unique_ptr<KernelMaps> maps_;
  std::unique_ptr<MappedArray<sluice_dns>> dns_;
  std::unique_ptr<attach::Attacher> attacher_;
  std::vector<Heard> heard_;
  std::unique_ptr<ring_buffer, FreeRing> ring_;
};

TEST_F(Listen, FramesOfEveryLengthAreWholeInTheRing) {
  for (const size_t bytes : {60, 61, 100, 512, 1514, SLUICE_HELD_ANSWER_BYTES - 1, SLUICE_HELD_ANSWER_BYTES,
                             SLUICE_HELD_ANSWER_BYTES + 1, 2048, 4000, 4096, 5000, 8192, 9000, 9014})
    for (const uint16_t linear : {uint16_t{0}, uint16_t{42}, uint16_t{64}})
      for (const uint8_t protocol : {uint8_t{IPPROTO_UDP}, uint8_t{IPPROTO_TCP}})
        expect_held(answer(protocol, bytes), {std::min<uint16_t>(linear, static_cast<uint16_t>(bytes)), 0});
  EXPECT_EQ((*dns_)[0].unheld, 0u);
}

TEST_F(Listen, SeveralSegmentsInOneBufferAreOneEntry) {
  for (const size_t bytes : {3000, 20000, 60014, 65535})
    for (const uint16_t linear : {uint16_t{0}, uint16_t{54}})
      expect_held(answer(IPPROTO_TCP, bytes), {linear, 1448});
  EXPECT_EQ((*dns_)[0].unheld, 0u);
}

TEST_F(Listen, WhatBearsTheAgentsMarkGoesOn) {
  send_to_pod(*veth_, answer(IPPROTO_UDP, 200), {}, kMark);
  send_to_pod(*veth_, answer(IPPROTO_UDP, 9014), {42, 0}, kMark);
  expect_held(answer(IPPROTO_UDP, 300), {});
  EXPECT_EQ((*dns_)[0].unheld, 0u);
}

}  // namespace
}  // namespace sluice::kernel::testing
