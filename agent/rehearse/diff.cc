#include "agent/rehearse/diff.h"

#include <algorithm>
#include <array>
#include <set>

namespace sluice::rehearse {

using model::Direction;
using model::Pod;

namespace {

// One end of a connection in both clusters, before and after; null pods: an address outside.
struct End {
  std::array<const Pod*, 2> pods{};
  std::array<net::Ip, 2> ips;
};

// At its address of the family that it and the other end meet in; none where they do not.
std::optional<End> end_of(const PodClass& own, const PodClass& from, const PodClass& to) {
  End end;
  for (size_t i = 0; i < 2; ++i) {
    const auto family = family_of(from.there[i], to.there[i]);
    if (!family) return std::nullopt;
    end.pods[i] = own.there[i].pod;
    end.ips[i] = *own.there[i].address(*family);
  }
  return end;
}

std::optional<End> end_of(const PodClass& own, net::Family family) {
  End end;
  for (size_t i = 0; i < 2; ++i) {
    const auto ip = own.there[i].address(family);
    if (!ip) return std::nullopt;
    end.pods[i] = own.there[i].pod;
    end.ips[i] = *ip;
  }
  return end;
}

class Differ {
 public:
  Differ(const model::Cluster& before, const model::Cluster& after)
      : sides_{Sides(before), Sides(after)}, ends_(ends_of({&before, &after})) {}

  Changes run() {
    for (const PodClass& from : ends_.pods) {
      for (const PodClass& to : ends_.pods) between(from, to);
      for (const Region& region : ends_.regions) with(from, region);
    }
    for (auto* list : {&changes_.opened, &changes_.closed}) std::sort(list->begin(), list->end());
    changes_.left_out = ends_.left_out;
    return std::move(changes_);
  }

 private:
  void between(const PodClass& from, const PodClass& to) {
    const auto a = end_of(from, from, to), b = end_of(to, from, to);
    if (!a || !b) return;
    compare(*a, *b, [&](auto add) {
      for (const std::string& one : from.names)
        for (const std::string& other : to.names)
          if (one != other || std::ranges::find(from.replicated, one) != from.replicated.end())
            add(one, other);
    });
  }

  void with(const PodClass& pods, const Region& region) {
    const auto pod = end_of(pods, region.cidr.family());
    if (!pod) return;
    const End outside{{}, {region.ip, region.ip}};
    const std::string cidr = region.cidr.to_text();
    compare(*pod, outside, [&](auto add) {
      for (const std::string& name : pods.names) add(name, cidr);
    });
    compare(outside, *pod, [&](auto add) {
      for (const std::string& name : pods.names) add(cidr, name);
    });
  }

  // One side in one of the clusters.
  struct View {
    const Sides& sides;
    const Pod* pod;  // nullptr: it has none
    Direction direction;
    Peer peer;

    Traffic traffic() const { return pod == nullptr ? everything() : sides.traffic(*pod, direction, peer); }
  };

  template <typename ForEachName>
  void compare(const End& from, const End& to, ForEachName names) {
    const auto egress = [&](size_t i) {
      return View{sides_[i], from.pods[i], Direction::kEgress, {to.pods[i], to.ips[i]}};
    };
    const auto ingress = [&](size_t i) {
      return View{sides_[i], to.pods[i], Direction::kIngress, {from.pods[i], from.ips[i]}};
    };
    const View egress_before = egress(0), ingress_before = ingress(0), egress_after = egress(1),
               ingress_after = ingress(1);
    Traffic before = egress_before.traffic(), after = egress_after.traffic();
    before &= ingress_before.traffic();
    after &= ingress_after.traffic();
    if (before == after) return;
    Traffic opened = after, closed = before;
    opened -= before;
    closed -= after;
    const auto add_all = [&](const Traffic& traffic, std::vector<Change>& list, auto reasons) {
      for (const Share& share : shares_of(traffic)) {
        const std::vector<std::string> by = reasons(part_of(traffic, share));
        names([&](const std::string& one, const std::string& other) {
          list.push_back({one, other, share, by});
        });
      }
    };
    add_all(opened, changes_.opened, [&](const Traffic& part) {
      return joined_rules({&egress_after, &ingress_after}, part);
    });
    add_all(closed, changes_.closed, [&](const Traffic& part) {
      return why_closed({{&egress_before, &egress_after}, {&ingress_before, &ingress_after}}, part);
    });
  }

  // What of it the share stands for.
  static Traffic part_of(Traffic traffic, const Share& share) {
    if (share.protocol == "any") return traffic;
    if (share.protocol == "ICMP") return one(net::kIcmp, {});
    if (share.protocol == "other") return one(net::Protocol(255), {});
    model::PolicyPort port;
    port.protocol = *net::Protocol::parse(share.protocol);
    traffic &= traffic_of({port}, nullptr);
    return traffic;
  }

  static std::vector<std::string> sorted(const std::set<std::string>& names) {
    return {names.begin(), names.end()};
  }

  static std::vector<std::string> joined_rules(std::initializer_list<const View*> views,
                                               const Traffic& part) {
    std::set<std::string> names;
    for (const View* view : views)
      if (view->pod != nullptr)
        for (std::string& rule : view->sides.rules(*view->pod, view->direction, view->peer, part))
          names.insert(std::move(rule));
    return sorted(names);
  }

  // Of each side that stops some of it now: the rules of ClusterNetworkPolicies that deny it; where it is NetworkPolicies,
  // the rules that let it through before, or where nobody decided then, the policies that isolate the pod.
  static std::vector<std::string> why_closed(
      std::initializer_list<std::pair<const View*, const View*>> before_and_after, const Traffic& part) {
    std::set<std::string> names;
    const auto add = [&names](const std::vector<std::string>& found) {
      names.insert(found.begin(), found.end());
    };
    for (const auto& [before, after] : before_and_after) {
      if (after->pod == nullptr) continue;
      Traffic stopped = part;
      add(after->sides.denying(*after->pod, after->direction, after->peer, stopped));
      if (stopped.empty()) continue;
      const auto allowed_by = before->sides.rules(*before->pod, before->direction, before->peer, stopped);
      add(allowed_by.empty() ? after->sides.isolating(*after->pod, after->direction) : allowed_by);
    }
    return sorted(names);
  }

  const std::array<Sides, 2> sides_;  // before, after
  const Ends ends_;
  Changes changes_;
};

}  // namespace

Changes difference_of(const model::Cluster& before, const model::Cluster& after) {
  return Differ(before, after).run();
}

}  // namespace sluice::rehearse
