#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "bench/wire/stopwatch.h"
#include "bench/wire/traffic.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {

using base::Error;
using base::Fd;
using base::Result;
using base::Status;

namespace {

constexpr size_t kIpBytes = 64;  // of a packet, IP header included
constexpr size_t kPayloadBytes = kIpBytes - sizeof(iphdr) - sizeof(udphdr);
constexpr size_t kBatch = 64;  // packets a system call
constexpr size_t kMostPackets =
    60000;  // of a sample: fewer than there are ports, and than fit the receiver's socket
constexpr int kWarmUpBatches = 4;  // batches
constexpr uint16_t kFirstPort = 1024;
constexpr int kArrivalMilliseconds = 500;  // for what was sent to be there

// A batch of buffers of `Size` bytes, ready for sendmmsg() and recvmmsg().
template <size_t Size>
class Batch {
 public:
  Batch() {
    for (size_t i = 0; i < kBatch; ++i) {
      pieces_[i] = {buffers_[i].data(), Size};
      messages_[i].msg_hdr.msg_iov = &pieces_[i];
      messages_[i].msg_hdr.msg_iovlen = 1;
    }
  }
  uint8_t* bytes(size_t i) { return buffers_[i].data(); }
  // How many went out, or came in: 0 where there were none.
  Result<size_t> send(const Fd& fd) {
    const int sent = ::sendmmsg(fd.get(), messages_.data(), kBatch, 0);
    if (sent < 0) return Error::from_errno(errno, "send datagrams");
    return static_cast<size_t>(sent);
  }
  size_t receive(const Fd& fd) {
    const int got = ::recvmmsg(fd.get(), messages_.data(), kBatch, MSG_DONTWAIT, nullptr);
    return got > 0 ? static_cast<size_t>(got) : 0;
  }

 private:
  std::array<std::array<uint8_t, Size>, kBatch> buffers_{};
  std::array<iovec, kBatch> pieces_{};
  std::array<mmsghdr, kBatch> messages_{};
};

// Takes in what was sent; an error where some of it does not come.
Status take_in(const Fd& fd, size_t sent) {
  Batch<kPayloadBytes> batch;
  for (size_t received = 0; received < sent;) {
    const size_t got = batch.receive(fd);
    received += got;
    pollfd more{fd.get(), POLLIN, 0};
    if (got == 0 && ::poll(&more, 1, kArrivalMilliseconds) != 1)
      return Error("only " + std::to_string(received) + " of " + std::to_string(sent) + " packets arrived");
  }
  return base::done();
}

// Sends batches while `more` says so, then takes them in. `prepare` is called before each batch with the
// number of packets sent so far.
template <size_t Size, typename Prepare, typename More>
Result<Sample> flood(const Fd& out, const Fd& in, Batch<Size>& batch, Prepare prepare, More more) {
  const Stopwatch watch;
  size_t sent = 0;
  do {
    prepare(sent);
    auto went = batch.send(out);
    if (!went) return went.error();
    sent += *went;
  } while (sent + kBatch <= kMostPackets && more(watch));
  const Nanoseconds elapsed = watch.elapsed();
  if (auto taken = take_in(in, sent); !taken) return taken.error();
  const auto packets = static_cast<double>(sent);
  return Sample{elapsed / packets, watch.cpu() / packets};
}

constexpr auto kOnce = [](const Stopwatch&) { return false; };
constexpr auto kUntilOver = [](const Stopwatch& watch) { return !watch.sample_is_over(); };

// One datagram back, so that whoever watches has seen both directions and counts the flow as established.
Status answer(const Fd& receiver, const Fd& sender) {
  sockaddr_in whom{};
  socklen_t size = sizeof(whom);
  char byte = 0;
  if (::getsockname(sender.get(), reinterpret_cast<sockaddr*>(&whom), &size) != 0 ||
      ::sendto(receiver.get(), &byte, sizeof(byte), 0, reinterpret_cast<const sockaddr*>(&whom), size) < 0)
    return Error::from_errno(errno, "answer a datagram");
  pollfd arrived{sender.get(), POLLIN, 0};
  if (::poll(&arrived, 1, kArrivalMilliseconds) != 1) return Error("no answer arrives");
  while (::recv(sender.get(), &byte, sizeof(byte), MSG_DONTWAIT) >= 0) continue;
  return base::done();
}

class RawPackets : public Batch<kIpBytes> {
 public:
  RawPackets(const net::Ip& from, const net::Ip& to) {
    iphdr ip{};  // the kernel fills in length, id and checksum (raw(7))
    ip.version = 4;
    ip.ihl = sizeof(ip) / 4;
    ip.ttl = IPDEFTTL;
    ip.protocol = IPPROTO_UDP;
    std::memcpy(&ip.saddr, from.bytes().data(), sizeof(ip.saddr));
    std::memcpy(&ip.daddr, to.bytes().data(), sizeof(ip.daddr));
    for (size_t i = 0; i < kBatch; ++i) std::memcpy(bytes(i), &ip, sizeof(ip));
  }
  // Source ports from kFirstPort + `number` on.
  void number_from(size_t number) {
    for (size_t i = 0; i < kBatch; ++i) {
      udphdr udp{};  // no checksum: allowed over IPv4 (RFC 768)
      udp.source = htons(static_cast<uint16_t>(kFirstPort + number + i));
      udp.dest = htons(kPort);
      udp.len = htons(static_cast<uint16_t>(kIpBytes - sizeof(iphdr)));
      std::memcpy(bytes(i) + sizeof(iphdr), &udp, sizeof(udp));
    }
  }
};

}  // namespace

Result<Sample> Traffic::small_packets() {
  const Fd &out = sockets_.datagrams_out, &in = sockets_.datagrams_in;
  Batch<kPayloadBytes> batch;
  const auto as_they_are = [](size_t) {};
  for (int warm_up = 0; warm_up < kWarmUpBatches; ++warm_up) {
    if (auto warm = flood(out, in, batch, as_they_are, kOnce); !warm) return warm;
    if (auto answered = answer(in, out); !answered) return answered.error();
  }
  return flood(out, in, batch, as_they_are, kUntilOver);
}

Result<Sample> Traffic::new_flows(const std::function<Status()>& forget) {
  RawPackets batch(site_->pod(kSender).ip, site_->pod(kReceiver).ip);
  const auto number = [&](size_t sent) { batch.number_from(sent); };
  for (int warm_up = 0; warm_up < kWarmUpBatches; ++warm_up)
    if (auto warm = flood<kIpBytes>(sockets_.raw_out, sockets_.datagrams_in, batch, number, kOnce); !warm)
      return warm;
  if (auto forgotten = forget(); !forgotten) return forgotten.error();
  return flood<kIpBytes>(sockets_.raw_out, sockets_.datagrams_in, batch, number, kUntilOver);
}

}  // namespace sluice::bench::wire
