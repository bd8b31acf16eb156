#include "bench/api/mix.h"

namespace sluice::bench::api {
namespace {

// Some fewer than there are of the objects that are fewest.
constexpr size_t kHeld = 10;

Event local_pod_relabelled(const Size& size, uint32_t number) {
  const model::Pod before = pod_at(size, local_pod(size, number % size.local));
  model::Pod after = before;
  after.labels["role"] = "role-none";  // of no policy
  return {model::Change::upsert(after), model::Change::upsert(before)};
}

struct Case {
  std::string_view forth, back;
  Event (*make)(const Size& size, uint32_t number);
};
constexpr std::array<Case, 7> kCases = {
    {{"pod-added", "pod-removed", pod_added},
     {"pod-relabelled", "pod-relabelled", pod_relabelled},
     {"local-pod-relabelled", "local-pod-relabelled", local_pod_relabelled},
     {"endpoints", "endpoints", service_changed},
     {"policy-added", "policy-removed", policy_added},
     {"policy-1000", "policy-1000", policy_of_a_cell},
     {"namespace", "namespace", namespace_relabelled}}};
// Which case each of 20 changes is.
constexpr std::array<uint8_t, 20> kTurns = {0, 1, 3, 0, 2, 1, 4, 0, 1, 3, 0, 5, 1, 0, 2, 3, 1, 4, 0, 6};

}  // namespace

Drawn Mix::next() {
  const uint32_t which = kTurns[turn_++ % kTurns.size()];
  const Case& of = kCases[which];
  OfCase& state = cases_[which];
  if (state.back.size() < kHeld) {
    Event event = of.make(size_, state.made++);
    state.back.push_back(std::move(event.back));
    return {of.forth, std::move(event.forth)};
  }
  Drawn drawn{of.back, std::move(state.back.front())};
  state.back.pop_front();
  return drawn;
}

}  // namespace sluice::bench::api
