// Reports: what is wrong with a node, one line each, as status, metrics and log have it.
//
// Laws:
//  1. What is wrong with objects is reported at once; what is wrong with the machine, once it has
//     stood for a second (lasting.h).
//  2. A line is logged when it comes and when it goes.
//
// The caller gives the clock. One thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "agent/base/log.h"
#include "agent/node/lasting.h"

namespace sluice::node {

class Reports {
 public:
  using Time = std::chrono::steady_clock::time_point;
  struct Lines {
    std::vector<std::string> problems, warnings;
  };

  // `log` must outlive it.
  Reports(std::function<Time()> now, const base::Log& log) : now_(std::move(now)), log_(log) {}

  // All that holds now.
  void update(Lines machine, Lines objects);
  // Both together, sorted, each line once.
  std::vector<std::string> problems() const;
  std::vector<std::string> warnings() const;
  // When the next of the machine's lines will have stood a second: call update() then.
  std::optional<Time> next() const;

 private:
  void log_changes(std::string_view event, std::vector<std::string>& known,
                   std::vector<std::string> now) const;

  const std::function<Time()> now_;
  const base::Log& log_;
  Lasting machine_problems_, machine_warnings_;
  Lines objects_;
  Lines logged_;
};

}  // namespace sluice::node
