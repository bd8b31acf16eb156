// The first packet of an SCTP association, made by hand: whether it arrives can be seen where the kernel has
// no SCTP itself. Its checksum is right, as connection tracking asks. Needs root. Sources: RFC 9260, sections
// 3.1, 3.3.2 and appendix A.
#pragma once

#include <array>
#include <chrono>
#include <string>

#include "tests/live/netns_socket.h"

namespace sluice::live {

namespace detail {

constexpr size_t kSctpHeader = 12, kSctpInit = 20;

inline uint32_t crc32c(const uint8_t* bytes, size_t size) {
  uint32_t crc = ~0U;
  for (size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78U : 0);
  }
  return ~crc;
}

using SctpInit = std::array<uint8_t, kSctpHeader + kSctpInit>;

inline SctpInit sctp_init(uint16_t source_port, uint16_t port, uint32_t tag) {
  SctpInit packet{};
  const auto put = [&packet](size_t at, uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i)
      packet.at(at + static_cast<size_t>(i)) = static_cast<uint8_t>(value >> 8 * (bytes - 1 - i));
  };
  put(0, source_port, 2);
  put(2, port, 2);
  put(12, 1, 1);  // INIT
  put(14, kSctpInit, 2);
  put(16, tag, 4);
  put(20, 65536, 4);  // window
  put(24, 1, 2);      // streams out
  put(26, 1, 2);      // streams in
  put(28, 1, 4);      // first number
  put(8, __builtin_bswap32(crc32c(packet.data(), packet.size())), 4);
  return packet;
}

}  // namespace detail

// Does an INIT with this tag, sent to `called`, arrive at `listening`?
inline base::Result<bool> sctp_init_arrives(const std::string& from_netns, const std::string& to_netns,
                                            const SocketAt& called, const SocketAt& listening, uint32_t tag,
                                            int milliseconds) {
  constexpr uint16_t kSourcePort = 40000;
  const SocketAddress to({called.ip, 0});
  auto receiver = socket_in(to_netns, to.family(), SOCK_RAW, IPPROTO_SCTP);
  if (!receiver) return receiver.error();
  auto sender = socket_in(from_netns, to.family(), SOCK_RAW, IPPROTO_SCTP);
  if (!sender) return sender.error();
  const auto sent = detail::sctp_init(kSourcePort, called.port, tag);
  if (::sendto(sender->get(), sent.data(), sent.size(), 0, to.get(), to.size()) != ssize_t{sent.size()})
    return base::Error::from_errno(errno, "send from " + from_netns);
  const auto late = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
  while (std::chrono::steady_clock::now() < late) {
    if (!readable(receiver->get(), 10)) continue;
    std::array<uint8_t, 256> got{};
    const ssize_t size = ::recv(receiver->get(), got.data(), got.size(), 0);
    const size_t at = to.family() == AF_INET ? (got[0] & 15U) * 4 : 0;  // behind IPv4's header
    if (size < 0 || static_cast<size_t>(size) != at + sent.size()) continue;
    if ((got.at(at + 2) << 8 | got.at(at + 3)) != listening.port) continue;
    if (std::equal(sent.begin() + 12, sent.end(), got.begin() + static_cast<ptrdiff_t>(at) + 12)) return true;
  }
  return false;
}

}  // namespace sluice::live
