// Crowd: a thread that beats many Streams in turn, both ways, round after round, until it is told to stop. One that
// loses a number, or has to send a segment again, is named and left out from then on. The Streams are the owner's,
// who leaves them alone meanwhile.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/live/stream.h"

namespace sluice::live {

class Crowd {
 public:
  struct Member {
    std::string name;
    Stream* stream = nullptr;
  };

  // `milliseconds`: how long a number may take.
  Crowd(std::vector<Member> members, int milliseconds)
      : members_(std::move(members)), thread_([this, milliseconds] {
          std::vector<uint32_t> before;
          for (const Member& member : members_) before.push_back(member.stream->sent_again());
          std::vector<bool> out(members_.size());
          while (!stop_) {
            for (size_t i = 0; i < members_.size(); ++i) {
              Stream& stream = *members_[i].stream;
              if (out[i]) continue;
              const bool passes = stream.beat(milliseconds) && stream.answer(milliseconds);
              out[i] = !passes || stream.sent_again() != before[i];
              if (out[i]) lost_.push_back(members_[i].name + (passes ? ": sent again" : ": lost"));
            }
            ++rounds_;
            rounds_.notify_all();
          }
        }) {}
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  ~Crowd() { stop(); }

  // Returns when every Stream has been beaten that many more times from its start on.
  void wait_for(uint64_t more) const {
    const uint64_t wanted = rounds_ + more + 1;  // the round under way began before
    for (uint64_t now = rounds_; now < wanted; now = rounds_) rounds_.wait(now);
  }
  // Who lost something, each with what.
  const std::vector<std::string>& stop() {
    stop_ = true;
    if (thread_.joinable()) thread_.join();
    return lost_;
  }

 private:
  std::vector<Member> members_;
  std::vector<std::string> lost_;
  std::atomic<uint64_t> rounds_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

}  // namespace sluice::live
