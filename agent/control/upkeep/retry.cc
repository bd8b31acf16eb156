#include "agent/control/upkeep/retry.h"

#include <utility>

namespace sluice::control::upkeep {

void Retry::later(std::function<void()> again) {
  if (std::exchange(pending_, true)) return;
  timer_.expires_after(backoff_.next());
  timer_.async_wait([this, again = std::move(again)](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    pending_ = false;
    again();
  });
}

void Retry::done() {
  timer_.cancel();
  pending_ = false;
  backoff_.reset();
}

}  // namespace sluice::control::upkeep
