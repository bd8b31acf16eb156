// Identities: the equivalence classes of addresses that are in use, and what each stands for.
//
// Laws:
//  1. An identity is live while an entry of the image's address or prefix table has it, or an address
//     by a name.
//  2. Identity 0 has no content and is never live.
//
// Not thread-safe.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "agent/compile/content/content.h"

namespace sluice::compile {

using namespace content;

class Identities {
 public:
  // The content stays known until refresh() at least, and beyond it while it is in use.
  IdentityId intern(IdentityContent content);
  bool knows(IdentityId id) const { return !id || known_.contains(id); }
  bool is_live(IdentityId id) const {
    const auto found = known_.find(id);
    return found != known_.end() && found->second.live;
  }
  const IdentityContent& content(IdentityId id) const { return known_.at(id).content; }

  void use(IdentityId id);
  void release(IdentityId id);

  struct Changes {
    std::vector<IdentityId> added;
    std::vector<std::pair<IdentityId, IdentityContent>> removed;
  };
  // Which became live or ceased to be since last time, in any order; those that are not in use are forgotten.
  Changes refresh();

  // The live ones that are in this peer set, and those that stand for port numbers too; in any order.
  const std::unordered_set<IdentityId>& in(PeerSetId peers) const;
  const std::unordered_set<IdentityId>& with_ports() const { return with_ports_; }
  template <typename Visit>
  void for_each_live(Visit visit) const {
    for (const auto& [id, known] : known_)
      if (known.live) visit(id, known.content);
  }

  size_t live() const { return live_; }

  const std::string& collision() const { return collision_; }

 private:
  struct Known {
    IdentityContent content;
    size_t uses = 0;
    bool live = false, changed = false;
  };
  void mark(IdentityId id, Known& known);
  void index(IdentityId id, const IdentityContent& content);
  void unindex(IdentityId id, const IdentityContent& content);

  std::unordered_map<IdentityId, Known> known_;
  std::unordered_map<PeerSetId, std::unordered_set<IdentityId>> in_;
  std::unordered_set<IdentityId> with_ports_;
  std::vector<IdentityId> changed_;
  size_t live_ = 0;
  std::string collision_;
};

}  // namespace sluice::compile
