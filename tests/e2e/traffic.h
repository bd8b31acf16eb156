// Traffic between pods that counts what arrives: Hammer sends datagrams without a pause, Capture sees every
// packet that reaches an interface of a namespace, also one that is made later and has no address yet, or
// every one that the namespace's kernel takes.
#pragma once

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>

#include <atomic>
#include <cstring>
#include <map>
#include <string>
#include <thread>

#include "tests/live/netns_socket.h"

namespace sluice::e2e {

// Datagrams a millisecond.
inline constexpr int kBurst = 16;

// UDP datagrams from a namespace to an address, from construction until destruction. What cannot be sent
// (there is no interface yet) is tried again.
class Hammer {
 public:
  Hammer(const std::string& netns, const net::Ip& to, uint16_t port) {
    auto fd = live::socket_in(netns, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    if (!fd) return;
    thread_ = std::thread([this, fd = std::move(*fd), address = live::SocketAddress({to, port})] {
      const char byte = 'x';
      while (!stop_) {
        for (int i = 0; i < kBurst; ++i)
          if (::sendto(fd.get(), &byte, 1, 0, address.get(), address.size()) == 1) ++sent_;
        ::poll(nullptr, 0, 1);  // the machine's few cores are for the programs under test too
      }
    });
  }
  Hammer(const Hammer&) = delete;
  Hammer& operator=(const Hammer&) = delete;
  ~Hammer() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
  }
  uint64_t sent() const { return sent_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<uint64_t> sent_ = 0;
  std::thread thread_;
};

// One datagram.
inline bool send_one(const std::string& netns, const net::Ip& to, uint16_t port) {
  const auto fd = live::socket_in(netns, AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
  const live::SocketAddress address({to, port});
  const char byte = 'x';
  return fd && ::sendto(fd->get(), &byte, 1, 0, address.get(), address.size()) == 1;
}

enum class Where {
  kInterfaces,  // of a namespace, any of them; a gate inside it comes later (agent/endpoint/gate.h)
  kSockets,     // what its kernel hands on to any socket, bound to whatever port
};

// Every IPv4 UDP datagram that arrives, by source and destination port; at interfaces every other packet too,
// as of port 0.
class Capture {
 public:
  explicit Capture(const std::string& netns, Where where = Where::kInterfaces) : where_(where) {
    auto fd = where == Where::kInterfaces
                  ? live::socket_in(netns, AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK, htons(ETH_P_IP))
                  : live::socket_in(netns, AF_INET, SOCK_RAW | SOCK_NONBLOCK, IPPROTO_UDP);
    if (!fd) return;
    fd_ = std::move(*fd);
    const int bytes = 32 << 20;
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes);
  }
  bool sound() const { return fd_.valid(); }

  // How many came so far, from this address to this port; nothing is lost while this is asked now and then.
  uint64_t arrived(const net::Ip& from, uint16_t port) {
    drain();
    return seen_[{from, port}];
  }
  // To whatever port, and what has none.
  uint64_t arrived_from(const net::Ip& from) {
    drain();
    uint64_t sum = 0;
    for (const auto& [what, count] : seen_)
      if (what.first == from) sum += count;
    return sum;
  }
  // From whomever.
  uint64_t arrived_at(uint16_t port) {
    drain();
    uint64_t sum = 0;
    for (const auto& [what, count] : seen_)
      if (what.second == port) sum += count;
    return sum;
  }
  // What the kernel could not keep for us: then the counts say too little.
  uint64_t lost() {
    if (where_ == Where::kSockets) return 0;  // that kernel does not say; its buffer is large
    tpacket_stats stats{};
    socklen_t size = sizeof stats;
    if (::getsockopt(fd_.get(), SOL_PACKET, PACKET_STATISTICS, &stats, &size) == 0) lost_ += stats.tp_drops;
    return lost_;
  }

 private:
  void drain() {
    char bytes[64];
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    for (ssize_t got; (got = ::recvfrom(fd_.get(), bytes, sizeof bytes, 0, reinterpret_cast<sockaddr*>(&from),
                                        &size)) >= 0;) {
      const auto& frame = reinterpret_cast<const sockaddr_ll&>(from);
      if (where_ == Where::kInterfaces && frame.sll_pkttype == PACKET_OUTGOING) continue;
      count(bytes, static_cast<size_t>(got));
    }
  }

  void count(const char* bytes, size_t size) {
    iphdr ip;
    if (size < sizeof ip) return;
    std::memcpy(&ip, bytes, sizeof ip);
    const size_t at = size_t{ip.ihl} * 4;
    udphdr udp{};
    if (ip.protocol == IPPROTO_UDP && size >= at + sizeof udp) std::memcpy(&udp, bytes + at, sizeof udp);
    char text[INET_ADDRSTRLEN];
    ::inet_ntop(AF_INET, &ip.saddr, text, sizeof text);
    ++seen_[{net::Ip::parse(text).value(), ntohs(udp.dest)}];
  }

  Where where_;
  base::Fd fd_;
  std::map<std::pair<net::Ip, uint16_t>, uint64_t> seen_;
  uint64_t lost_ = 0;
};

}  // namespace sluice::e2e
