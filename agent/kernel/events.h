// Events: what the programs report, taken from the ring buffer.
// One thread; `programs` must outlive it. Two readers of one ring would steal each other's events: the pinned
// ring has one agent (loader.h).
#pragma once

#include <functional>
#include <memory>
#include <span>

#include "agent/base/result.h"
#include "agent/kernel/loader.h"
#include "sluice/event.h"

namespace sluice::kernel {

// A ring buffer, from which entries are taken in their order. Each is out of the ring once take() has returned.
class Ring {
 public:
  // False: the entry is none of this version's.
  using Take = std::function<bool(std::span<const uint8_t> entry)>;

  // `name` of the map, for errors.
  static base::Result<Ring> open(int map_fd, const char* name);
  Ring(Ring&&) noexcept;
  Ring& operator=(Ring&&) noexcept;
  ~Ring();

  // Readable while entries wait: for poll or epoll, level-triggered.
  int fd() const;
  // Hands over at most `limit` entries that wait; returns how many. Never blocks.
  base::Result<size_t> consume(size_t limit, const Take& take);

 private:
  struct State;
  explicit Ring(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

class Events {
 public:
  using Take = std::function<void(const sluice_event&)>;

  static base::Result<Events> open(const Programs& programs);

  int fd() const { return ring_.fd(); }
  base::Result<size_t> consume(size_t limit, const Take& take);

 private:
  explicit Events(Ring ring) : ring_(std::move(ring)) {}
  Ring ring_;
};

}  // namespace sluice::kernel
