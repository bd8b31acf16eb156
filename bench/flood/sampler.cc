#include "bench/flood/sampler.h"

#include <vector>

#include "bench/harness/statistics.h"

namespace sluice::bench::flood {

using base::Error;
using base::Fd;
using base::Result;
using base::Status;

namespace {

using Clock = std::chrono::steady_clock;
constexpr timeval kStall{5, 0};
constexpr int kStallMilliseconds = 5000, kBacklog = 128;
constexpr size_t kWarmUp = 64;

live::SocketAddress called() {
  return live::SocketAt{*net::Ip::parse(kCalled.ip), kPort};
}

// Closing it sends a reset: no port waits.
void reset_on_close(const Fd& fd) {
  const linger now{1, 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

// In the caller's namespace.
Status connect_once(const Fd& listener) {
  const Fd near(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  ::setsockopt(near.get(), SOL_SOCKET, SO_SNDTIMEO, &kStall, sizeof kStall);
  ::setsockopt(near.get(), SOL_SOCKET, SO_RCVTIMEO, &kStall, sizeof kStall);
  const live::SocketAddress to = called();
  if (::connect(near.get(), to.get(), to.size()) != 0)
    return Error::from_errno(errno, "a new connection does not open");
  const Fd far(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  char byte = 1;
  if (::send(far.get(), &byte, 1, MSG_NOSIGNAL) != 1 || ::recv(near.get(), &byte, 1, 0) != 1)
    return Error::from_errno(errno, "nothing comes of a new connection");
  reset_on_close(near);
  reset_on_close(far);
  return base::done();
}

}  // namespace

Result<Sampler> Sampler::open() {
  // The datagrams' server first binds, and then connects: both may have the port.
  auto datagrams = flood::open(kCaller, kCalled, net::kUdp);
  if (!datagrams) return datagrams.error();
  auto listener = live::socket_in(kCalled.netns, AF_INET, SOCK_STREAM, 0);
  if (!listener) return listener.error();
  int on = 1;
  ::setsockopt(listener->get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(listener->get(), SOL_SOCKET, SO_RCVTIMEO, &kStall, sizeof kStall);
  const live::SocketAddress at = called();
  if (::bind(listener->get(), at.get(), at.size()) != 0 || ::listen(listener->get(), kBacklog) != 0)
    return Error::from_errno(errno, "listen");
  return Sampler(std::move(*listener), std::move(*datagrams));
}

Result<Nanoseconds> Sampler::connection(std::chrono::duration<double> lasting) {
  const auto netns = endpoint::Netns::open(kCaller.netns);
  if (!netns) return netns.error();
  return endpoint::within(*netns, [&]() -> Result<Nanoseconds> {
    for (size_t i = 0; i < kWarmUp; ++i)
      if (auto opened = connect_once(listener_); !opened) return opened.error();
    const auto begin = Clock::now();
    size_t count = 0;
    for (; Clock::now() - begin < lasting; ++count)
      if (auto opened = connect_once(listener_); !opened) return opened.error();
    return Nanoseconds(Clock::now() - begin) / static_cast<double>(count);
  });
}

Result<Nanoseconds> Sampler::round_trip(std::chrono::duration<double> lasting) {
  std::vector<double> trips;
  for (const auto begin = Clock::now(); Clock::now() - begin < lasting;) {
    const auto sent = Clock::now();
    if (!datagrams_.beat(kStallMilliseconds) || !datagrams_.answer(kStallMilliseconds))
      return Error("a datagram of a conversation that stands is lost");
    trips.push_back(Nanoseconds(Clock::now() - sent).count());
  }
  if (trips.size() < 100) return Error("too few round trips for a 99th percentile: take longer samples");
  return Nanoseconds(quantile(trips, 0.99));
}

}  // namespace sluice::bench::flood
