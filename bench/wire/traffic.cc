#include "bench/wire/traffic.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <fstream>

#include "bench/wire/stopwatch.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {

using base::Error;
using base::Fd;
using base::Result;
using base::Status;

namespace {

constexpr int kDatagramRoom = 128 << 20;  // for every datagram of a sample at once
constexpr int kStreamRoom = 4 << 20;
constexpr int kBacklog = 64;
constexpr timeval kPatience{.tv_sec = 2, .tv_usec = 0};  // a blocked call is a failed sample

sockaddr_in endpoint_of(const net::Ip& ip, uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  std::memcpy(&address.sin_addr, ip.bytes().data(), sizeof(address.sin_addr));
  return address;
}

template <typename T>
bool set(const Fd& fd, int option, const T& value) {
  return ::setsockopt(fd.get(), SOL_SOCKET, option, &value, sizeof(value)) == 0;
}

Result<Fd> bound(int type, const net::Ip& ip, int buffer_option, int room) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, 0));
  const sockaddr_in own = endpoint_of(ip, kPort);
  if (!fd.valid() || !set(fd, SO_REUSEADDR, 1) || !set(fd, buffer_option, room) ||
      !set(fd, SO_RCVTIMEO, kPatience) ||
      ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&own), sizeof(own)) != 0)
    return Error::from_errno(errno, "the receiver's socket");
  return fd;
}

Result<Fd> connected(int type, int protocol, const net::Ip& to) {
  Fd fd(::socket(AF_INET, type | SOCK_CLOEXEC, protocol));
  const sockaddr_in peer = endpoint_of(to, kPort);
  const linger reset{.l_onoff = 1, .l_linger = 0};
  if (!fd.valid() || !set(fd, SO_LINGER, reset) || !set(fd, SO_SNDTIMEO, kPatience) ||
      !set(fd, SO_RCVTIMEO, kPatience) || !set(fd, SO_SNDBUFFORCE, kStreamRoom) ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0)
    return Error::from_errno(errno, "connect to the receiver");
  return fd;
}

}  // namespace

Result<Traffic::Sockets> Traffic::open_sockets(const Site& site) {
  Sockets sockets;
  const net::Ip& to = site.pod(kReceiver).ip;
  auto received = endpoint::within(site.pod(kReceiver).netns, [&]() -> Status {
    auto datagrams = bound(SOCK_DGRAM, to, SO_RCVBUFFORCE, kDatagramRoom);
    if (!datagrams) return datagrams.error();
    auto listener = bound(SOCK_STREAM, to, SO_RCVBUFFORCE, kStreamRoom);
    if (!listener) return listener.error();
    if (::listen(listener->get(), kBacklog) != 0) return Error::from_errno(errno, "listen");
    sockets.datagrams_in = std::move(*datagrams);
    sockets.listener = std::move(*listener);
    return base::done();
  });
  if (!received) return received.error();
  auto sent = endpoint::within(site.pod(kSender).netns, [&]() -> Status {
    auto datagrams = connected(SOCK_DGRAM, 0, to);
    if (!datagrams) return datagrams.error();
    auto raw = connected(SOCK_RAW, IPPROTO_RAW, to);
    if (!raw) return raw.error();
    sockets.datagrams_out = std::move(*datagrams);
    sockets.raw_out = std::move(*raw);
    return base::done();
  });
  if (!sent) return sent.error();
  return sockets;
}

Result<Traffic> Traffic::open(const Site& site) {
  auto sockets = open_sockets(site);
  if (!sockets) return sockets.error();
  return Traffic(site, std::move(*sockets));
}

Result<Fd> Traffic::connect() const {
  return connected(SOCK_STREAM, 0, site_->pod(kReceiver).ip);
}

Result<Fd> Traffic::accept() const {
  Fd fd(::accept4(sockets_.listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!fd.valid()) return Error::from_errno(errno, "accept");
  return fd;
}

Result<bool> cpu_clock_covers_softirqs(Traffic& traffic) {
  constexpr double kMostOfIt = 0.8;
  const auto waited = [] {  // for a CPU, while other programs had it (Documentation/scheduler/sched-stats)
    std::ifstream file("/proc/thread-self/schedstat");
    double ran = 0, waiting = 0;
    file >> ran >> waiting;
    return Nanoseconds(waiting);
  };
  double best = 0;
  for (int i = 0; i < 5; ++i) {
    const Nanoseconds waited_before = waited();
    const Stopwatch watch;
    if (auto sample = traffic.small_packets(); !sample) return sample.error();
    best = std::max(best, (watch.cpu() + waited() - waited_before) / watch.elapsed());
  }
  return best > kMostOfIt;
}

Status stay_on_one_cpu() {
  cpu_set_t allowed, one;
  if (::sched_getaffinity(0, sizeof(allowed), &allowed) != 0)
    return Error::from_errno(errno, "sched_getaffinity");
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &allowed)) --last;
  CPU_ZERO(&one);
  CPU_SET(last, &one);
  if (::sched_setaffinity(0, sizeof(one), &one) != 0) return Error::from_errno(errno, "sched_setaffinity");
  return base::done();
}

}  // namespace sluice::bench::wire
