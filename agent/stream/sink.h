// Sink: where an Observer's records go for one reader. Called on the agent's thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sluice/v1/flow.pb.h"

namespace sluice::stream {

enum class End : uint8_t { kDone, kWrong, kTooMany, kStopping };

class Sink {
 public:
  virtual ~Sink() = default;
  // Who is called, on the agent's thread: `more` when all that was given is written, `gone` once the reader has left.
  virtual void follow(std::function<void()> more, std::function<void()> gone) = 0;
  // Only when nothing was given yet, or `more` was called since. Does not wait.
  virtual void give(std::vector<v1::Flow> flows) = 0;
  // After what was given.
  virtual void finish(End end, const std::string& why) = 0;
};

}  // namespace sluice::stream
