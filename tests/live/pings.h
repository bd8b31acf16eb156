// Pings: packets that a pod makes by hand, as whoever holds CAP_NET_RAW may: UDP in anybody's name, and
// echoes with an identifier of choice. Each call makes its sockets and waits for its answer itself. Needs
// root.
#pragma once

#include <string>

#include "agent/packet/build.h"
#include "tests/live/netns_socket.h"

namespace sluice::live {

// Does a datagram that `from` sends to `to` at `address`, with `source` in its header, arrive? IPv4.
inline base::Result<bool> datagram_arrives(const std::string& from, const std::string& to,
                                           const net::Ip& source, const net::Ip& address, uint16_t port,
                                           int milliseconds) {
  auto receiver = socket_in("/run/netns/" + to, AF_INET, SOCK_DGRAM, 0);
  if (!receiver) return receiver.error();
  const SocketAddress at({address, port});
  if (::bind(receiver->get(), at.get(), at.size()) != 0)
    return base::Error::from_errno(errno, "bind in " + to);
  auto sender = socket_in("/run/netns/" + from, AF_INET, SOCK_RAW, IPPROTO_RAW);
  if (!sender) return sender.error();
  packet::Spec spec = packet::opening(source, address, net::kUdp, net::Port::from_host(port));
  spec.payload = {1};
  const packet::Bytes bytes = packet::build_ip(spec);
  if (::sendto(sender->get(), bytes.data(), bytes.size(), 0, at.get(), at.size()) !=
      static_cast<ssize_t>(bytes.size()))
    return base::Error::from_errno(errno, "send from " + from);
  return readable(receiver->get(), milliseconds);
}

// Is an echo request that `from` sends answered? Link-local addresses are those of its eth0.
inline base::Result<bool> is_answered(const std::string& from, const net::Ip& to, uint16_t identifier,
                                      int milliseconds) {
  const bool v4 = to.family() == net::Family::kIpv4;
  const SocketAddress at({to, 0});
  auto fd =
      socket_in("/run/netns/" + from, at.family(), SOCK_RAW, v4 ? int{IPPROTO_ICMP} : int{IPPROTO_ICMPV6});
  if (!fd) return fd.error();
  if (::setsockopt(fd->get(), SOL_SOCKET, SO_BINDTODEVICE, "eth0", sizeof "eth0") != 0)
    return base::Error::from_errno(errno, "bind to eth0 of " + from);
  // Type, code, checksum (the kernel's to make for ICMPv6), identifier, sequence.
  uint16_t words[4] = {htons(static_cast<uint16_t>((v4 ? 8 : 128) << 8)), 0, htons(identifier), htons(1)};
  uint32_t sum = 0;
  for (const uint16_t word : words) sum += ntohs(word);
  if (v4) words[1] = htons(static_cast<uint16_t>(~(sum + (sum >> 16))));
  if (::sendto(fd->get(), words, sizeof words, 0, at.get(), at.size()) != sizeof words)
    return base::Error::from_errno(errno, "ping from " + from);
  for (int left = milliseconds; left > 0; left -= 10) {
    if (!readable(fd->get(), 10)) continue;
    uint8_t got[256];
    const ssize_t size = ::recv(fd->get(), got, sizeof got, 0);
    const ssize_t header = v4 && size > 0 ? (got[0] & 15) * 4 : 0;
    if (size < header + 8 || got[header] != (v4 ? 0 : 129)) continue;
    if ((got[header + 4] << 8 | got[header + 5]) == identifier) return true;
  }
  return false;
}

}  // namespace sluice::live
