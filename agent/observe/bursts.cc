#include "agent/observe/bursts.h"

#include "agent/flow/reasons.h"

namespace sluice::observe {
namespace {

// The counters grow, modulo 2^32; one that went back was cleared meanwhile.
uint32_t grown(uint32_t before, uint32_t now) {
  const uint32_t more = now - before;
  return more > UINT32_MAX / 2 ? now : more;
}

}  // namespace

EventSource source_of(const sluice_event& event) {
  return {event.pod, event.part, !flow::is_denied(event.reason)};
}

Bursts::Told Bursts::tell(Seen& seen, uint32_t suppressed, uint32_t lost) {
  const Told told{grown(seen.suppressed, suppressed), grown(seen.lost, lost)};
  seen = {suppressed, lost};
  return told;
}

Bursts::Told Bursts::accept(const sluice_event& event) {
  if (seen_.size() >= kMostSources) seen_.clear();
  const auto [found, is_new] = seen_.try_emplace(source_of(event), Seen{event.suppressed, event.lost});
  if (is_new) return {};
  Told told = tell(found->second, event.suppressed, event.lost);
  if (found->first.allowed) told.lost = 0;  // they are suppressed ones; `lost` is of denied packets
  return told;
}

Bursts::Told Bursts::settle(const EventSource& source, uint64_t suppressed, uint64_t lost) {
  const auto found = seen_.find(source);
  if (found == seen_.end()) return {};
  Told told = tell(found->second, static_cast<uint32_t>(suppressed), static_cast<uint32_t>(lost));
  if (source.allowed) told.lost = 0;
  return told;
}

}  // namespace sluice::observe
