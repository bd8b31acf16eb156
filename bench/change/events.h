// The one-object changes that are measured, and how each is taken back, so that a cluster stays as it was
// however many are measured. Pure; any thread.
#pragma once

#include <array>
#include <string_view>

#include "bench/change/cluster.h"

namespace sluice::bench {

// Which of the two directions is the measured one; the other is carried out as well.
enum class Counted { kForth, kBack, kBoth };

struct Event {
  model::Change forth, back;
};

struct EventCase {
  std::string_view name;
  Counted counted;
  Event (*make)(const Size& size, uint32_t number);  // the n-th of its kind; neighbours touch other objects
};

Event pod_added(const Size& size, uint32_t number);
Event pod_relabelled(const Size& size, uint32_t number);
Event namespace_relabelled(const Size& size, uint32_t number);
Event policy_added(const Size& size, uint32_t number);
Event cluster_policy_changed(const Size& size,
                             uint32_t number);              // one's first rule turns from Deny to Accept
Event service_changed(const Size& size, uint32_t number);   // its last endpoints go and come back
Event policy_of_a_cell(const Size& size, uint32_t number);  // gains and loses 1,000 addresses as peers

// Of a cluster with tiers.
inline constexpr EventCase kTierCase = {"cluster-policy-changed", Counted::kBoth, cluster_policy_changed};
inline constexpr std::array<EventCase, 7> kEventCases = {{
    {"pod-added", Counted::kForth, pod_added},
    {"pod-relabelled", Counted::kBoth, pod_relabelled},
    {"namespace-relabelled", Counted::kBoth, namespace_relabelled},
    {"policy-added", Counted::kForth, policy_added},
    {"policy-removed", Counted::kBack, policy_added},
    {"service-changed", Counted::kBoth, service_changed},
    {"policy-1000", Counted::kBoth, policy_of_a_cell},
}};

}  // namespace sluice::bench
