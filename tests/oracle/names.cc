#include "tests/oracle/names.h"

#include <algorithm>

#include "tests/oracle/random_objects.h"

namespace sluice::oracle {
namespace {

const std::vector<std::string> kNames = {"example.com",     "www.example.com",     "a.b.example.com",
                                         "api.example.org", "db.shop.svc.corp.xy", "bexample.com",
                                         "corp.xy"};
const std::vector<std::string> kPatterns = {"example.com",     "www.example.com", "*.example.com",
                                            "*.b.example.com", "api.example.org", "*.corp.xy",
                                            "*.svc.corp.xy",   "no.such.name"};

model::DomainNamesPeer random_domains(Random& random) {
  model::DomainNamesPeer peer;
  for (int names = random.between(1, 3); names > 0; --names) peer.names.push_back(random.pick(kPatterns));
  std::sort(peer.names.begin(), peer.names.end());
  peer.names.erase(std::unique(peer.names.begin(), peer.names.end()), peer.names.end());
  return peer;
}

}  // namespace

model::Cluster with_names(model::Cluster cluster, uint64_t seed) {
  Random random(seed);
  for (auto& [name, policy] : cluster.cluster_policies) {
    if (policy.tier != model::Tier::kAdmin) continue;
    for (model::ClusterRule& rule : policy.egress) {
      if (rule.action != model::Action::kAccept || rule.closed || !random.chance(50)) continue;
      if (random.chance(60)) rule.peers.clear();
      rule.peers.emplace_back(random_domains(random));
    }
  }
  return cluster;
}

std::map<std::string, std::set<net::Ip>> random_resolved(const model::Cluster& cluster, uint64_t seed) {
  Random random(seed);
  const std::vector<net::Ip> known = known_addresses(cluster);
  std::map<std::string, std::set<net::Ip>> resolved;
  for (const std::string& name : kNames) {
    auto& addresses = resolved[name];
    for (int left = random.between(0, 4); left > 0; --left) addresses.insert(random.pick(known));
  }
  return resolved;
}

}  // namespace sluice::oracle
