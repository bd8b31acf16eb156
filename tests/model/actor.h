// Actor: a thread that does one step and waits to be told to do the next. So the steps of several come in an order that
// a trace says, each on a thread with scratch memory of its own.
//
// Laws:
//  1 At any moment one thread runs: the driver, or the one actor that it told to go.
//  2 An actor says what it does next before it does it.
// stop() is the actor's own; next() and go() are the driver's.
#pragma once

#include <functional>
#include <semaphore>
#include <string>
#include <thread>
#include <utility>

namespace sluice::testing {

struct Died {};     // thrown out of a step that never comes: the agent is gone
struct Dismiss {};  // thrown where the trace is over

class Actor {
 public:
  enum class Order { kGo, kFail, kDie, kEnd };

  // `act` runs until Dismiss.
  explicit Actor(std::function<void(Actor&)> act)
      : thread_([this, act = std::move(act)] {
          started_.acquire();
          current() = this;
          try {
            act(*this);
          } catch (const Dismiss&) {
          }
          next_ = "the end";
          stopped_.release();
        }) {
    started_.release();
    stopped_.acquire();
  }
  Actor(const Actor&) = delete;
  Actor& operator=(const Actor&) = delete;
  ~Actor() {
    order_ = Order::kEnd;
    go_.release();
    thread_.join();
  }

  // Whose thread this is; NULL: the driver's.
  static Actor*& current() {
    static thread_local Actor* actor = nullptr;
    return actor;
  }
  // False: the step is to fail.
  bool stop(std::string next) {
    if (order_ == Order::kEnd) return true;
    next_ = std::move(next);
    stopped_.release();
    go_.acquire();
    if (order_ == Order::kDie) throw Died();
    return order_ != Order::kFail;
  }
  // Where the trace is over an actor goes on to where it may leave.
  void leave_at_end() const {
    if (order_ == Order::kEnd) throw Dismiss();
  }

  const std::string& next() const { return next_; }
  void go(Order order = Order::kGo) {
    order_ = order;
    go_.release();
    stopped_.acquire();
  }

 private:
  std::string next_;
  Order order_ = Order::kGo;
  std::binary_semaphore started_{0}, go_{0}, stopped_{0};
  std::thread thread_;
};

}  // namespace sluice::testing
