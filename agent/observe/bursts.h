// Bursts: how many packets an event stands for. The programs report the first ones of a second and count the others
// (sluice/event.h); the next event of the same pod, part and kind tells how many these were, and where none follows,
// settle() is asked with what the statistics say.
//
// Laws:
//  1. Every packet that was not reported is told once: by the next event, or by settle().
//  2. What was suppressed before the first event seen of a pod and part is not told: nobody was told of it then
//     either. Bounded: beyond kMostSources all is forgotten, and begins so.
//
// One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "sluice/event.h"

namespace sluice::observe {

// Where events come from that are counted together.
struct EventSource {
  uint64_t pod = 0;
  uint8_t part = 0;
  bool allowed = false;
  auto operator<=>(const EventSource&) const = default;
};
EventSource source_of(const sluice_event& event);

class Bursts {
 public:
  static constexpr size_t kMostSources = 65536;
  struct Told {
    uint64_t suppressed = 0, lost = 0;  // since the event before
  };

  Told accept(const sluice_event& event);
  // What the statistics of the source say: words of sluice_endpoint_stats.
  Told settle(const EventSource& source, uint64_t suppressed, uint64_t lost);

 private:
  struct Seen {
    uint32_t suppressed = 0, lost = 0;
  };
  Told tell(Seen& seen, uint32_t suppressed, uint32_t lost);
  std::map<EventSource, Seen> seen_;
};

}  // namespace sluice::observe
