#include "agent/model/budget.h"

#include <algorithm>
#include <utility>

namespace sluice::model {
namespace {

constexpr size_t kShare = 2;   // one policy may take this part of its namespace's
constexpr size_t kLines = 20;  // of one namespace

size_t entries_of(const LabelSelector& selector) {
  size_t count = 0;
  for (const Requirement& requirement : selector.requirements)
    count += std::max<size_t>(requirement.values.size(), 1);
  return count;
}

size_t entries_of(const Peer& peer) {
  size_t count = 1;
  const auto* selectors = std::get_if<SelectorPeer>(&peer);
  if (selectors != nullptr && selectors->pod_selector) count += entries_of(*selectors->pod_selector);
  if (selectors != nullptr && selectors->namespace_selector)
    count += entries_of(*selectors->namespace_selector);
  return count;
}

template <typename Visit>
void for_each_rule(const NetworkPolicy& policy, Visit visit) {
  for (const Direction direction : kDirections)
    for (const Rule& rule : policy.rules(direction)) visit(rule);
}

template <typename Visit>
void for_each_block(const NetworkPolicy& policy, Visit visit) {
  for_each_rule(policy, [&](const Rule& rule) {
    for (const Peer& peer : rule.peers)
      if (const auto* block = std::get_if<IpBlock>(&peer)) visit(*block);
  });
}

// A block is an entry too: a rule's peer.
size_t entries_of(const NetworkPolicy& policy) {
  size_t count = entries_of(policy.pod_selector);
  for_each_rule(policy, [&](const Rule& rule) {
    count += 1 + rule.ports.size();
    for (const Peer& peer : rule.peers)
      if (!std::holds_alternative<IpBlock>(peer)) count += entries_of(peer);
  });
  return count;
}

size_t cidrs_of(const NetworkPolicy& policy) {
  size_t count = 0;
  for_each_block(policy, [&](const IpBlock& block) { count += 1 + block.except.size(); });
  return count;
}

NetworkPolicy without_rules(const NetworkPolicy& policy) {
  NetworkPolicy closed = policy;
  closed.ingress.clear();
  closed.egress.clear();
  return closed;
}

NetworkPolicy for_all(const ObjectName& name) {
  NetworkPolicy closed;
  closed.name = name;
  closed.isolates_ingress = closed.isolates_egress = true;
  return closed;
}

// "has 70000 CIDRs, and one policy may have 65536 (--namespace-cidrs)"
std::string too_many(size_t count, const char* what, size_t most, const char* option) {
  return "has " + std::to_string(count) + " " + what + ", and one policy may have " + std::to_string(most) +
         " (" + option + ")";
}

std::string too_many_together(const char* what, size_t most, const char* option) {
  return std::string("its ") + what + " are beyond the " + std::to_string(most) +
         " that the policies of its namespace may have together (" + option + ")";
}

// Those that lie in it, of a sorted list.
size_t count_inside(const net::Cidr& block, const std::vector<net::Cidr>& sorted) {
  const auto first = std::lower_bound(sorted.begin(), sorted.end(), block);
  const auto last =
      std::partition_point(first, sorted.end(), [&](const net::Cidr& one) { return block.contains(one); });
  return static_cast<size_t>(last - first);
}

}  // namespace

std::vector<Change> PolicyBudgets::admit(std::vector<Change> changes) {
  std::vector<Change> admitted;
  admitted.reserve(changes.size());
  for (Change& change : changes) {
    if (change.id().kind == Kind::kNetworkPolicy)
      note(std::move(change), admitted);
    else
      admitted.push_back(std::move(change));
  }
  for (const std::string& ns : std::exchange(stale_, {})) {
    Policies& policies = namespaces_[ns];
    decide(ns, policies);
    tell(policies, admitted);
    if (policies.empty()) namespaces_.erase(ns);
  }
  return admitted;
}

void PolicyBudgets::note(Change change, std::vector<Change>& admitted) {
  const ObjectName name = change.id().name;
  stale_.insert(name.ns);
  changed_.insert(name.ns);
  closed_.erase(name.ns);
  ++version_;
  Policies& policies = namespaces_[name.ns];
  if (change.is_removal()) {
    const auto known = policies.find(name.name);
    const bool is_told = known == policies.end() || known->second.told != Place::kHeldBack;
    if (is_told) admitted.push_back(std::move(change));
    if (known != policies.end()) policies.erase(known);
    return;
  }
  Entry& entry = policies[name.name];
  entry.policy = std::get<NetworkPolicy>(std::get<Object>(std::move(change.what)));
  entry.entries = entries_of(entry.policy);
  entry.cidrs = cidrs_of(entry.policy);
  entry.changed = true;
}

std::string PolicyBudgets::fault_of(const Entry& entry, const Used& used) const {
  if (entry.entries > budget_.entries / kShare)
    return too_many(entry.entries, "rules, peers, ports and labels", budget_.entries / kShare,
                    "--namespace-entries");
  if (entry.cidrs > budget_.cidrs / kShare)
    return too_many(entry.cidrs, "CIDRs", budget_.cidrs / kShare, "--namespace-cidrs");
  if (used.entries + entry.entries > budget_.entries)
    return too_many_together("rules, peers, ports and labels", budget_.entries, "--namespace-entries");
  if (used.cidrs + entry.cidrs > budget_.cidrs)
    return too_many_together("CIDRs", budget_.cidrs, "--namespace-cidrs");
  return {};
}

std::vector<Change> PolicyBudgets::close(const std::string& ns, std::string why) {
  closed_[ns] = std::move(why);
  stale_.insert(ns);
  return admit({});
}

std::vector<Change> PolicyBudgets::reopen(const std::string& ns) {
  closed_.erase(ns);
  stale_.insert(ns);
  return admit({});
}

std::string PolicyBudgets::greatest(const std::set<std::string>& namespaces) const {
  std::string greatest;
  std::pair<bool, size_t> most;  // changed; how much
  for (const std::string& ns : namespaces) {
    const auto policies = namespaces_.find(ns);
    if (policies == namespaces_.end() || closed_.contains(ns)) continue;
    std::pair<bool, size_t> takes{changed_.contains(ns), 0};
    for (const auto& [name, entry] : policies->second) takes.second += 1 + entry.entries + entry.cidrs;
    if (takes > most) {
      most = takes;
      greatest = ns;
    }
  }
  return greatest;
}

void PolicyBudgets::decide(const std::string& ns, Policies& policies) {
  const auto closed = closed_.find(ns);
  Used used;
  size_t place = 0;
  for (auto& [name, entry] : policies) {
    if (place++ >= budget_.policies) {
      entry.place = place == budget_.policies + 1 ? Place::kForAll : Place::kHeldBack;
      entry.why = "is beyond the " + std::to_string(budget_.policies) +
                  " policies that its namespace may have (--namespace-policies)";
      continue;
    }
    entry.why = closed != closed_.end() ? closed->second : fault_of(entry, used);
    entry.place = entry.why.empty() ? Place::kWithin : Place::kClosed;
    if (entry.place != Place::kWithin) continue;
    used.entries += entry.entries;
    used.cidrs += entry.cidrs;
  }
  decide_overlaps(policies);
}

// In the tables a CIDR is a class of addresses with all blocks around it.
void PolicyBudgets::decide_overlaps(Policies& policies) const {
  const size_t most = budget_.cidrs * kOverlapsOfCidr;
  size_t all = 0;
  for (const auto& [name, entry] : policies)
    if (entry.place == Place::kWithin) all += entry.cidrs;
  if (all * all <= most) return;  // however they lie
  std::vector<net::Cidr> cidrs;
  size_t blocks = 0;
  for (const auto& [name, entry] : policies)
    if (entry.place == Place::kWithin)
      for_each_block(entry.policy, [&](const IpBlock& block) {
        ++blocks;
        cidrs.push_back(block.cidr);
        cidrs.insert(cidrs.end(), block.except.begin(), block.except.end());
      });
  std::sort(cidrs.begin(), cidrs.end());
  cidrs.erase(std::unique(cidrs.begin(), cidrs.end()), cidrs.end());
  if (blocks * cidrs.size() <= most) return;
  size_t used = 0;
  for (auto& [name, entry] : policies) {
    if (entry.place != Place::kWithin) continue;
    size_t overlaps = 0;
    for_each_block(entry.policy, [&](const IpBlock& block) { overlaps += count_inside(block.cidr, cidrs); });
    if (used + overlaps <= most) {
      used += overlaps;
      continue;
    }
    entry.place = Place::kClosed;
    entry.why = "its blocks lie around " + std::to_string(overlaps) +
                " CIDRs of its namespace, which may have " + std::to_string(most) +
                " such pairs (--namespace-cidrs)";
  }
}

void PolicyBudgets::tell(Policies& policies, std::vector<Change>& admitted) {
  for (auto& [name, entry] : policies) {
    const Place before = std::exchange(entry.told, entry.place);
    if (!std::exchange(entry.changed, false) && before == entry.place) continue;
    switch (entry.place) {
      case Place::kWithin:
        admitted.push_back(Change::upsert(entry.policy));
        break;
      case Place::kClosed:
        admitted.push_back(Change::upsert(without_rules(entry.policy)));
        break;
      case Place::kForAll:
        admitted.push_back(Change::upsert(for_all(entry.policy.name)));
        break;
      case Place::kHeldBack:
        if (before != Place::kHeldBack)
          admitted.push_back(Change::remove({Kind::kNetworkPolicy, entry.policy.name}));
        break;
    }
  }
}

size_t PolicyBudgets::beyond() const {
  size_t count = 0;
  for (const auto& [ns, policies] : namespaces_)
    count += static_cast<size_t>(std::ranges::count_if(
        policies, [](const auto& entry) { return entry.second.place != Place::kWithin; }));
  return count;
}

std::vector<std::string> PolicyBudgets::problems() const {
  std::vector<std::string> lines;
  for (const auto& [ns, policies] : namespaces_) {
    size_t count = 0;
    for (const auto& [name, entry] : policies) {
      if (entry.place == Place::kWithin || ++count > kLines) continue;
      const bool all = entry.place == Place::kForAll || entry.place == Place::kHeldBack;
      lines.push_back(
          ObjectId{Kind::kNetworkPolicy, entry.policy.name}.to_text() + ": " + entry.why +
          (all ? ": meanwhile every pod of the namespace is isolated, and nothing is allowed by it"
               : ": meanwhile it isolates all the same and allows nothing"));
    }
    if (count > kLines)
      lines.push_back("namespace " + ns + ": " + std::to_string(count - kLines) +
                      " policies more are beyond what it may have");
  }
  return lines;
}

}  // namespace sluice::model
