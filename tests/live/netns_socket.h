// Sockets of a pod's network namespace, and the addresses that they take.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <utility>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/endpoint/netns.h"
#include "agent/net/ip.h"

namespace sluice::live {

// `type` as socket(2) takes it, with its flags. Needs root.
inline base::Result<base::Fd> socket_in(const std::string& path, int family, int type, int protocol) {
  auto netns = endpoint::Netns::open(path);
  if (!netns) return netns.error();
  return endpoint::within(*netns, [&]() -> base::Result<base::Fd> {
    base::Fd fd(::socket(family, type | SOCK_CLOEXEC, protocol));
    if (!fd.valid()) return base::Error::from_errno(errno, "socket in " + path);
    return fd;
  });
}

struct SocketAt {
  net::Ip ip;
  uint16_t port = 0;
};

// A SocketAt as socket calls take it.
class SocketAddress {
 public:
  SocketAddress(const SocketAt& at) {  // NOLINT(google-explicit-constructor): the same in other words
    if (at.ip.family() == net::Family::kIpv4) {
      auto& v4 = reinterpret_cast<sockaddr_in&>(storage_);
      v4.sin_family = AF_INET;
      v4.sin_port = htons(at.port);
      std::memcpy(&v4.sin_addr, at.ip.bytes().data(), sizeof v4.sin_addr);
    } else {
      size_ = sizeof(sockaddr_in6);
      auto& v6 = reinterpret_cast<sockaddr_in6&>(storage_);
      v6.sin6_family = AF_INET6;
      v6.sin6_port = htons(at.port);
      std::memcpy(&v6.sin6_addr, at.ip.bytes().data(), sizeof v6.sin6_addr);
    }
  }
  int family() const { return storage_.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = sizeof(sockaddr_in);
};

inline bool readable(int fd, int milliseconds) {
  pollfd poll{fd, POLLIN, 0};
  return ::poll(&poll, 1, milliseconds) == 1;
}

}  // namespace sluice::live
