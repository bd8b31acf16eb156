#include "agent/picture/links.h"

#include <algorithm>
#include <map>

#include "agent/model/isolation.h"
#include "agent/model/workloads.h"
#include "agent/picture/tiered_scopes.h"

namespace sluice::picture {

using model::Direction;
using rehearse::Peer;
using rehearse::PodClass;
using rehearse::Region;
using rehearse::Traffic;

namespace {

// A namespace with fewer classes of pods is not drawn as a whole beside them.
constexpr size_t kFewClasses = 3;

class Linker {
 public:
  explicit Linker(const model::Cluster& cluster)
      : cluster_(cluster), sides_(cluster), ends_(rehearse::ends_of({&cluster})) {}

  Graph run() {
    name_namespaces();
    for (const PodClass& one : ends_.pods) add_node(one);
    for (size_t i = 0; i < ends_.pods.size(); ++i)
      for (const Direction direction : model::kDirections) link(i, direction);
    graph_.classes = ends_.pods.size();
    for (auto& [between, edge] : edges_) {
      edge.from = between.first;
      edge.to = between.second;
      std::ranges::sort(edge.rules);
      edge.rules.erase(std::unique(edge.rules.begin(), edge.rules.end()), edge.rules.end());
      graph_.edges.push_back(std::move(edge));
    }
    return std::move(graph_);
  }

 private:
  const model::Pod& pod(size_t i) const { return *ends_.pods[i].there.front().pod; }
  const Scopes& scopes(size_t i, Direction direction) const {
    return scopes_[i][static_cast<size_t>(direction)];
  }

  void name_namespaces() {
    std::map<std::string, size_t> classes;
    for (size_t i = 0; i < ends_.pods.size(); ++i) ++classes[pod(i).name.ns];
    for (const auto& [ns, count] : classes) {
      namespaces_.all.push_back(ns);
      if (count >= kFewClasses) namespaces_.whole.insert(ns);
    }
  }

  std::vector<const model::NetworkPolicy*> isolating(const model::Pod& one, Direction direction) const {
    std::vector<const model::NetworkPolicy*> found;
    for (const std::string& name : sides_.isolating(one, direction))
      found.push_back(&cluster_.policies.at({one.name.ns, name.substr(one.name.ns.size() + 1)}));
    return found;
  }

  std::vector<std::string> in_audit(const model::Pod& one, Direction direction) const {
    auto policies =
        model::isolating_policies(cluster_, one.name.ns, one.labels, direction, model::Policies::kAudited);
    std::erase_if(policies, [&](const auto* policy) { return !model::is_in_audit(cluster_, *policy); });
    return model::names_of(policies);
  }

  void add_node(const PodClass& one) {
    const model::Pod& first = *one.there.front().pod;
    Node node;
    node.ns = first.name.ns;
    node.names = one.names;
    node.pods = one.pods.size();
    node.isolates_ingress = sides_.isolating(first, Direction::kIngress);
    node.isolates_egress = sides_.isolating(first, Direction::kEgress);
    node.audits_ingress = in_audit(first, Direction::kIngress);
    node.audits_egress = in_audit(first, Direction::kEgress);
    auto& both = scopes_.emplace_back();
    for (const Direction direction : model::kDirections) {
      Scopes& made = both[static_cast<size_t>(direction)];
      Gate& gate = direction == Direction::kIngress ? node.ingress : node.egress;
      const bool tiered = !sides_.tiers().of(first, direction).empty();
      if (tiered)
        add_tiers(scopes_.size() - 1, direction, node);
      else
        made = scopes_of(cluster_, first, direction, isolating(first, direction), namespaces_);
      gate = !made.isolated                                                                    ? Gate::kOpen
             : made.wide.empty() && made.narrow.empty() && (!tiered || lets_nobody(direction)) ? Gate::kClosed
                                                                                               : Gate::kRules;
    }
    graph_.nodes.push_back(std::move(node));
  }

  void add_tiers(size_t i, Direction direction, Node& node) {
    TieredScopes tiered = tiered_scopes_of(sides_, ends_, i, direction, namespaces_);
    auto& policies = direction == Direction::kIngress ? node.isolates_ingress : node.isolates_egress;
    policies.insert(policies.end(), tiered.denying.begin(), tiered.denying.end());
    std::ranges::sort(policies);
    scopes_[i][static_cast<size_t>(direction)] = std::move(tiered.scopes);
    tiered_[{i, direction}] = {std::move(tiered.pods), std::move(tiered.regions)};
  }

  // Of the class that was added last, whose scopes are tiered.
  bool lets_nobody(Direction direction) const {
    const Met& met = tiered_.at({scopes_.size() - 1, direction});
    return met.pods.empty() && met.regions.empty();
  }

  // The node of a scope or of a CIDR, made when it is asked for.
  size_t other_node(const Node& wanted) {
    const auto [at, is_new] =
        others_.try_emplace({wanted.kind, wanted.ns, wanted.names}, graph_.nodes.size());
    if (is_new) graph_.nodes.push_back(wanted);
    return at->second;
  }

  size_t node_of(const Scope& scope) {
    switch (scope.kind) {
      case Scope::kAnyone:
        return other_node({NodeKind::kAnyone, "", {}});
      case Scope::kAnyoneIpv4:
        return other_node({NodeKind::kAnyone, "", {"IPv4"}});
      case Scope::kAnyoneIpv6:
        return other_node({NodeKind::kAnyone, "", {"IPv6"}});
      case Scope::kEveryPod:
        return other_node({NodeKind::kEveryPod, "", {}});
      case Scope::kEveryPodOf:
        break;
    }
    return other_node({NodeKind::kEveryPodOf, scope.ns, {}});
  }

  void add_edge(size_t from, size_t to, const Traffic& traffic, const std::vector<std::string>& rules) {
    if (traffic.empty()) return;
    Edge& edge = edges_[{from, to}];
    edge.traffic += traffic;
    edge.rules.insert(edge.rules.end(), rules.begin(), rules.end());
  }

  // Everything that rules of one direction of a class say.
  void link(size_t i, Direction direction) {
    const Scopes& own = scopes(i, direction);
    for (const auto& [scope, traffic] : own.wide) {
      const Traffic rest = own.own(scope);
      if (rest.empty()) continue;
      const size_t other = node_of(scope);
      const auto& rules = own.rules.at(scope);
      const std::vector<std::string> names(rules.begin(), rules.end());
      if (direction == Direction::kIngress)
        add_edge(other, i, rest, names);
      else
        add_edge(i, other, rest, names);
    }
    if (const auto tiered = tiered_.find({i, direction}); tiered != tiered_.end())
      link_with(i, direction, tiered->second);
    for (const Narrow& narrow : own.narrow) link_with(i, direction, met_by(narrow));
  }

  struct Met {
    std::vector<size_t> pods, regions;
  };

  void link_with(size_t i, Direction direction, const Met& met) {
    for (const size_t other : met.pods)
      direction == Direction::kIngress ? between(other, i) : between(i, other);
    for (const size_t region : met.regions) with_region(i, direction, region);
  }

  // Whom a rule for particular peers means; of each peer once.
  const Met& met_by(const Narrow& narrow) {
    const auto [at, is_new] = met_.try_emplace({narrow.policy, narrow.rule, narrow.peer});
    Met& met = at->second;
    if (!is_new) return met;
    for (size_t i = 0; i < ends_.pods.size(); ++i)
      if (meets(narrow, i)) met.pods.push_back(i);
    const auto* block = narrow.peer != nullptr ? std::get_if<model::IpBlock>(narrow.peer) : nullptr;
    for (size_t i = 0; i < ends_.regions.size(); ++i)
      if (block != nullptr && block->contains(ends_.regions[i].ip)) met.regions.push_back(i);
    return met;
  }

  bool meets(const Narrow& narrow, size_t i) const {
    if (narrow.peer == nullptr) return true;
    const auto& there = ends_.pods[i].there.front();
    if (const auto* block = std::get_if<model::IpBlock>(narrow.peer))
      return std::ranges::any_of(there.ips, [&](const net::Ip& ip) { return block->contains(ip); });
    const auto& peer = std::get<model::SelectorPeer>(*narrow.peer);
    if (peer.pod_selector && !model::matches(*peer.pod_selector, there.pod->labels)) return false;
    const std::string& ns = there.pod->name.ns;
    return peer.namespace_selector ? model::matches(*peer.namespace_selector, cluster_.namespace_labels(ns))
                                   : ns == narrow.policy->name.ns;
  }

  // Exactly what both let through, less what wide rules of both say.
  void between(size_t from, size_t to) {
    if (!done_.emplace(from, to).second) return;
    const PodClass &source = ends_.pods[from], &target = ends_.pods[to];
    if (from == to && source.replicated.empty() && source.pods.size() < 2) return;
    const auto family = rehearse::family_of(source.there.front(), target.there.front());
    if (!family) return;
    const Peer a{&pod(from), *source.there.front().address(*family)},
        b{&pod(to), *target.there.front().address(*family)};
    Traffic rest = sides_.traffic(*a.pod, Direction::kEgress, b);
    rest &= sides_.traffic(*b.pod, Direction::kIngress, a);
    Traffic told = scopes(from, Direction::kEgress).open_to(b);
    told &= scopes(to, Direction::kIngress).open_to(a);
    rest -= told;
    std::vector<std::string> rules = sides_.rules(*a.pod, Direction::kEgress, b, rest);
    for (std::string& rule : sides_.rules(*b.pod, Direction::kIngress, a, rest))
      rules.push_back(std::move(rule));
    add_edge(from, to, rest, rules);
  }

  void with_region(size_t i, Direction direction, size_t region) {
    const Region& outside = ends_.regions[region];
    const auto& there = ends_.pods[i].there.front();
    if (!there.address(outside.cidr.family())) return;
    const Peer peer{nullptr, outside.ip};
    Traffic rest = sides_.traffic(*there.pod, direction, peer);
    rest -= scopes(i, direction).open_to(peer);
    if (rest.empty()) return;
    const size_t other = other_node({NodeKind::kOutside, "", {outside.cidr.to_text()}});
    const auto rules = sides_.rules(*there.pod, direction, peer, rest);
    direction == Direction::kIngress ? add_edge(other, i, rest, rules) : add_edge(i, other, rest, rules);
  }

  const model::Cluster& cluster_;
  const rehearse::Sides sides_;
  const rehearse::Ends ends_;
  Namespaces namespaces_;
  std::vector<std::array<Scopes, 2>> scopes_;  // of each class, by Direction
  std::map<std::tuple<NodeKind, std::string, std::vector<std::string>>, size_t> others_;
  std::map<std::tuple<const model::NetworkPolicy*, const model::Rule*, const model::Peer*>, Met> met_;
  std::map<std::pair<size_t, Direction>, Met> tiered_;  // of sides with tiers, beside their wide scopes
  std::set<std::pair<size_t, size_t>> done_;
  std::map<std::pair<size_t, size_t>, Edge> edges_;
  Graph graph_;
};

}  // namespace

Graph links_of(const model::Cluster& cluster) {
  return Linker(cluster).run();
}

}  // namespace sluice::picture
