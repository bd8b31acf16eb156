// Floods: what one pod sends at full speed, and a thread that goes on sending it.
//
// Laws: every packet, or every handshake, is of a connection of its own, which no packet before it had. A handshake
// takes both ends: three packets. Full speed is what one thread sends through raw sockets.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "bench/flood/stand.h"
#include "tests/live/flood.h"

namespace sluice::bench::flood {

// kDenied: datagrams to a pod that does not take them.
enum class Kind { kSyns, kDatagrams, kHandshakes, kDenied };
inline constexpr Kind kKinds[] = {Kind::kSyns, Kind::kDatagrams, Kind::kHandshakes, Kind::kDenied};
std::string to_text(Kind kind);  // "syn", "udp", "handshake", "denied"

class Sender {
 public:
  static base::Result<Sender> open(const Place& from, const Place& to);
  // That many connections more.
  base::Status send(Kind kind, uint32_t connections);
  uint64_t sent() const { return next_; }

 private:
  Sender(live::Flooder from, live::Flooder to) : from_(std::move(from)), to_(std::move(to)) {}
  live::Flooder from_, to_;
  uint32_t next_ = 0;
};

// Sends on a thread of its own, which stays on the first CPU, until it goes.
class Sending {
 public:
  // `sender` must outlive it.
  Sending(Sender& sender, Kind kind);
  Sending(const Sending&) = delete;
  Sending& operator=(const Sending&) = delete;
  ~Sending();
  // What stopped it before its time.
  base::Status stop();

 private:
  std::atomic<bool> stop_ = false;
  base::Status status_ = base::done();
  std::thread thread_;
};

// The calling thread, and those that it starts, run on this CPU, or on the last one where there are not as many.
void stay_on_cpu(unsigned cpu);

}  // namespace sluice::bench::flood
