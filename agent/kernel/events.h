// Events: what the programs report, taken from the ring buffer.
// One thread; `programs` must outlive it. Two readers of one ring would steal each other's events: the pinned
// ring has one agent (loader.h).
#pragma once

#include <functional>
#include <memory>

#include "agent/base/result.h"
#include "agent/kernel/loader.h"
#include "sluice/event.h"

struct ring_buffer;

namespace sluice::kernel {

class Events {
 public:
  using Take = std::function<void(const sluice_event&)>;

  static base::Result<Events> open(const Programs& programs);
  Events(Events&&) noexcept;
  Events& operator=(Events&&) noexcept;
  ~Events();

  // Readable while events wait: for poll or epoll, level-triggered.
  int fd() const;
  // Hands over at most `limit` events that wait; returns how many. Never blocks.
  base::Result<size_t> consume(size_t limit, const Take& take);

 private:
  struct State;
  explicit Events(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::kernel
