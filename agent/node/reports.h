// Reports: what is wrong with a node, one line each, as status, metrics and log have it: of its objects at once, of its
// machine only what has stood for a second (lasting.h). Each line is logged when it comes and when it goes. The clock
// is given. One thread.
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
  // When more of the machine's lines will have stood: update() is due then.
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
