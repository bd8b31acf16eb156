// Sources that are no pods, in rows of Calico's rules: what was denied of them so far, and what of a later rule that allows
// is left. Private to the room.
#pragma once

#include <optional>

#include "agent/convert/calico.h"
#include "agent/convert/subjects.h"

namespace sluice::convert {

class Outsiders {
 public:
  Outsiders(const Cluster& cluster, Output& output) : cluster_(cluster), output_(output) {}

  // `elsewhere`: of whom it is not said.
  void deny(const Subjects& subjects, const CalicoRule& rule, const std::vector<Subjects>& elsewhere = {}) {
    denied_.push_back({subjects, rule, elsewhere});
  }
  bool concern(const Subjects& subjects) const;
  // What NetworkPolicies may say of it; none where nothing is left. `pods_come`: pods are judged by these rules too, which
  // must not match them by their address.
  std::optional<CalicoRule> allowed(const CalicoPolicy& policy, const CalicoRule& rule, bool pods_come);
  // The part of these prefixes that is of pods, as far as that is known.
  std::vector<net::Cidr> pods_among(const std::vector<net::Cidr>& cidrs) const;

 private:
  std::vector<net::Cidr> pods() const;
  struct Denied {
    Subjects subjects;
    CalicoRule rule;
    std::vector<Subjects> elsewhere;
  };
  bool cut(const CalicoPolicy& policy, const Denied& denied, CalicoRule& rest);

  const Cluster& cluster_;
  Output& output_;
  std::vector<Denied> denied_;
};

}  // namespace sluice::convert
