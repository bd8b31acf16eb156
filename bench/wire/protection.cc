#include "bench/wire/protection.h"

namespace sluice::bench::wire {
namespace {

class NoProtection final : public Protection {
 public:
  base::Status forget_connections() override { return base::done(); }
};

}  // namespace

std::string to_text(Kind kind) {
  switch (kind) {
#define SLUICE_BENCH_NAME(NAME, name, follows) \
  case Kind::k##NAME:                          \
    return #name;
    SLUICE_BENCH_PROTECTIONS(SLUICE_BENCH_NAME)
#undef SLUICE_BENCH_NAME
  }
  return "";
}

bool follows_policies(Kind kind) {
  switch (kind) {
#define SLUICE_BENCH_FOLLOWS(NAME, name, follows) \
  case Kind::k##NAME:                             \
    return follows;
    SLUICE_BENCH_PROTECTIONS(SLUICE_BENCH_FOLLOWS)
#undef SLUICE_BENCH_FOLLOWS
  }
  return false;
}

base::Result<std::unique_ptr<Protection>> protect(Kind kind, const Site& site,
                                                  const model::Cluster& cluster) {
  switch (kind) {
    case Kind::kNone:
      return std::unique_ptr<Protection>(std::make_unique<NoProtection>());
    case Kind::kEmpty:
      return protect_with_empty_programs(site);
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
