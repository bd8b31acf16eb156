#include "agent/control/flow_reader.h"

#include <system_error>

namespace sluice::control {

void FlowReader::begin() {
  begun_ = clock_();
  try {
    under_way_ = std::async(std::launch::async, read_);
  } catch (const std::system_error&) {
    under_way_ = std::async(std::launch::deferred, read_);
  }
}

const FlowReader::Facts& FlowReader::now() {
  if (under_way_.valid()) end();
  if (!is_young()) {
    begin();
    end();
  }
  return *last_;
}

const FlowReader::Facts& FlowReader::lately() {
  if (!last_) return now();
  if (under_way_.valid() && under_way_.wait_for(std::chrono::seconds(0)) != std::future_status::timeout)
    end();
  if (!under_way_.valid() && !is_young()) begin();
  return *last_;
}

}  // namespace sluice::control
