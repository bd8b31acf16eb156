// Hours: a Calendar beside the machine's clock. It says what begins or ends at the moment it does, and when the clock
// was set.
//
// Laws:
//  1. Nothing polls: between two edges it sleeps.
//  2. Where the machine gives no timer that follows its clock, problem() says so, and edges are waited for by a plain
//     one: then a clock that was set is noticed at the next edge, at the next change, or within kPlainWait.
//
// Everything runs on the thread that runs the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "agent/times/calendar.h"
#include "agent/times/clock/alarm.h"

namespace sluice::times::clock {

inline constexpr std::chrono::minutes kPlainWait{60};

// The machine's clock.
Instant now();

class Hours {
 public:
  // All that begin or end at one moment.
  using Switched = std::function<void(std::vector<model::Change>)>;

  // `alarm`: Alarm::open()'s.
  Hours(boost::asio::io_context& loop, base::Result<Alarm> alarm, Switched switched);
  Hours(const Hours&) = delete;
  Hours& operator=(const Hours&) = delete;

  // What becomes of a source's changes now.
  std::vector<model::Change> admit(std::vector<model::Change> changes);
  const Calendar& calendar() const { return calendar_; }
  // Why the machine's clock is not followed; empty: it is.
  const std::string& problem() const { return problem_; }

 private:
  base::Status follow(base::Result<Alarm> alarm);
  void watch();
  void turn();
  void wait_for_next();
  void wait_plainly();
  void give_up(const base::Error& error);

  Switched switched_;
  Calendar calendar_;
  std::optional<Alarm> alarm_;
  std::string problem_;
  boost::asio::posix::stream_descriptor alarm_fd_;
  boost::asio::steady_timer plain_;
};

}  // namespace sluice::times::clock
