#include "tests/unit/kernel/world.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ether.h>
#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <fstream>

#include "agent/kernel/attach/attach.h"

namespace sluice::kernel::testing {
namespace {

bool enter_world() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return false;
  if (::mount("bpf", "/sys/fs/bpf", "bpf", 0, "mode=0700") != 0) return false;
  // No neighbour discovery of the kernel's own between the packets that a test counts.
  std::ofstream("/proc/sys/net/ipv6/conf/default/disable_ipv6") << 1;
  return run("ip link set lo up") == 0;
}

bpf_insn instruction(int code, int to, int from, int offset, int32_t immediate) {
  bpf_insn made{};
  made.code = static_cast<uint8_t>(code);
  made.dst_reg = static_cast<uint8_t>(to) & 0xf;
  made.src_reg = static_cast<uint8_t>(from) & 0xf;
  made.off = static_cast<int16_t>(offset);
  made.imm = immediate;
  return made;
}

uint16_t checksum(const uint8_t* bytes, size_t size) {
  uint32_t sum = 0;
  for (size_t i = 0; i < size; i += 2) sum += static_cast<uint32_t>(bytes[i] << 8 | bytes[i + 1]);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<uint16_t>(~sum));
}

}  // namespace

void KernelTest::SetUp() {
  static const bool entered = enter_world();
  if (!entered) GTEST_SKIP() << "needs root and namespaces";
}

void KernelTest::TearDown() {
  if (std::filesystem::exists(kPinDir)) EXPECT_OK(attach::detach_all(kPinDir));
}

LoadOptions small_private() {
  LoadOptions options;
  options.max_entries = {{SLUICE_MAP_FLOWS4, 64}, {SLUICE_MAP_FLOWS6, 64},   {SLUICE_MAP_FRAGMENTS, 64},
                         {SLUICE_MAP_RULES, 8},   {SLUICE_MAP_PREFIXES4, 4}, {SLUICE_MAP_ENDPOINTS, 16},
                         {SLUICE_MAP_STATS, 16}};
  return options;
}

LoadOptions small_pinned() {
  LoadOptions options = small_private();
  options.pin_dir = kPinDir;
  return options;
}

const Programs& shared_private() {
  static const Programs programs = must(load(small_private()));
  return programs;
}

const Programs& shared_pinned() {
  static const Programs programs = [] {
    LoadOptions options = small_private();
    options.pin_dir = kSharedPinDir;
    return must(load(options));
  }();
  return programs;
}

bool eventually(const std::function<bool()>& holds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!holds()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::sched_yield();
  }
  return true;
}

Veth::Veth() {
  static int count = 0;
  host_name_ = "host" + std::to_string(count);
  pod_name_ = "pod" + std::to_string(count++);
  EXPECT_EQ(run("ip link add " + host_name_ + " type veth peer name " + pod_name_), 0);
  EXPECT_EQ(run("ip link set " + host_name_ + " up"), 0);
  EXPECT_EQ(run("ip link set " + pod_name_ + " up"), 0);
  host_ = ::if_nametoindex(host_name_.c_str());
  pod_ = ::if_nametoindex(pod_name_.c_str());
}

Veth::~Veth() {
  remove();
}

void Veth::remove() {
  if (host_ != 0) {
    EXPECT_EQ(run("ip link del " + host_name_), 0);
  }
  host_ = 0;
}

void Veth::send(sluice_direction direction, const std::vector<uint8_t>& frame) const {
  const base::Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);
  to.sll_ifindex = static_cast<int>(direction == SLUICE_EGRESS ? pod_ : host_);
  // A frame that the program drops on its way out gives ENOBUFS; what matters is what the programs saw.
  const auto sent =
      ::sendto(socket.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&to), sizeof to);
  EXPECT_TRUE(sent > 0 || errno == ENOBUFS) << std::strerror(errno);
}

std::vector<uint8_t> syn(sluice_direction direction, uint16_t port) {
  const bool out = direction == SLUICE_EGRESS;
  ether_header ethernet{};
  std::memset(ethernet.ether_dhost, out ? 2 : 4, 6);
  std::memset(ethernet.ether_shost, out ? 4 : 2, 6);
  ethernet.ether_type = htons(ETHERTYPE_IP);
  iphdr ip{};
  ip.version = 4;
  ip.ihl = 5;
  ip.tot_len = htons(sizeof(iphdr) + sizeof(tcphdr));
  ip.ttl = 64;
  ip.protocol = IPPROTO_TCP;
  ip.saddr = ::inet_addr(out ? "10.0.0.1" : "10.0.0.2");
  ip.daddr = ::inet_addr(out ? "10.0.0.2" : "10.0.0.1");
  ip.check = checksum(reinterpret_cast<const uint8_t*>(&ip), sizeof ip);
  tcphdr tcp{};
  tcp.source = htons(40000);
  tcp.dest = htons(port);
  tcp.doff = 5;
  tcp.syn = 1;
  std::vector<uint8_t> frame(sizeof ethernet + sizeof ip + sizeof tcp);
  std::memcpy(frame.data(), &ethernet, sizeof ethernet);
  std::memcpy(frame.data() + sizeof ethernet, &ip, sizeof ip);
  std::memcpy(frame.data() + sizeof ethernet + sizeof ip, &tcp, sizeof tcp);
  return frame;
}

Foreign::Foreign() {
  map_ =
      base::Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "foreign", sizeof(uint32_t), sizeof(uint64_t), 1, nullptr));
  constexpr int kUnspec = -1;
  const std::vector<bpf_insn> code = {
      instruction(BPF_LD | BPF_DW | BPF_IMM, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, map_.get()),
      instruction(0, 0, 0, 0, 0),
      instruction(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_2, 0, 0, 1),
      instruction(BPF_STX | BPF_DW | BPF_ATOMIC, BPF_REG_1, BPF_REG_2, 0, BPF_ADD),
      instruction(BPF_ALU | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, kUnspec),
      instruction(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  };
  program_ =
      base::Fd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "foreign", "GPL", code.data(), code.size(), nullptr));
  EXPECT_TRUE(program_.valid()) << std::strerror(errno);
}

uint64_t Foreign::seen() const {
  const uint32_t key = 0;
  uint64_t count = 0;
  EXPECT_EQ(bpf_map_lookup_elem(map_.get(), &key, &count), 0);
  return count;
}

int run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str());
}

}  // namespace sluice::kernel::testing
