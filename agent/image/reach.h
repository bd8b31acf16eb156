// Reach: which identities and rule sets a packet of the newest image can come by.
//
// Laws:
//  1. An identity is reached while an address, a prefix or a Service has it, and with a name's
//     class while some name has that; a rule set while a side of an endpoint has it.
//  2. A rule is reached while both its rule set and its identity are. No packet asks for any
//     other rule, so that one says nothing, whatever stands in it.
//
// A value; any thread.
#pragma once

#include <unordered_map>

#include "agent/image/image.h"

namespace sluice::image {

class Reach {
 public:
  void add(const Image& image);
  void update(const Difference& difference);
  bool reaches(const RuleKey& rule) const {
    return rulesets_.contains(rule.ruleset) &&
           (identities_.contains(rule.identity) || is_named(rule.identity));
  }

 private:
  bool is_named(IdentityId identity) const {
    for (const auto& [name_class, uses] : classes_) {
      const IdentityId plain = named(identity, name_class);  // back again
      if (!plain || identities_.contains(plain)) return true;
    }
    return false;
  }
  void count(NameClassId id, int by) { count(classes_, id, by); }
  void count(const IdentityId& id, int by) { count(identities_, id, by); }
  void count(const Address& address, int by) { count(identities_, address.identity, by); }
  void count(const Endpoint& endpoint, int by) {
    for_each_side(endpoint, [&](const Side& side) { count(rulesets_, side.ruleset, by); });
  }
  template <typename Id>
  static void count(std::unordered_map<Id, int>& uses, Id id, int by) {
    const auto at = uses.try_emplace(id).first;
    if ((at->second += by) == 0) uses.erase(at);
  }

  std::unordered_map<IdentityId, int> identities_;
  std::unordered_map<NameClassId, int> classes_;
  std::unordered_map<RulesetId, int> rulesets_;
};

}  // namespace sluice::image
