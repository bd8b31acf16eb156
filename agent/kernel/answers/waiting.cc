#include "agent/kernel/answers/waiting.h"

#include <atomic>
#include <cstring>
#include <ctime>
#include <random>

#include "agent/kernel/bpffs.h"
#include "agent/kernel/pins.h"

namespace sluice::kernel::answers {

using base::Result;

uint64_t boot_nanoseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

Waiting::Waiting(Ring ring, MappedArray<sluice_dns> state, base::Fd own)
    : own_(std::move(own)), ring_(std::move(ring)), state_(std::move(state)) {
  if (mark() == 0)
    std::atomic_ref(state_[0].mark).store(std::random_device()() | 1, std::memory_order_relaxed);
}

Result<Waiting> Waiting::open(const Programs& programs) {
  auto ring = Ring::open(programs.answers_fd(), "answers");
  if (!ring) return ring.error();
  auto state = MappedArray<sluice_dns>::open(programs.map(SLUICE_MAP_DNS));
  if (!state) return state.error();
  return Waiting(std::move(*ring), std::move(*state), {});
}

Result<Waiting> Waiting::open(const std::filesystem::path& pin_dir) {
  const MapShape& shape = kMapShapes[SLUICE_MAP_DNS];
  auto answers = open_pinned(maps_dir(pin_dir) / "answers");
  if (!answers) return answers.error();
  const auto dns = open_pinned(maps_dir(pin_dir) / shape.name);
  if (!dns) return dns.error();
  auto ring = Ring::open(answers->get(), "answers");
  if (!ring) return ring.error();
  auto state = MappedArray<sluice_dns>::open(dns->get(), shape.entries, shape.name);
  if (!state) return state.error();
  return Waiting(std::move(*ring), std::move(*state), std::move(*answers));
}

Result<size_t> Waiting::consume(size_t limit, const Take& take) {
  return ring_.consume(limit, [&take](std::span<const uint8_t> entry) {
    sluice_dns_packet packet{};
    if (entry.size() < sizeof packet) return false;
    std::memcpy(&packet, entry.data(), sizeof packet);
    if (packet.length > entry.size() - sizeof packet) return false;
    take(packet, entry.subspan(sizeof packet, packet.length));
    return true;
  });
}

void Waiting::beat(uint64_t now) {
  std::atomic_ref(state_[0].heartbeat).store(now, std::memory_order_relaxed);
}

uint64_t Waiting::unheld() const {
  return std::atomic_ref(const_cast<__u64&>(state_[0].unheld)).load(std::memory_order_relaxed);
}

}  // namespace sluice::kernel::answers
