// Names of domains in peers: addresses that other names have too (semantics 75), and Services' own names (86).
#include <algorithm>
#include <set>
#include <string_view>

#include "agent/lint/checks.h"
#include "agent/lint/words.h"
#include "agent/model/domain_name.h"

namespace sluice::lint {
namespace {

using model::ClusterNetworkPolicy;
using model::ClusterRule;
using model::Direction;
using model::DomainNamesPeer;

// What DNS in a cluster calls Services, unless it is set up otherwise (Kubernetes documentation, "DNS for Services and
// Pods").
constexpr std::string_view kOfServices = ".svc.cluster.local", kOfCluster = "*.cluster.local";

std::vector<std::string> domains_of(const ClusterRule& rule) {
  std::vector<std::string> all;
  for (const auto& peer : rule.peers)
    if (const auto* domains = std::get_if<DomainNamesPeer>(&peer))
      all.insert(all.end(), domains->names.begin(), domains->names.end());
  return all;
}

class DomainCheck {
 public:
  DomainCheck(const Input& input, Report& report) : cluster_(input.cluster), report_(report) {
    for (const auto& [name, addresses] : cluster_.resolved)
      for (const net::Ip& ip : addresses) names_[ip].push_back(name);
  }

  void check(const ClusterNetworkPolicy& policy) {
    for_each_rule(policy, [&](Direction direction, size_t index, const ClusterRule& rule) {
      const std::vector<std::string> all = domains_of(rule);
      for (size_t i = 0; i < rule.peers.size(); ++i) {
        const auto* domains = std::get_if<DomainNamesPeer>(&rule.peers[i]);
        if (domains == nullptr) continue;
        const std::string field = path_of_peer(direction, index, i) + ".domainNames";
        for (const std::string& pattern : domains->names) names_a_service(policy, field, pattern);
        shares(policy, field, *domains, all);
      }
    });
  }

 private:
  void names_a_service(const ClusterNetworkPolicy& policy, const std::string& field,
                       const std::string& pattern) {
    const bool any = pattern == kOfCluster || pattern == "*" + std::string(kOfServices);
    if (!any && (!pattern.ends_with(kOfServices) || !is_a_service(pattern))) return;
    const bool several = any || pattern.starts_with('*');
    report_.add(
        Rule::kNamesAService, policy, field,
        {pattern + (several
                        ? " is of Services, and means their addresses alone, not the pods behind them"
                        : " is a Service's own name, and means its address alone, not the pods behind it"),
         "name the pods: to: [{pods: {namespaceSelector: ..., podSelector: ...}}]"});
  }

  // "api.shop", "*.shop": but a record of a pod has three labels, and a headless Service, or one that stands for a name
  // outside, leads to what it is for.
  bool is_a_service(std::string_view pattern) const {
    pattern.remove_suffix(kOfServices.size());
    const size_t dot = pattern.find('.');
    if (dot == pattern.npos || pattern.find('.', dot + 1) != pattern.npos) return false;
    const auto service =
        cluster_.services.find({std::string(pattern.substr(dot + 1)), std::string(pattern.substr(0, dot))});
    return service == cluster_.services.end() || !service->second.headless;
  }

  // Whoever may reach an address for one name reaches what has others.
  void shares(const ClusterNetworkPolicy& policy, const std::string& field, const DomainNamesPeer& peer,
              const std::vector<std::string>& all) {
    std::set<net::Ip> shared;
    std::string first;
    for (const auto& [name, addresses] : cluster_.resolved) {
      if (!model::is_among(name, peer.names)) continue;
      for (const net::Ip& ip : addresses) {
        std::vector<std::string> others;
        for (const std::string_view other : names_.at(ip))
          if (!model::is_among(other, all)) others.emplace_back(other);
        if (others.empty() || !shared.insert(ip).second || !first.empty()) continue;
        first =
            ip.to_text() + ", an address of " + name + ", has other names: " + listed(others, others.size());
      }
    }
    if (shared.empty()) return;
    const size_t more = shared.size() - 1;
    report_.add(
        Rule::kAddressOfSeveralNames, policy, field,
        {first + (more == 0 ? "" : " (and " + std::to_string(more) + " more have)") +
             "; whoever may reach one reaches them all",
         "name the others too where that is meant; else keep them apart by another way than addresses"});
  }

  const model::Cluster& cluster_;
  Report& report_;
  std::map<net::Ip, std::vector<std::string_view>> names_;
};

}  // namespace

void check_domains(const Input& input, Report& report) {
  DomainCheck check(input, report);
  for (const auto& [name, policy] : input.cluster.cluster_policies) check.check(policy);
}

}  // namespace sluice::lint
