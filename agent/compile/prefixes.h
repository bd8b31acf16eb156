// PrefixTree: the CIDRs and excepts of the live peer sets as a forest of nested regions.
//
// Laws:
//  1. A region is a listed prefix less the listed prefixes inside it; all its addresses are in
//     the same ipBlocks.
//  2. After refresh(), each region knows the peer sets whose blocks hold it (semantics 11).
//  3. Regions are ordered by address, then length: a prefix comes just before everything inside
//     it.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <vector>

#include "agent/compile/content/content.h"

namespace sluice::compile {

using namespace content;

struct Region {
  net::Cidr cidr;
  Region* parent = nullptr;  // the next shorter listed prefix around it
  std::vector<PeerSetId> peers;
  uint64_t version = 0;  // another one whenever peers, or what they name, change; never 0
  // Kept by AddressTable: of an address in it that is no pod's, and for which version that was found.
  IdentityId identity;
  uint64_t identity_version = 0;

 private:
  friend class PrefixTree;
  std::map<PeerSetId, int> change_;                // blocks that begin here less those that end here
  std::vector<std::pair<PeerSetId, int>> counts_;  // in how many of the peer set's blocks it is; sorted
};

class PrefixTree {
 public:
  void add(PeerSetId peers, const model::IpBlock& block) { change(peers, block, +1); }
  void remove(PeerSetId peers, const model::IpBlock& block) { change(peers, block, -1); }
  // Gives every region inside the block a new version.
  void renew(const model::IpBlock& block) { renewed_.insert(block.cidr); }

  struct Changes {
    std::vector<Region*> regions;    // new, changed, or inside one that is; outer ones first
    std::vector<net::Cidr> gone;     // no longer listed
    std::vector<net::Cidr> changed;  // regions, gone ones included, whose addresses must be classified anew
  };
  Changes refresh();

  // The region that holds the address; nullptr outside of all.
  const Region* find(const net::Ip& ip) const;

  // Calls visit(key, value) for the entries of a map from addresses that stand in the region `cidr` itself.
  template <typename Map, typename Visit>
  void for_each_in(const Map& addresses, const net::Cidr& cidr, Visit visit) const {
    auto inner = regions_.upper_bound(cidr);
    for (auto at = addresses.lower_bound(cidr.base()); at != addresses.end() && cidr.contains(at->first);) {
      while (inner != regions_.end() && inner->first.base() <= at->first && !inner->first.contains(at->first))
        ++inner;
      if (inner != regions_.end() && inner->first.contains(at->first)) {
        at = addresses.upper_bound(last_of(inner->first));
        continue;
      }
      visit(at->first, at->second);
      ++at;
    }
  }

 private:
  using Regions = std::map<net::Cidr, Region>;
  static net::Ip last_of(const net::Cidr& cidr);
  void change(PeerSetId peers, const model::IpBlock& block, int sign);
  Region& list(const net::Cidr& cidr);
  void unlist(Regions::iterator at);
  Region* parent_of(const net::Cidr& cidr);
  void derive(Region& region, bool renewed, Changes& changes);

  Regions regions_;
  std::set<net::Cidr> dirty_, renewed_;
  uint64_t last_version_ = 0;
};

}  // namespace sluice::compile
