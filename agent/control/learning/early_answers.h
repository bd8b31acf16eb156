// EarlyAnswers: DNS answers go on while an agent starts. A former agent that was killed leaves some in the ring, and the
// programs hold others until its last beat is too old, while this one loads programs and reads maps for a second.
//
// Laws:
//  1. Each is sent on before it is out of the ring, in the order of the ring. What it teaches is not in force yet: who
//     connects within the next moments may be denied, as after an answer that was not held.
//  2. What was taken is handed over by end(), for the learner. Beyond kMostBytes, and once nothing can be sent, nothing
//     more is taken.
//
// A thread of its own, between begin() and end(); nobody else reads the ring meanwhile. It begins before the agent is confined,
// and ends before anybody is answered. Any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "agent/base/log.h"
#include "sluice/names.h"

namespace sluice::control::learning {

class EarlyAnswers {
 public:
  static constexpr size_t kMostBytes = size_t{16} << 20;
  struct Packet {
    sluice_dns_packet entry;
    std::vector<uint8_t> frame;
  };

  // Whoever begins holds the lock of `pin_dir`. Nothing where no ring is pinned there, where no packet can be sent or no
  // thread be had: what waits is sent on by the learner then, later.
  static std::unique_ptr<EarlyAnswers> begin(const std::filesystem::path& pin_dir, const base::Log& log);
  EarlyAnswers(const EarlyAnswers&) = delete;
  EarlyAnswers& operator=(const EarlyAnswers&) = delete;
  ~EarlyAnswers();

  // In the order of the ring; those that were held have been sent on.
  std::vector<Packet> end();

 private:
  struct State;
  explicit EarlyAnswers(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::control::learning
