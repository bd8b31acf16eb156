#include "tests/kernel/engine.h"

namespace sluice::testing {

namespace {

class Unflipped final : public Still {
 public:
  using Still::Still;
  base::Status flip(uint64_t, uint64_t) override { return base::done(); }
};

}  // namespace

base::Status Engine::put(const image::Image& image) {
  if (auto status = begin(image); !status) return status;
  return finish();
}

base::Status Engine::begin(const image::Image& image) {
  auto plan = placement_.plan(image, image::difference(image_, image));
  if (!plan) return plan.error();
  Unflipped unflipped(target());
  if (auto status = image::put_in_force(*plan, unflipped); !status) return status;
  pending_ = *std::move(plan);
  image_ = image;
  return base::done();
}

base::Status Engine::finish() {
  if (auto status = target().flip(pending_.epoch, pending_.next_endpoint_id); !status) return status;
  if (auto status = image::clean_up(pending_, target()); !status) return status;
  placement_.release_freed(pending_);
  return base::done();
}

std::optional<Outcome> Engine::run(sluice_direction hook, const Bytes& frame, uint32_t ifindex) {
  const Counted before = counters();
  auto outcome = run_once(hook, frame, ifindex);
  if (!outcome) return outcome;
  outcome->counted = counters();
  for (size_t reason = 0; reason < before.size(); ++reason) {
    for (size_t direction = 0; direction < 2; ++direction) {
      outcome->counted[reason][direction].packets -= before[reason][direction].packets;
      outcome->counted[reason][direction].bytes -= before[reason][direction].bytes;
    }
  }
  return outcome;
}

}  // namespace sluice::testing
