#pragma once

namespace sluice::model {

// On a NetworkPolicy or a ClusterNetworkPolicy: when it is in force (agent/times/parse.h); always, where it is absent.
inline constexpr char kActiveAnnotation[] = "sluice.dev/active";

}  // namespace sluice::model
