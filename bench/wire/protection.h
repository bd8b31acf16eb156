// Protection: one contender at work in the router of a site. All are made from the same cluster, which is the
// policy that the site's pods get.
//
// Laws: what it installs is in the site's router namespace or private to this process, and ends with them. It
// decides only about what the router forwards. Sluice is the agent's own pipeline (compiler, placement,
// kernel maps, attacher) with maps of its own that are pinned nowhere. iptables and ipset use the kernel's
// own tables (iptables-legacy) where the kernel still has them, else those over nf_tables. One thread.
#pragma once

#include <memory>
#include <string>

#include "agent/model/cluster.h"
#include "bench/wire/site.h"

namespace sluice::bench::wire {

enum class Kind { kNone, kEmpty, kEmptyClsact, kSluice, kNftables, kIptables, kIpset };

struct KindFacts {
  Kind kind;
  const char* name;       // in results
  bool follows_policies;  // the others ask nobody
};
inline constexpr KindFacts kKinds[] = {{Kind::kNone, "none", false},
                                       {Kind::kEmpty, "empty", false},
                                       {Kind::kEmptyClsact, "empty-clsact", false},
                                       {Kind::kSluice, "sluice", true},
                                       {Kind::kNftables, "nftables", true},
                                       {Kind::kIptables, "iptables", true},
                                       {Kind::kIpset, "ipset", true}};
const KindFacts& facts_of(Kind kind);

class Protection {
 public:
  virtual ~Protection() = default;
  // Every connection that it has seen is new to it again.
  virtual base::Status forget_connections() = 0;
  // What does the work, where there is a choice: "iptables-legacy", "tcx"; else empty.
  virtual std::string variant() const { return ""; }
};

// Installs it. The site's pods must be those of the cluster that local_pods() names, in that order.
base::Result<std::unique_ptr<Protection>> protect(Kind kind, const Site& site, const model::Cluster& cluster);

// The parts of protect(), one file each.
base::Result<std::unique_ptr<Protection>> protect_with_programs(const Site& site,
                                                                const model::Cluster& cluster);
// An empty program by TCX where the kernel has it, or by clsact: what attaching anything at all costs.
base::Result<std::unique_ptr<Protection>> protect_with_empty_programs(const Site& site, bool clsact);
base::Result<std::unique_ptr<Protection>> protect_with_rules(Kind kind, const Site& site,
                                                             const model::Cluster& cluster);

}  // namespace sluice::bench::wire
