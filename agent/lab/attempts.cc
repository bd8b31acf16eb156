#include "agent/lab/attempts.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;
using base::Status;

constexpr int kBacklog = 4096;
constexpr uint64_t kListenerBit = uint64_t{1} << 63;  // of an epoll number: a listener's, not a connection's

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

SocketAddress socket_address(const net::Ip& ip, uint16_t port_network) {
  SocketAddress address;
  if (ip.family() == net::Family::kIpv4) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address.storage);
    v4.sin_family = AF_INET;
    v4.sin_port = port_network;
    std::memcpy(&v4.sin_addr, ip.bytes().data(), sizeof(v4.sin_addr));
    address.size = sizeof(v4);
  } else {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address.storage);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = port_network;
    std::memcpy(&v6.sin6_addr, ip.bytes().data(), sizeof(v6.sin6_addr));
    address.size = sizeof(v6);
  }
  return address;
}

bool is_datagram(net::Protocol protocol) {
  return protocol == net::kUdp;
}

// Sends every waiting datagram back to where it came from.
void echo(int fd) {
  char bytes[64];
  sockaddr_storage from{};
  for (int i = 0; i < kBacklog; ++i) {
    socklen_t size = sizeof(from);
    const ssize_t got =
        ::recvfrom(fd, bytes, sizeof(bytes), MSG_DONTWAIT, reinterpret_cast<sockaddr*>(&from), &size);
    if (got < 0) return;
    ::sendto(fd, bytes, static_cast<size_t>(got), MSG_DONTWAIT | MSG_NOSIGNAL,
             reinterpret_cast<sockaddr*>(&from), size);
  }
}

}  // namespace

Result<Attempts> Attempts::open(net::Protocol protocol, net::Port port) {
  if (!protocol.has_ports())
    return Error("probe: " + protocol.to_text() + " has no ports; use TCP, UDP or SCTP");
  base::Fd trial(::socket(AF_INET, (is_datagram(protocol) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC,
                          protocol.number()));
  if (!trial.valid() && (errno == EPROTONOSUPPORT || errno == ESOCKTNOSUPPORT))
    return Error("probe: this kernel has no " + protocol.to_text() + "; load its module or probe TCP or UDP");
  base::Fd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Error::from_errno(errno, "probe: epoll");
  return Attempts(protocol, port, std::move(epoll));
}

Status Attempts::watch(int fd, uint32_t events, uint64_t number) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = number;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
    return Error::from_errno(errno, "probe: epoll_ctl");
  return base::done();
}

// Bound to `local`; the error's code is the errno.
Result<base::Fd> Attempts::make_socket(const net::Ip& local, uint16_t port) const {
  const int domain = local.family() == net::Family::kIpv4 ? AF_INET : AF_INET6;
  const int type = (is_datagram(protocol_) ? SOCK_DGRAM : SOCK_STREAM) | SOCK_NONBLOCK | SOCK_CLOEXEC;
  base::Fd fd(::socket(domain, type, protocol_.number()));
  if (!fd.valid()) return Error::from_errno(errno, "make a socket");
  const int on = 1;
  const linger reset{.l_onoff = 1, .l_linger = 0};
  if (!is_datagram(protocol_)) {
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
  }
  const SocketAddress address = socket_address(local, port);
  if (::bind(fd.get(), address.get(), address.size) != 0)
    return Error::from_errno(errno, "bind to " + local.to_text());
  return fd;
}

Result<base::Fd> Attempts::make_listener(const net::Ip& ip) const {
  auto fd = make_socket(ip, port_.network());
  const bool bound = fd.ok();
  if (bound && (is_datagram(protocol_) || ::listen(fd->get(), kBacklog) == 0)) return fd;
  const int code = bound ? errno : fd.error().code();
  if (code == EADDRINUSE && !is_datagram(protocol_)) return base::Fd();  // somebody listens there already
  return Error::from_errno(code, "listen on " + ip.to_text() + " " + protocol_.to_text() + " port " +
                                     std::to_string(port_.host()));
}

Status Attempts::listen(const endpoint::Netns& netns, const net::Ip& ip) {
  auto fd = endpoint::within(netns, [&] { return make_listener(ip); });
  if (!fd) return fd.error();
  if (!fd->valid()) return base::done();
  // A stream's handshake needs nobody to accept it; a datagram needs an answer.
  if (is_datagram(protocol_))
    if (auto watched = watch(fd->get(), EPOLLIN, kListenerBit | listeners_.size()); !watched) return watched;
  listeners_.push_back(std::move(*fd));
  return base::done();
}

Status Attempts::start(const endpoint::Netns& netns, const std::vector<Flow>& flows) {
  return endpoint::within(netns, [&]() -> Status {
    for (const Flow& flow : flows)
      if (auto begun = begin(flow); !begun) return begun;
    return base::done();
  });
}

Status Attempts::begin(const Flow& flow) {
  auto fd = make_socket(flow.source, 0);
  if (!fd) return fd.error();
  const uint64_t number = started_.size();
  const SocketAddress to = socket_address(flow.destination, port_.network());
  bool failed = ::connect(fd->get(), to.get(), to.size) != 0 && errno != EINPROGRESS;
  if (!failed && is_datagram(protocol_))
    failed = ::send(fd->get(), &number, sizeof(number), MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
  if (!failed)
    if (auto watched = watch(fd->get(), is_datagram(protocol_) ? EPOLLIN : EPOLLOUT, number); !watched)
      return watched;
  started_.push_back({flow, std::move(*fd), failed ? Started::State::kFailed : Started::State::kWaiting});
  return base::done();
}

void Attempts::on_event(uint64_t number) {
  if ((number & kListenerBit) != 0) return echo(listeners_[number & ~kListenerBit].get());
  Started& started = started_[number];
  bool open = false;
  if (is_datagram(protocol_)) {
    uint64_t answer = 0;
    open =
        ::recv(started.fd.get(), &answer, sizeof(answer), MSG_DONTWAIT) == sizeof(answer) && answer == number;
  } else {
    int failure = 0;
    socklen_t size = sizeof(failure);
    open = ::getsockopt(started.fd.get(), SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
  }
  started.state = open ? Started::State::kOpen : Started::State::kFailed;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, started.fd.get(), nullptr);
}

Result<std::vector<Flow>> Attempts::finish(std::chrono::milliseconds timeout) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + timeout;
  epoll_event events[256];
  while (std::ranges::count(started_, Started::State::kWaiting, &Started::state) > 0) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    const int ready = left <= 0 ? 0 : ::epoll_wait(epoll_.get(), events, 256, static_cast<int>(left));
    if (ready < 0 && errno != EINTR) return Error::from_errno(errno, "probe: epoll_wait");
    if (ready == 0) break;
    for (int i = 0; i < ready; ++i) on_event(events[i].data.u64);
  }
  std::vector<Flow> open;
  for (const Started& started : started_)
    if (started.state == Started::State::kOpen) open.push_back(started.flow);
  started_.clear();
  return open;
}

}  // namespace sluice::lab
