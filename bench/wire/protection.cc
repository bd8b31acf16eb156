#include "bench/wire/protection.h"

#include <algorithm>

namespace sluice::bench::wire {
namespace {

class NoProtection final : public Protection {
 public:
  base::Status forget_connections() override { return base::done(); }
};

}  // namespace

const KindFacts& facts_of(Kind kind) {
  return *std::ranges::find(kKinds, kind, &KindFacts::kind);
}

base::Result<std::unique_ptr<Protection>> protect(Kind kind, const Site& site,
                                                  const model::Cluster& cluster) {
  switch (kind) {
    case Kind::kNone:
      return std::unique_ptr<Protection>(std::make_unique<NoProtection>());
    case Kind::kEmpty:
      return protect_with_empty_programs(site, false);
    case Kind::kEmptyClsact:
      return protect_with_empty_programs(site, true);
    case Kind::kSluice:
      return protect_with_programs(site, cluster);
    case Kind::kNftables:
    case Kind::kIptables:
    case Kind::kIpset:
      return protect_with_rules(kind, site, cluster);
  }
  return base::Error("no such contender");
}

}  // namespace sluice::bench::wire
