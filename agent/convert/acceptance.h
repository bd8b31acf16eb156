// Acceptance: policies of Cilium that count as they come (--accept-cilium). What each becomes is what convert() makes of it,
// under a name that is kept for that; docs/moving.md tells it to people.
//
// Laws:
//  1. What each object becomes depends on it, on the prefixes given and on Namespaces, Nodes and Pods, and on no other policy.
//     So one object's change changes what is made of it, and of no other.
//  2. What cannot be said is left out where that allows less: a warning each. Where it would open something, or a field is
//     not known, the object is a problem, and what it selects is closed (close_cilium_object()).
//  3. All that is made of tier Admin stands at the end of that tier: what somebody wrote as a ClusterNetworkPolicy below
//     priority kAcceptedPriority comes first; who has one from there on is warned.
//
// Threads: as a Translator's.
#pragma once

#include <map>
#include <set>

#include "agent/convert/convert.h"
#include "agent/source/decode/foreign.h"

namespace sluice::convert {

inline constexpr uint32_t kAcceptedPriority = 960;  // to 1000, the last of a tier

// "cnp.cilium.io.web", "ccnp-2.cilium.io.deny.web": of a NetworkPolicy or ClusterNetworkPolicy.
bool is_kept_name(const model::ObjectId& id);

class Acceptance : public source::decode::Translator {
 public:
  // `cluster`: all prefixes of the cluster's pods; none: they are not known.
  explicit Acceptance(std::vector<net::Cidr> cluster);
  ~Acceptance() override;

  source::decode::ForeignKind read_kind(const std::string& api_version,
                                        const std::string& kind) const override;
  std::vector<source::decode::ForeignResource> resources() const override;
  bool keeps(const model::ObjectId& id) const override { return is_kept_name(id); }
  std::vector<model::Change> apply(std::vector<model::Change> own,
                                   const std::vector<source::decode::ForeignChange>& foreign) override;
  std::vector<source::Problem> problems() const override;
  std::vector<source::Warning> warnings() const override;
  uint64_t remarks_version() const override { return remarks_version_; }
  std::vector<std::pair<model::ObjectId, const source::decode::ForeignObject*>> made() const override;

 private:
  using ForeignId = source::decode::ForeignId;
  struct Accepted {
    source::decode::ForeignObject object;
    std::vector<model::Object> made;
    std::vector<source::Problem> problems;
    std::vector<source::Warning> warnings;
    bool reaches_outside = false;
  };
  class Surroundings;
  using Ids = std::set<model::ObjectId>;

  void convert(Accepted& accepted) const;
  // What of these is another now than what was handed on before.
  void note_in_force(const Ids& touched, std::vector<model::Change>& changes);
  void withdraw(const ForeignId& id, const Accepted& accepted, Ids& touched);
  void put(const ForeignId& id, const Accepted& accepted, Ids& touched);
  void convert_again(const ForeignId& id, Accepted& accepted, Ids& touched);
  // What holds under a kept name; none where nothing does.
  const model::Object* holds(const model::ObjectId& id) const;

  std::unique_ptr<Surroundings> surroundings_;
  std::map<ForeignId, Accepted> accepted_;
  std::map<model::ObjectId, std::map<ForeignId, model::Object>> made_;  // the first maker's counts
  std::map<model::ObjectId, model::Object> own_;                        // of others, with a kept name
  std::set<model::ObjectId> own_late_;                                  // law 3: of others, at that end
  std::map<model::ObjectId, model::Object> in_force_;                   // of kept names
  uint64_t remarks_version_ = 0;
  size_t outside_ = 0;  // objects that reach outside
};

}  // namespace sluice::convert
