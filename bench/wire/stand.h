// Stand: one contender ready to be measured: its own site, protected, agreeing with the reference engine.
//
// Law: there is no Stand whose every connection was not checked.
#pragma once

#include <memory>

#include "bench/wire/protection.h"
#include "bench/wire/traffic.h"

namespace sluice::bench::wire {

struct Stand {
  Kind kind;
  size_t policies;             // 0 for those that follow none
  std::unique_ptr<Site> site;  // stays where it is: `traffic` points at it
  std::unique_ptr<Protection> protection;
  Traffic traffic;
  size_t checked;  // answers

  // "sluice, 10000 policies"
  static std::string name(Kind kind, size_t policies);
  std::string name() const { return name(kind, policies); }
};

// `cluster` is make_cluster(policies).
base::Result<std::unique_ptr<Stand>> make_stand(Kind kind, size_t policies, const model::Cluster& cluster);

}  // namespace sluice::bench::wire
