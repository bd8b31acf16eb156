// Stream: one TCP connection, or one UDP conversation, between two namespaces that counts. Every send()
// carries the next number, every number must arrive in order. Bounded in time by its caller's deadlines.
#pragma once

#include <netinet/tcp.h>

#include <string>

#include "agent/net/port.h"
#include "tests/live/netns_socket.h"

namespace sluice::live {

class Stream {
 public:
  // Opens it, or says why it did not open in time.
  static base::Result<Stream> open(const std::string& from_netns, const std::string& to_netns,
                                   const net::Ip& to, uint16_t port) {
    return open(from_netns, to_netns, {to, port}, {to, port});
  }
  // The same through a node that rewrites what is called to what listens; `protocol`: kTcp or kUdp.
  static base::Result<Stream> open(const std::string& from_netns, const std::string& to_netns,
                                   const SocketAt& called, const SocketAt& listening, int milliseconds = 2000,
                                   net::Protocol protocol = net::kTcp) {
    const SocketAddress to(called), at(listening);
    const int type = protocol == net::kTcp ? SOCK_STREAM : SOCK_DGRAM;
    auto far = socket_in(to_netns, at.family(), type, 0);
    if (!far) return far.error();
    int on = 1;
    ::setsockopt(far->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (::bind(far->get(), at.get(), at.size()) != 0 ||
        (protocol == net::kTcp && ::listen(far->get(), 1) != 0))
      return base::Error::from_errno(errno, "listen");
    auto near = socket_in(from_netns, to.family(), type | SOCK_NONBLOCK, 0);
    if (!near) return near.error();
    ::connect(near->get(), to.get(), to.size());
    Stream stream(std::move(*near), std::move(*far), protocol == net::kUdp);
    if (!(stream.datagrams_ ? stream.meet(milliseconds) : stream.accept(milliseconds)))
      return base::Error("the connection did not open");
    return stream;
  }

  // Sends the next number and waits for it to arrive; false where it has not within `milliseconds` (TCP goes
  // on trying, so a later call may see it; of UDP that call sends it again).
  bool beat(int milliseconds) {
    if (sent_ == arrived_ || datagrams_) {
      const uint64_t number = arrived_ + 1;
      if (::send(near_.get(), &number, sizeof(number), MSG_NOSIGNAL) != sizeof(number)) return false;
      sent_ = number;
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
  // Segments of a TCP connection that had to be sent again so far, by either end; of UDP none ever is.
  uint32_t sent_again() const {
    uint32_t sum = 0;
    for (const base::Fd* end : {&near_, &far_}) {
      tcp_info info{};
      socklen_t size = sizeof info;
      if (!datagrams_ && ::getsockopt(end->get(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
        sum += info.tcpi_total_retrans;
    }
    return sum;
  }
  net::Port near_port() const {
    sockaddr_storage storage{};
    socklen_t size = sizeof storage;
    ::getsockname(near_.get(), reinterpret_cast<sockaddr*>(&storage), &size);
    // The port stands at the same place in sockaddr_in and sockaddr_in6.
    return net::Port::from_network(reinterpret_cast<const sockaddr_in*>(&storage)->sin_port);
  }

 private:
  Stream(base::Fd near, base::Fd far, bool datagrams)
      : near_(std::move(near)), far_(std::move(far)), datagrams_(datagrams) {}
  static bool ready(int fd, short events, int milliseconds) {
    pollfd poll{fd, events, 0};
    return ::poll(&poll, 1, milliseconds) == 1 && (poll.revents & (POLLERR | POLLHUP)) == 0;
  }
  bool accept(int milliseconds) {
    if (!ready(far_.get(), POLLIN, milliseconds)) return false;
    far_ = base::Fd(::accept(far_.get(), nullptr, nullptr));
    return ready(near_.get(), POLLOUT, milliseconds);
  }
  // The end that is called learns from a first datagram who calls.
  bool meet(int milliseconds) {
    sockaddr_storage caller{};
    socklen_t size = sizeof caller;
    char none = 0;
    return ::send(near_.get(), &none, 0, MSG_NOSIGNAL) == 0 && ready(far_.get(), POLLIN, milliseconds) &&
           ::recvfrom(far_.get(), &none, 1, 0, reinterpret_cast<sockaddr*>(&caller), &size) == 0 &&
           ::connect(far_.get(), reinterpret_cast<const sockaddr*>(&caller), size) == 0;
  }

  base::Fd near_, far_;
  bool datagrams_ = false;
  uint64_t sent_ = 0, arrived_ = 0;
};

}  // namespace sluice::live
