// Stream: one TCP connection between two namespaces that counts. Every send() carries the next number, every
// number must arrive in order. Bounded in time by its caller's deadlines.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>

#include "agent/base/fd.h"
#include "agent/endpoint/netns.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::live {

struct SocketAt {
  net::Ip ip;
  uint16_t port = 0;
};

class Stream {
 public:
  // Opens it, or says why it did not open in time.
  static base::Result<Stream> open(const std::string& from_netns, const std::string& to_netns,
                                   const net::Ip& to, uint16_t port) {
    return open(from_netns, to_netns, {to, port}, {to, port});
  }
  // The same through a node that rewrites what is called to what listens.
  static base::Result<Stream> open(const std::string& from_netns, const std::string& to_netns,
                                   const SocketAt& called, const SocketAt& listening,
                                   int milliseconds = 2000) {
    auto from = endpoint::Netns::open(from_netns), far = endpoint::Netns::open(to_netns);
    if (!from) return from.error();
    if (!far) return far.error();
    const auto address = sockaddr_of(listening), far_address = sockaddr_of(called);
    auto listener = endpoint::within(*far, [&]() -> base::Result<std::shared_ptr<base::Fd>> {
      auto fd = std::make_shared<base::Fd>(::socket(address.first.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
      int on = 1;
      ::setsockopt(fd->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
      if (::bind(fd->get(), reinterpret_cast<const sockaddr*>(&address.first), address.second) != 0 ||
          ::listen(fd->get(), 1) != 0)
        return base::Error::from_errno(errno, "listen");
      return fd;
    });
    if (!listener) return listener.error();
    Stream stream;
    auto client = endpoint::within(*from, [&]() -> base::Result<std::shared_ptr<base::Fd>> {
      return std::make_shared<base::Fd>(
          ::socket(address.first.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    });
    if (!client) return client.error();
    stream.near_ = std::move(**client);
    ::connect(stream.near_.get(), reinterpret_cast<const sockaddr*>(&far_address.first), far_address.second);
    if (!ready((*listener)->get(), POLLIN, milliseconds)) return base::Error("the connection did not open");
    stream.far_ = base::Fd(::accept((*listener)->get(), nullptr, nullptr));
    if (!ready(stream.near_.get(), POLLOUT, milliseconds)) return base::Error("the connection did not open");
    return stream;
  }

  // Sends the next number and waits for it to arrive; false where it has not within `milliseconds` (TCP goes
  // on trying, so a later call may see it).
  bool beat(int milliseconds) {
    if (sent_ == arrived_) {
      uint64_t number = sent_ + 1;
      if (::send(near_.get(), &number, sizeof(number), MSG_NOSIGNAL) != sizeof(number)) return false;
      ++sent_;
    }
    if (!ready(far_.get(), POLLIN, milliseconds)) return false;
    uint64_t number = 0;
    if (::recv(far_.get(), &number, sizeof(number), MSG_WAITALL) != sizeof(number) || number != arrived_ + 1)
      return false;
    ++arrived_;
    return true;
  }
  // The other way: the end that was called sends, and the caller waits for it; as beat().
  bool answer(int milliseconds) {
    const char byte = 1;
    if (::send(far_.get(), &byte, 1, MSG_NOSIGNAL) != 1 || !ready(near_.get(), POLLIN, milliseconds))
      return false;
    char got = 0;
    return ::recv(near_.get(), &got, 1, 0) == 1 && got == byte;
  }
  uint64_t arrived() const { return arrived_; }
  net::Port near_port() const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(near_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    // The port stands at the same place in sockaddr_in and sockaddr_in6.
    return net::Port::from_network(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }

 private:
  static bool ready(int fd, short events, int milliseconds) {
    pollfd poll{fd, events, 0};
    return ::poll(&poll, 1, milliseconds) == 1 && (poll.revents & (POLLERR | POLLHUP)) == 0;
  }
  static std::pair<sockaddr_storage, socklen_t> sockaddr_of(const SocketAt& at) {
    const net::Ip& ip = at.ip;
    const uint16_t port = at.port;
    sockaddr_storage storage{};
    if (ip.family() == net::Family::kIpv4) {
      auto* v4 = reinterpret_cast<sockaddr_in*>(&storage);
      v4->sin_family = AF_INET;
      v4->sin_port = htons(port);
      std::copy(ip.bytes().begin(), ip.bytes().end(), reinterpret_cast<uint8_t*>(&v4->sin_addr));
      return {storage, sizeof(*v4)};
    }
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    std::copy(ip.bytes().begin(), ip.bytes().end(), reinterpret_cast<uint8_t*>(&v6->sin6_addr));
    return {storage, sizeof(*v6)};
  }

  base::Fd near_, far_;
  uint64_t sent_ = 0, arrived_ = 0;
};

}  // namespace sluice::live
