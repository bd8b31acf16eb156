// RawWire: a pod's eth0 as one uses it who may open raw sockets: whole frames out, and every frame that comes in, whoever
// it is for. One thread. Needs root.
#pragma once

#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "agent/packet/build.h"
#include "tests/live/netns_socket.h"

namespace sluice::live {

using Bytes = packet::Bytes;
using MacAddress = std::array<uint8_t, ETH_ALEN>;

// Of an interface of the namespace that the socket is of.
inline base::Result<MacAddress> mac_of(const std::string& interface, int socket) {
  ifreq request{};
  interface.copy(request.ifr_name, sizeof request.ifr_name - 1);
  if (::ioctl(socket, SIOCGIFHWADDR, &request) != 0)
    return base::Error::from_errno(errno, "ask for the address of " + interface);
  MacAddress mac{};
  std::memcpy(mac.data(), request.ifr_hwaddr.sa_data, mac.size());
  return mac;
}
// Of this namespace.
inline base::Result<MacAddress> mac_of(const std::string& interface) {
  const base::Fd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  return mac_of(interface, socket.get());
}

class RawWire {
 public:
  // Of a namespace's file.
  static base::Result<RawWire> open(const std::string& netns) {
    auto fd = socket_in(netns, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL));
    if (!fd) return fd.error();
    RawWire wire(std::move(*fd));
    ifreq request{};
    std::strcpy(request.ifr_name, "eth0");
    auto mac = mac_of("eth0", wire.fd_.get());
    if (!mac) return mac.error();
    wire.mac_ = *mac;
    if (::ioctl(wire.fd_.get(), SIOCGIFINDEX, &request) != 0)
      return base::Error::from_errno(errno, "ask for eth0's index");
    sockaddr_ll at{};
    at.sll_family = AF_PACKET;
    at.sll_protocol = htons(ETH_P_ALL);
    at.sll_ifindex = request.ifr_ifindex;
    if (::bind(wire.fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
      return base::Error::from_errno(errno, "bind to eth0");
    constexpr int kRoom = 8 << 20;
    ::setsockopt(wire.fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kRoom, sizeof kRoom);
    return wire;
  }

  const MacAddress& mac() const { return mac_; }
  // With these two addresses in its Ethernet header.
  bool send(Bytes frame, const MacAddress& to) const {
    std::copy(to.begin(), to.end(), frame.begin());
    std::copy(mac_.begin(), mac_.end(), frame.begin() + ETH_ALEN);
    return ::send(fd_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
  }
  // The next frame that comes in; empty where none does in time.
  Bytes next(int milliseconds) const {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now())
              .count();
      if (left < 0 || !readable(fd_.get(), static_cast<int>(left))) return {};
      Bytes frame(1 << 17);
      sockaddr_ll from{};
      socklen_t size = sizeof from;
      const ssize_t got =
          ::recvfrom(fd_.get(), frame.data(), frame.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
      if (got <= 0 || from.sll_pkttype == PACKET_OUTGOING) continue;
      frame.resize(static_cast<size_t>(got));
      return frame;
    }
  }

 private:
  explicit RawWire(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
  MacAddress mac_{};
};

inline bool holds(const Bytes& frame, const Bytes& part) {
  return std::search(frame.begin(), frame.end(), part.begin(), part.end()) != frame.end();
}

// What this thread sends meanwhile goes its way in that order: all of it passes the same processor's queue.
class OneProcessor {
 public:
  OneProcessor() {
    ::sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<size_t>(::sched_getcpu()), &one);
    ::sched_setaffinity(0, sizeof one, &one);
  }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;
  ~OneProcessor() { ::sched_setaffinity(0, sizeof before_, &before_); }

 private:
  cpu_set_t before_{};
};

}  // namespace sluice::live
