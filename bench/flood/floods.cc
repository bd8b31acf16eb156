#include "bench/flood/floods.h"

#include <sched.h>

#include <algorithm>

namespace sluice::bench::flood {

using base::Result;
using base::Status;

namespace {
constexpr uint32_t kTogether = 1000;
constexpr uint8_t kSyn = 2, kAck = 16;
}  // namespace

std::string to_text(Kind kind) {
  switch (kind) {
    case Kind::kSyns:
      return "syn";
    case Kind::kDatagrams:
      return "udp";
    case Kind::kHandshakes:
      return "handshake";
    case Kind::kDenied:
      return "denied";
  }
  return "";
}

Result<Sender> Sender::open(const Place& from, const Place& to) {
  const net::Ip near = *net::Ip::parse(from.ip), far = *net::Ip::parse(to.ip);
  auto out = live::Flooder::open(from.netns, near, far);
  if (!out) return out.error();
  auto back = live::Flooder::open(to.netns, far, near);
  if (!back) return back.error();
  return Sender(std::move(*out), std::move(*back));
}

Status Sender::send(Kind kind, uint32_t connections) {
  packet::Spec open, answer, ack;
  if (kind == Kind::kDatagrams || kind == Kind::kDenied) open.protocol = net::kUdp;
  answer.tcp_flags = kSyn | kAck;
  ack.tcp_flags = kAck;
  ack.tcp_acknowledged = answer.tcp_sequence + 1;
  for (uint32_t left = connections; left > 0;) {
    const uint32_t some = std::min(left, kTogether);
    Status sent = from_.send(open, true, next_, some);
    if (sent && kind == Kind::kHandshakes) sent = to_.send(answer, false, next_, some);
    if (sent && kind == Kind::kHandshakes) sent = from_.send(ack, true, next_, some);
    if (!sent) return sent;
    next_ += some;
    left -= some;
  }
  return base::done();
}

Sending::Sending(Sender& sender, Kind kind)
    : thread_([this, &sender, kind] {
        stay_on_cpu(0);
        while (!stop_ && status_) status_ = sender.send(kind, kTogether);
      }) {}

Sending::~Sending() {
  (void)stop();
}

Status Sending::stop() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
  return status_;
}

void stay_on_cpu(unsigned cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(std::min(cpu, std::max(1U, std::thread::hardware_concurrency()) - 1), &one);
  (void)::sched_setaffinity(0, sizeof one, &one);
}

}  // namespace sluice::bench::flood
