#include "agent/kernel/events.h"

#include <bpf/libbpf.h>

#include <cstring>
#include <utility>

namespace sluice::kernel {

using base::Error;

struct Events::State {
  struct Free {
    void operator()(ring_buffer* buffer) const noexcept { ring_buffer__free(buffer); }
  };
  std::unique_ptr<ring_buffer, Free> ring;
  const Take* take = nullptr;  // while consume() runs
  size_t taken = 0, limit = 0;
  bool foreign = false;  // a sample of another size than ours

  static int on_sample(void* context, void* data, size_t size) {
    auto& state = *static_cast<State*>(context);
    if (size < sizeof(sluice_event)) {
      state.foreign = true;
    } else {
      sluice_event event;
      std::memcpy(&event, data, sizeof event);
      (*state.take)(event);
    }
    // libbpf counts this sample as consumed and stops.
    return ++state.taken == state.limit ? -ECANCELED : 0;
  }
};

Events::Events(std::unique_ptr<State> state) : state_(std::move(state)) {}
Events::Events(Events&&) noexcept = default;
Events& Events::operator=(Events&&) noexcept = default;
Events::~Events() = default;

base::Result<Events> Events::open(const Programs& programs) {
  auto state = std::make_unique<State>();
  state->ring.reset(ring_buffer__new(programs.events_fd(), State::on_sample, state.get(), nullptr));
  if (!state->ring) return Error::from_errno(errno, "map events: open ring");
  return Events(std::move(state));
}

int Events::fd() const {
  return ring_buffer__epoll_fd(state_->ring.get());
}

base::Result<size_t> Events::consume(size_t limit, const Take& take) {
  if (limit == 0) return size_t{0};
  state_->take = &take;
  state_->limit = limit;
  state_->taken = 0;
  state_->foreign = false;
  const int code = ring_buffer__consume(state_->ring.get());
  state_->take = nullptr;
  if (code < 0 && code != -ECANCELED) return Error::from_errno(-code, "map events: consume");
  if (state_->foreign)
    return Error(
        "map events: an event is shorter than this version's; programs of another version write to the ring");
  return state_->taken;
}

}  // namespace sluice::kernel
