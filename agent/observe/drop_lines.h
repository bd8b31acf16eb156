// DropLines: what of denied packets, and of allowed connections where a policy asks for it, goes to the agent's log: the first of a pair at once, then a line with the count for
// each kSummary in which there were more.
//
// Laws:
//  1. A pair is both ends without the source's port, destination's port, protocol, direction, verdict and reason.
//  2. Every packet that it is told of is in the `count` of some line. At most kMostPairs are told apart at a time;
//     those beyond are one line together.
//
// The caller gives the clock. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "agent/observe/record.h"

namespace sluice::observe {

using LogLine = std::vector<std::pair<std::string_view, std::string>>;  // key and value, in order
// "drop", or "allowed" where a rule allowed it.
std::string_view event_of(const LogLine& line);

class DropLines {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::chrono::seconds kSummary{5};
  static constexpr size_t kMostPairs = 1024;

  explicit DropLines(std::function<void(const LogLine&)> write) : write_(std::move(write)) {}

  void add(const FlowRecord& record, Time now);
  // Writes what is due. Call it at next().
  void summarise(Time now);
  std::optional<Time> next() const;

 private:
  struct Open {
    LogLine line;
    Time begun;
    uint64_t count = 0;  // since the line before
  };
  void write(LogLine line, uint64_t count) const;

  const std::function<void(const LogLine&)> write_;
  std::map<std::string, Open> pairs_;
  std::optional<Time> others_since_;
  uint64_t others_ = 0;
};

}  // namespace sluice::observe
