#include "agent/control/upkeep/upkeep.h"

namespace sluice::control::upkeep {

void Upkeep::start() {
  const Moment now = std::chrono::steady_clock::now();
  look(now);
  timer_.expires_at(now + kLookAfter);
  timer_.async_wait([this](const boost::system::error_code& cancelled) {
    if (!cancelled) start();
  });
}

void Upkeep::look(Moment now) {
  acts_.put_back(look_at_pins(now) > 0);
}

size_t Upkeep::look_at_pins(Moment now) {
  if (now < pins_due_) return 0;
  const auto pins = acts_.keep_pins();
  acts_.tell(pins ? "" : pins.error().message());
  if (!pins) {
    pins_due_ = now + backoff_.next();
    return 0;
  }
  backoff_.reset();
  pins_put_back_ += *pins;
  return *pins;
}

}  // namespace sluice::control::upkeep
