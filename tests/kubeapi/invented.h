// Objects as a cluster has them, invented from a seed: the fields that count, and the many that do not. Same
// seed, same objects.
#pragma once

#include <random>

#include "tests/kubeapi/world.h"

namespace sluice::kubeapi {

// The `number`th object of a kind in a small world: its name depends on the number alone, the rest on
// `random`.
Json invent(model::Kind kind, int number, std::mt19937& random);
// So many of each kind.
void fill(World& world, unsigned seed);
inline constexpr int kInventedOfAKind = 12;
// Now and then one that makes no sense, or a slice of host names, which is left out.
Json invent_odd(model::Kind kind, int number, std::mt19937& random);
// A pod as large clusters have them: managedFields, environment, volumes, statuses (about 5 KiB of JSON).
Json invent_large_pod(int number);

}  // namespace sluice::kubeapi
