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

// NAME, what results call it, whether it follows the policies (the others ask nobody).
#define SLUICE_BENCH_PROTECTIONS(X) \
  X(None, none, false)              \
  X(Empty, empty, false)            \
  X(Sluice, sluice, true)           \
  X(Nftables, nftables, true)       \
  X(Iptables, iptables, true)       \
  X(Ipset, ipset, true)

enum class Kind {
#define SLUICE_BENCH_KIND(NAME, name, follows) k##NAME,
  SLUICE_BENCH_PROTECTIONS(SLUICE_BENCH_KIND)
#undef SLUICE_BENCH_KIND
};
std::string to_text(Kind kind);
bool follows_policies(Kind kind);

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
base::Result<std::unique_ptr<Protection>> protect_with_empty_programs(const Site& site);
base::Result<std::unique_ptr<Protection>> protect_with_rules(Kind kind, const Site& site,
                                                             const model::Cluster& cluster);

}  // namespace sluice::bench::wire
