// Retry: does again, after a pause, what failed; each pause is longer than the one before, until done() is called.
//
// On the thread that runs `loop`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>

#include "agent/base/backoff.h"

namespace sluice::control::upkeep {

inline constexpr std::chrono::seconds kRetryFirst{1}, kRetryLongest{60};

class Retry {
 public:
  explicit Retry(boost::asio::io_context& loop) : timer_(loop) {}

  // Calls `again` once the pause is over; nothing where one is waited for already.
  void later(std::function<void()> again);
  // What failed has succeeded: nothing is done again, and the next pause is the first one.
  void done();

 private:
  boost::asio::steady_timer timer_;
  base::Backoff backoff_{kRetryFirst, kRetryLongest};
  bool pending_ = false;
};

}  // namespace sluice::control::upkeep
