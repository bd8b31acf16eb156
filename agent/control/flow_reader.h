// FlowReader: how full the flow tables are, for status and metrics. A reading goes through the whole tables, some
// tens of milliseconds for a million flows, so a thread of its own does it, at most once in kFlowFactsAge.
//
// Laws:
//  1. What now() gives is at most kFlowFactsAge old: it waits for a reading where there is none so young.
//  2. lately() waits for the first reading alone. What it gives is the last one, and where that is older, a next
//     one is begun: whoever asks every so often gets what was so when it asked before.
//  3. Where no thread can be started, who asks reads.
//
// One thread calls; its destructor waits for the reading under way.
#pragma once

#include <chrono>
#include <functional>
#include <future>
#include <optional>

#include "agent/base/result.h"
#include "agent/kernel/flows.h"

namespace sluice::control {

inline constexpr std::chrono::seconds kFlowFactsAge{10};

class FlowReader {
 public:
  using Facts = base::Result<kernel::FlowFacts>;
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  FlowReader(std::function<Facts()> read, Clock clock) : read_(std::move(read)), clock_(std::move(clock)) {}

  const Facts& now();
  const Facts& lately();

 private:
  bool is_young() const { return last_ && clock_() - begun_ <= kFlowFactsAge; }
  void begin();
  // Waits for the reading under way.
  void end() { last_ = under_way_.get(); }

  const std::function<Facts()> read_;
  const Clock clock_;
  std::chrono::steady_clock::time_point begun_;  // of the reading begun last
  std::optional<Facts> last_;
  std::future<Facts> under_way_;
};

}  // namespace sluice::control
