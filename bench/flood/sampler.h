// Sampler: what the others have of the node meanwhile: how long a new connection takes, one after the other, and the
// longest of a hundred round trips of a datagram in a conversation that stands.
//
// Law: one thread does both ends, in turns, so that no idle CPU hides any of the cost.
#pragma once

#include <chrono>

#include "bench/flood/stand.h"
#include "bench/harness/rounds.h"

namespace sluice::bench::flood {

class Sampler {
 public:
  static base::Result<Sampler> open();
  // A connection: opened, a byte pushed by the server, reset.
  base::Result<Nanoseconds> connection(std::chrono::duration<double> lasting);
  // The 99th percentile.
  base::Result<Nanoseconds> round_trip(std::chrono::duration<double> lasting);

 private:
  Sampler(base::Fd listener, live::Stream datagrams)
      : listener_(std::move(listener)), datagrams_(std::move(datagrams)) {}
  base::Fd listener_;
  live::Stream datagrams_;
};

}  // namespace sluice::bench::flood
