// Sockets of a pod's network namespace, and the addresses that they take.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>
#include <string>

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

inline sockaddr_in sockaddr_of(const net::Ip& ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::memcpy(&address.sin_addr, ip.bytes().data(), sizeof address.sin_addr);
  return address;
}

}  // namespace sluice::live
