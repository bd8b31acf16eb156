#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <cstring>
#include <thread>
#include <vector>

#include "bench/wire/stopwatch.h"
#include "bench/wire/traffic.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {

using base::Error;
using base::Fd;
using base::Result;
using base::Status;

namespace {

constexpr int kWarmUpConnections = 64;
constexpr int kMostConnections = 14000;  // of a sample: no port comes twice (ip_local_port_range has 28,232)
constexpr size_t kChunk = 256 << 10;     // bytes a system call
constexpr size_t kWarmUpBytes = 8 << 20;
constexpr int kStallMilliseconds = 2000;
constexpr double kKib = 1024;

// One connection's two ends, fed and emptied in turns.
class Stream {
 public:
  Stream(Fd out, Fd in) : out_(std::move(out)), in_(std::move(in)), chunk_(kChunk, 'x'), taken_(kChunk) {}

  // Sends what fits at once, and takes in all that is there.
  Status turn() {
    const ssize_t went = ::send(out_.get(), chunk_.data(), chunk_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (went < 0 && errno != EAGAIN) return Error::from_errno(errno, "send a stream");
    if (went > 0) sent_ += static_cast<size_t>(went);
    auto took = take_in();
    if (!took) return took.error();
    if (went > 0 || *took) return base::done();
    pollfd either[] = {{out_.get(), POLLOUT, 0}, {in_.get(), POLLIN, 0}};
    if (::poll(either, 2, kStallMilliseconds) > 0) return base::done();
    return Error("the stream stalls after " + std::to_string(sent_) + " bytes");
  }

  // Until everything that was sent is taken in.
  Status finish() {
    while (received_ < sent_) {
      pollfd readable{in_.get(), POLLIN, 0};
      if (::poll(&readable, 1, kStallMilliseconds) != 1)
        return Error("the end of the stream does not arrive");
      if (auto took = take_in(); !took) return took.error();
    }
    return base::done();
  }

  size_t received() const { return received_; }

 private:
  Result<bool> take_in() {
    bool any = false;
    for (;;) {
      const ssize_t got = ::recv(in_.get(), taken_.data(), taken_.size(), MSG_DONTWAIT);
      if (got < 0 && errno == EAGAIN) return any;
      if (got <= 0) return Error::from_errno(got < 0 ? errno : ECONNRESET, "receive a stream");
      received_ += static_cast<size_t>(got);
      any = true;
    }
  }

  Fd out_, in_;
  std::vector<char> chunk_, taken_;
  size_t sent_ = 0, received_ = 0;
};

// Accepts and closes on a thread of its own, on another CPU than its maker's where there is one, until it
// goes.
class Acceptor {
 public:
  explicit Acceptor(const Fd& listener)
      : stop_(::eventfd(0, EFD_CLOEXEC)), thread_([this, &listener] { run(listener); }) {}
  Acceptor(const Acceptor&) = delete;
  Acceptor& operator=(const Acceptor&) = delete;
  ~Acceptor() {
    ::eventfd_write(stop_.get(), 1);
    thread_.join();
  }

 private:
  void run(const Fd& listener) const {
    cpu_set_t others;
    std::memset(&others, 0xff, sizeof(others));
    CPU_CLR(::sched_getcpu(), &others);
    ::sched_setaffinity(0, sizeof(others), &others);  // refused where there is only one
    pollfd either[] = {{listener.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    while (::poll(either, 2, kStallMilliseconds) > 0 && either[1].revents == 0)
      Fd(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
  }

  Fd stop_;
  std::thread thread_;
};

// Opens connections in the calling thread's namespace until the time is up, after some that do not count.
Result<Sample> count_connections(const std::function<Status()>& one, const std::function<Status()>& forget) {
  for (int i = 0; i < kWarmUpConnections; ++i)
    if (auto opened = one(); !opened) return opened.error();
  if (auto forgotten = forget(); !forgotten) return forgotten.error();
  const Stopwatch watch;
  int count = 0;
  for (; count < kMostConnections && !watch.sample_is_over(); ++count)
    if (auto opened = one(); !opened) return opened.error();
  return watch.per(count);
}

}  // namespace

Result<Sample> Traffic::connections(const std::function<Status()>& forget) {
  const auto one = [&]() -> Status {
    auto out = connect();
    if (!out) return out.error();
    auto in = accept();
    if (!in) return in.error();
    out->close();  // first: its reset ends the other end too
    return base::done();
  };
  return endpoint::within(site_->pod(kSender).netns, [&] { return count_connections(one, forget); });
}

Result<Sample> Traffic::connections_accepted_elsewhere(const std::function<Status()>& forget) {
  const auto one = [&]() -> Status {
    auto out = connect();
    if (!out) return out.error();
    char byte = 0;
    if (::recv(out->get(), &byte, sizeof(byte), 0) == 0) return base::done();
    return Error::from_errno(errno, "wait for the receiver to close");
  };
  return endpoint::within(site_->pod(kSender).netns, [&] {
    const Acceptor acceptor(sockets_.listener);
    return count_connections(one, forget);
  });
}

Result<Sample> Traffic::bulk() {
  auto out = endpoint::within(site_->pod(kSender).netns, [&] { return connect(); });
  if (!out) return out.error();
  auto in = accept();
  if (!in) return in.error();
  Stream stream(std::move(*out), std::move(*in));
  while (stream.received() < kWarmUpBytes)
    if (auto turned = stream.turn(); !turned) return turned.error();
  if (auto finished = stream.finish(); !finished) return finished.error();
  const size_t before = stream.received();
  const Stopwatch watch;
  while (!watch.sample_is_over())
    if (auto turned = stream.turn(); !turned) return turned.error();
  if (auto finished = stream.finish(); !finished) return finished.error();
  return watch.per(static_cast<double>(stream.received() - before) / kKib);
}

}  // namespace sluice::bench::wire
