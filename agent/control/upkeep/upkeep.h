// Upkeep: puts back what others take away of what the agent installed. The kernel tells nobody of a link or a pin that
// goes, so it looks.
//
// Laws:
//  1. Programs on interfaces are looked after each kLookAfter, whatever is wrong with pins.
//  2. Pins as well, and before them, since links are pinned beside them. After a failure the pauses grow: what it takes (a
//     mount, a file system that is writable) may be out of reach for good (agent/sandbox).
//
// On the thread that runs `loop`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "agent/base/backoff.h"
#include "agent/base/result.h"

namespace sluice::control::upkeep {

inline constexpr std::chrono::milliseconds kLookAfter{500};

struct Acts {
  // Pins anew what is pinned no more; how many.
  std::function<base::Result<size_t>()> keep_pins;
  // Why pins cannot be kept; empty: they are.
  std::function<void(const std::string& why)> tell;
  // Attaches again where programs are missing; `all`: everywhere, for what kept them there may have gone with its pin.
  std::function<void(bool all)> put_back;
};

class Upkeep {
 public:
  using Moment = std::chrono::steady_clock::time_point;

  Upkeep(boost::asio::io_context& loop, Acts acts) : acts_(std::move(acts)), timer_(loop) {}

  // Looks, and again each kLookAfter.
  void start();
  void stop() { timer_.cancel(); }
  void look(Moment now);
  // How many pins, since the start.
  uint64_t pins_put_back() const { return pins_put_back_; }

 private:
  size_t look_at_pins(Moment now);

  const Acts acts_;
  boost::asio::steady_timer timer_;
  base::Backoff backoff_{kLookAfter, std::chrono::seconds(60)};
  Moment pins_due_{};
  uint64_t pins_put_back_ = 0;
};

}  // namespace sluice::control::upkeep
