// Beating: a thread that beats a Stream, one number after the other both ways, until it is told to stop. What it
// says is how far it came, and whether anything was lost on the way. Its owner may do what it likes meanwhile, and
// use the Stream again once the thread has stopped.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>
#include <utility>

#include "tests/live/stream.h"

namespace sluice::live {

class Beating {
 public:
  // `milliseconds`: how long a number may take; `pause`: after each.
  Beating(Stream stream, int milliseconds, std::chrono::milliseconds pause = {})
      : state_(std::make_unique<State>(std::move(stream))),
        thread_([state = state_.get(), milliseconds, pause] {
          while (!state->stop) {
            if (!state->stream.beat(milliseconds) || !state->stream.answer(milliseconds)) {
              state->lost = true;
              break;
            }
            ++state->beats;
            state->beats.notify_all();
            if (pause.count() > 0) ::poll(nullptr, 0, static_cast<int>(pause.count()));
          }
          state->ended = true;
          ++state->beats;  // so that whoever waits wakes up
          state->beats.notify_all();
        }) {}
  Beating(Beating&&) noexcept = default;
  Beating& operator=(Beating&&) = delete;
  ~Beating() {
    if (state_) stop();
  }

  // Returns when that many more numbers have gone both ways, or one is lost.
  void wait_for(uint64_t more) const {
    const uint64_t wanted = state_->beats + more;
    for (uint64_t now = state_->beats; now < wanted && !state_->ended; now = state_->beats)
      state_->beats.wait(now);
  }
  // True where nothing was lost.
  bool stop() {
    state_->stop = true;
    if (thread_.joinable()) thread_.join();
    return !state_->lost;
  }
  uint64_t beats() const { return state_->beats; }
  bool lost() const { return state_->lost; }
  // After stop().
  Stream& stream() { return state_->stream; }

 private:
  struct State {
    explicit State(Stream open) : stream(std::move(open)) {}
    Stream stream;
    std::atomic<uint64_t> beats = 0;
    std::atomic<bool> stop = false, lost = false, ended = false;
  };
  std::unique_ptr<State> state_;
  std::thread thread_;
};

}  // namespace sluice::live
