#include "agent/kernel/events.h"

#include <bpf/libbpf.h>

#include <cstring>
#include <string>
#include <utility>

namespace sluice::kernel {

using base::Error;

struct Ring::State {
  struct Free {
    void operator()(ring_buffer* buffer) const noexcept { ring_buffer__free(buffer); }
  };
  std::unique_ptr<ring_buffer, Free> ring;
  const char* name = "";
  const Take* take = nullptr;  // while consume() runs
  size_t taken = 0, limit = 0;
  bool foreign = false;  // an entry that is none of ours

  static int on_entry(void* context, void* data, size_t size) {
    auto& state = *static_cast<State*>(context);
    if (!(*state.take)({static_cast<const uint8_t*>(data), size})) state.foreign = true;
    return ++state.taken == state.limit ? -ECANCELED : 0;  // libbpf counts this entry as consumed and stops
  }
};

Ring::Ring(std::unique_ptr<State> state) : state_(std::move(state)) {}
Ring::Ring(Ring&&) noexcept = default;
Ring& Ring::operator=(Ring&&) noexcept = default;
Ring::~Ring() = default;

base::Result<Ring> Ring::open(int map_fd, const char* name) {
  auto state = std::make_unique<State>();
  state->name = name;
  state->ring.reset(ring_buffer__new(map_fd, State::on_entry, state.get(), nullptr));
  if (!state->ring) return Error::from_errno(errno, std::string("map ") + name + ": open ring");
  return Ring(std::move(state));
}

int Ring::fd() const {
  return ring_buffer__epoll_fd(state_->ring.get());
}

base::Result<size_t> Ring::consume(size_t limit, const Take& take) {
  if (limit == 0) return size_t{0};
  state_->take = &take;
  state_->limit = limit;
  state_->taken = 0;
  state_->foreign = false;
  const int code = ring_buffer__consume(state_->ring.get());
  state_->take = nullptr;
  const std::string map = std::string("map ") + state_->name;
  if (code < 0 && code != -ECANCELED) return Error::from_errno(-code, map + ": consume");
  if (state_->foreign)
    return Error(map + ": an entry is not this version's; programs of another version write to the ring");
  return state_->taken;
}

base::Result<Events> Events::open(const Programs& programs) {
  auto ring = Ring::open(programs.events_fd(), "events");
  if (!ring) return ring.error();
  return Events(std::move(*ring));
}

base::Result<size_t> Events::consume(size_t limit, const Take& take) {
  return ring_.consume(limit, [&take](std::span<const uint8_t> entry) {
    sluice_event event;
    if (entry.size() < sizeof event) return false;
    std::memcpy(&event, entry.data(), sizeof event);
    take(event);
    return true;
  });
}

}  // namespace sluice::kernel
