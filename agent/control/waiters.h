// Waiters: callers that wait until something holds, each with a deadline of its own.
//
// Law: each caller is answered once: by answer(), by answer_all(), or as late at its deadline.
//
// One thread: the one that runs the loop.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <utility>

namespace sluice::control {

// Subject: what a caller waits for. Answer: what it is called back with, once.
template <typename Subject, typename Answer>
class Waiters {
 public:
  using Done = std::function<void(Answer)>;

  // `late`: the answer of a caller whose deadline is over. `loop` must outlive it.
  Waiters(boost::asio::io_context& loop, std::function<Answer(const Subject&)> late)
      : loop_(loop), late_(std::move(late)) {}

  void add(Subject subject, std::chrono::steady_clock::time_point deadline, Done done) {
    auto waiter = std::make_shared<Waiter>(
        Waiter{std::move(subject), boost::asio::steady_timer(loop_, deadline), std::move(done)});
    waiters_.push_back(waiter);
    waiter->deadline.async_wait([this, waiter](const boost::system::error_code&) {
      if (!waiter->done) return;
      waiters_.remove(waiter);
      call(*waiter, late_(waiter->subject));
    });
  }

  // Answers those for which `answer` has an answer.
  void answer(const std::function<std::optional<Answer>(const Subject&)>& answer) {
    for (auto at = waiters_.begin(); at != waiters_.end();) {
      const auto waiter = *at;
      auto now = answer(waiter->subject);
      if (!now) {
        ++at;
        continue;
      }
      at = waiters_.erase(at);
      call(*waiter, std::move(*now));
      waiter->deadline.cancel();
    }
  }

  void answer_all(const Answer& answer) {
    for (const auto& waiter : std::exchange(waiters_, {})) {
      call(*waiter, answer);
      waiter->deadline.cancel();
    }
  }

 private:
  struct Waiter {
    Subject subject;
    boost::asio::steady_timer deadline;
    Done done;  // empty once called
  };
  static void call(Waiter& waiter, Answer answer) { std::exchange(waiter.done, nullptr)(std::move(answer)); }

  boost::asio::io_context& loop_;
  const std::function<Answer(const Subject&)> late_;
  std::list<std::shared_ptr<Waiter>> waiters_;
};

}  // namespace sluice::control
