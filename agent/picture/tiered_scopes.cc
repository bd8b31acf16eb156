#include "agent/picture/tiered_scopes.h"

#include <algorithm>

#include "agent/model/workloads.h"

namespace sluice::picture {

using model::Direction;
using rehearse::Peer;
using rehearse::Traffic;

namespace {

// No namespace is called so.
constexpr char kStrangers[] = "?";

struct Met {
  Peer peer;
  Traffic traffic;
};

class Asking {
 public:
  Asking(const rehearse::Sides& sides, const rehearse::Ends& ends, size_t own, Direction direction)
      : sides_(sides), ends_(ends), own_(ends.pods[own].there.front()), direction_(direction) {
    for (size_t i = 0; i < ends.pods.size(); ++i) {
      const auto& there = ends.pods[i].there.front();
      const auto family = direction == Direction::kEgress ? rehearse::family_of(own_, there)
                                                          : rehearse::family_of(there, own_);
      const bool alone = i == own && ends.pods[i].replicated.empty() && ends.pods[i].pods.size() < 2;
      pods_.push_back(family && !alone ? ask({there.pod, *there.address(*family)}) : std::nullopt);
    }
    for (const rehearse::Region& region : ends.regions)
      regions_.push_back(own_.address(region.cidr.family()) ? ask({nullptr, region.ip}) : std::nullopt);
  }

  TieredScopes take(const Namespaces& namespaces) {
    const auto is_whole = [](const auto& met) { return !met || met->traffic == rehearse::everything(); };
    made_.scopes.isolated = !sides_.isolating(*own_.pod, direction_).empty() ||
                            !std::ranges::all_of(pods_, is_whole) || !std::ranges::all_of(regions_, is_whole);
    if (!made_.scopes.isolated) return std::move(made_);
    add_wide({Scope::kAnyone}, kStrangers);
    add_wide({Scope::kEveryPod}, kStrangers);
    for (const std::string& ns : namespaces.whole) add_wide({Scope::kEveryPodOf, ns}, ns);
    for (size_t i = 0; i < pods_.size(); ++i)
      if (is_more(pods_[i])) made_.pods.push_back(i);
    for (size_t i = 0; i < regions_.size(); ++i)
      if (is_more(regions_[i])) made_.regions.push_back(i);
    std::ranges::sort(made_.denying);
    made_.denying.erase(std::unique(made_.denying.begin(), made_.denying.end()), made_.denying.end());
    return std::move(made_);
  }

 private:
  std::optional<Met> ask(const Peer& peer) {
    Traffic wanted = rehearse::everything();
    for (const std::string& rule : sides_.denying(*own_.pod, direction_, peer, wanted))
      made_.denying.push_back(rule.substr(0, rule.find(':')));
    return Met{peer, sides_.traffic(*own_.pod, direction_, peer)};
  }

  bool is_more(const std::optional<Met>& met) const {
    return met && !boost::icl::contains(made_.scopes.open_to(met->peer), met->traffic);
  }

  // What a pod without labels and ports would be let through, of each of the families.
  Traffic of_strangers(const std::string& ns) const {
    Traffic all = rehearse::everything();
    for (const rehearse::Region& region : ends_.regions) {
      if (region.cidr.length() != 0 || !own_.address(region.cidr.family())) continue;
      model::Pod stranger;
      stranger.name = {ns, kStrangers};
      stranger.ips = {region.ip};
      all &= sides_.traffic(*own_.pod, direction_, {&stranger, region.ip});
    }
    return all;
  }

  void add_wide(const Scope& scope, const std::string& strangers) {
    Traffic all = of_strangers(strangers);
    const auto take_away = [&](const std::vector<std::optional<Met>>& of) {
      for (const auto& met : of)
        if (met && scope.holds(met->peer)) all &= met->traffic;
    };
    take_away(pods_);
    take_away(regions_);
    Traffic rest = all;
    for (const auto& [other, traffic] : made_.scopes.wide)
      if (other.kind == Scope::kAnyone || other.kind == Scope::kEveryPod) rest -= traffic;
    if (rest.empty()) return;
    made_.scopes.wide[scope] = all;
    auto& rules = made_.scopes.rules[scope];
    for (const auto* of : {&pods_, &regions_})
      for (const auto& met : *of)
        if (met && scope.holds(met->peer))
          for (std::string& rule : sides_.rules(*own_.pod, direction_, met->peer, rest))
            rules.insert(std::move(rule));
  }

  const rehearse::Sides& sides_;
  const rehearse::Ends& ends_;
  const rehearse::PodThere& own_;
  const Direction direction_;
  std::vector<std::optional<Met>> pods_, regions_;  // none: they do not meet
  TieredScopes made_;
};

}  // namespace

TieredScopes tiered_scopes_of(const rehearse::Sides& sides, const rehearse::Ends& ends, size_t own,
                              Direction direction, const Namespaces& namespaces) {
  return Asking(sides, ends, own, direction).take(namespaces);
}

}  // namespace sluice::picture
