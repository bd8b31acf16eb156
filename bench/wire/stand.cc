#include "bench/wire/stand.h"

#include "bench/wire/agreement.h"
#include "bench/wire/world.h"

namespace sluice::bench::wire {

using base::Result;

std::string Stand::name(Kind kind, size_t policies) {
  const KindFacts& facts = facts_of(kind);
  return facts.name + (facts.follows_policies ? ", " + std::to_string(policies) + " policies" : "");
}

Result<std::unique_ptr<Stand>> make_stand(Kind kind, size_t policies, const model::Cluster& cluster) {
  const std::string name = Stand::name(kind, policies);
  auto built = Site::build(local_pods());
  if (!built) return built.error().within(name);
  auto site = std::make_unique<Site>(std::move(*built));
  auto protection = protect(kind, *site, cluster);
  if (!protection) return protection.error().within(name);
  auto checked = check_agreement(*site, cluster);
  if (!checked) return checked.error().within(name);
  auto traffic = Traffic::open(*site);
  if (!traffic) return traffic.error().within(name);
  return std::unique_ptr<Stand>(
      new Stand{kind, policies, std::move(site), std::move(*protection), std::move(*traffic), *checked});
}

}  // namespace sluice::bench::wire
