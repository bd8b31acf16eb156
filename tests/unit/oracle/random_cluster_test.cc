// The generator draws what it promises: the same from the same seed, valid objects, and every corner case
// somewhere.
#include "tests/oracle/random_cluster.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>

#include "agent/reference/reference.h"
#include "agent/reference/services.h"
#include "tests/oracle/text.h"

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Pod;

constexpr uint64_t kSeeds = 300;
int size_of(uint64_t seed) {
  return 1 + static_cast<int>(seed % 40);
}

template <typename Map, typename Holds>
bool any(const Map& objects, Holds holds) {
  for (const auto& [name, object] : objects)
    if (holds(object)) return true;
  return false;
}
bool any_rule(const Cluster& cluster, const std::function<bool(const model::Rule&)>& holds) {
  return any(cluster.policies, [&](const model::NetworkPolicy& policy) {
    for (model::Direction direction : model::kDirections)
      for (const model::Rule& rule : policy.rules(direction))
        if (holds(rule)) return true;
    return false;
  });
}
bool any_block(const Cluster& cluster, const std::function<bool(const model::IpBlock&)>& holds) {
  return any_rule(cluster, [&](const model::Rule& rule) {
    for (const model::Peer& peer : rule.peers)
      if (const auto* block = std::get_if<model::IpBlock>(&peer); block && holds(*block)) return true;
    return false;
  });
}
bool any_port(const Cluster& cluster, const std::function<bool(const model::PolicyPort&)>& holds) {
  return any_rule(cluster, [&](const model::Rule& rule) {
    for (const model::PolicyPort& port : rule.ports)
      if (holds(port)) return true;
    return false;
  });
}

bool any_host_port(const Cluster& cluster, const std::function<bool(const model::HostPort&)>& holds) {
  return any(cluster.pods, [&](const Pod& pod) {
    return std::any_of(pod.host_ports.begin(), pod.host_ports.end(), holds);
  });
}

struct Corner {
  const char* name;
  bool (*is_in)(const Cluster&);
};
const Corner kCorners[] = {
    {"a dual-stack pod",
     [](const Cluster& c) {
       return any(c.pods, [](const Pod& p) { return !p.host_network && p.ips.size() == 2; });
     }},
    {"a pod without an IP",
     [](const Cluster& c) { return any(c.pods, [](const Pod& p) { return p.ips.empty(); }); }},
    {"a hostNetwork pod",
     [](const Cluster& c) { return any(c.pods, [](const Pod& p) { return p.host_network; }); }},
    {"a finished pod",
     [](const Cluster& c) {
       return any(c.pods, [](const Pod& p) { return p.phase == model::PodPhase::kFailed; });
     }},
    {"an IP that a later pod reuses",
     [](const Cluster& c) {
       model::PodAddresses addresses(c);
       return any(c.pods, [&](const Pod& p) {
         return p.takes_part() && addresses.owned_by(p).size() < p.ips.size();
       });
     }},
    {"a pod whose source prefixes hold another's address",
     [](const Cluster& c) {
       model::PodAddresses addresses(c);
       return any(c.pods, [&](const Pod& p) {
         return any(c.pods, [&](const Pod& other) {
           for (const net::Cidr& prefix : p.source_prefixes)
             for (const net::Ip& ip : addresses.owned_by(other))
               if (prefix.contains(ip) && !addresses.owned_by(p).empty() && other.name != p.name) return true;
           return false;
         });
       });
     }},
    {"a namespace with source prefixes",
     [](const Cluster& c) {
       return any(c.namespaces, [](const model::Namespace& n) { return !n.source_prefixes.empty(); });
     }},
    {"a pod of a namespace without an object",
     [](const Cluster& c) {
       return any(c.pods, [&](const Pod& p) { return !c.namespaces.contains({"", p.name.ns}); });
     }},
    {"a node without addresses",
     [](const Cluster& c) { return any(c.nodes, [](const model::Node& n) { return n.addresses.empty(); }); }},
    {"a rule without peers",
     [](const Cluster& c) { return any_rule(c, [](const model::Rule& r) { return r.peers.empty(); }); }},
    {"a rule without ports",
     [](const Cluster& c) { return any_rule(c, [](const model::Rule& r) { return r.ports.empty(); }); }},
    {"policyTypes Egress alone, with ingress rules",
     [](const Cluster& c) {
       return any(c.policies,
                  [](const model::NetworkPolicy& p) { return !p.isolates_ingress && !p.ingress.empty(); });
     }},
    {"policyTypes Ingress alone, with egress rules",
     [](const Cluster& c) {
       return any(c.policies,
                  [](const model::NetworkPolicy& p) { return !p.isolates_egress && !p.egress.empty(); });
     }},
    {"/0", [](const Cluster& c) { return any_block(c, [](const auto& b) { return b.cidr.length() == 0; }); }},
    {"/32",
     [](const Cluster& c) {
       return any_block(
           c, [](const auto& b) { return b.cidr.length() == 32 && b.cidr.family() == net::Family::kIpv4; });
     }},
    {"/128",
     [](const Cluster& c) { return any_block(c, [](const auto& b) { return b.cidr.length() == 128; }); }},
    {"nested excepts",
     [](const Cluster& c) {
       return any_block(c, [](const auto& b) {
         for (const auto& outer : b.except)
           for (const auto& inner : b.except)
             if (outer != inner && outer.contains(inner)) return true;
         return false;
       });
     }},
    {"a named port",
     [](const Cluster& c) {
       return any_port(c, [](const auto& p) { return std::holds_alternative<std::string>(p.port); });
     }},
    {"an endPort",
     [](const Cluster& c) {
       return any_port(c, [](const auto& p) {
         const auto* range = std::get_if<net::PortRange>(&p.port);
         return range && range->first != range->last;
       });
     }},
    {"every port of SCTP",
     [](const Cluster& c) {
       return any_port(c, [](const auto& p) { return p.protocol == net::kSctp && p.port.index() == 0; });
     }},
    {"a headless Service",
     [](const Cluster& c) { return any(c.services, [](const model::Service& s) { return s.headless; }); }},
    {"a Service without a selector",
     [](const Cluster& c) { return any(c.services, [](const model::Service& s) { return !s.selector; }); }},
    {"a Service on a node's address",
     [](const Cluster& c) {
       return any(c.services, [&](const model::Service& s) {
         return any(c.nodes, [&](const model::Node& n) {
           return std::find_first_of(s.addresses.begin(), s.addresses.end(), n.addresses.begin(),
                                     n.addresses.end()) != s.addresses.end();
         });
       });
     }},
    {"a node port and a named target port",
     [](const Cluster& c) {
       return any(c.services, [](const model::Service& s) {
         for (const auto& p : s.ports)
           if (p.node_port && std::holds_alternative<std::string>(p.target)) return true;
         return false;
       });
     }},
    {"an endpoint that serves while it terminates",
     [](const Cluster& c) {
       return any(c.endpoint_slices, [](const model::EndpointSlice& s) {
         for (const auto& e : s.endpoints)
           if (!e.ready && e.serving && e.terminating) return true;
         return false;
       });
     }},
    {"a host port at every address",
     [](const Cluster& c) { return any_host_port(c, [](const auto& p) { return !p.ip; }); }},
    {"a host port of one family",
     [](const Cluster& c) {
       return any_host_port(c, [](const auto& p) { return p.ip && p.ip->is_unspecified(); });
     }},
    {"a host port at an address of its node",
     [](const Cluster& c) {
       return any(c.pods, [&](const Pod& p) {
         const auto own = reference::own_node_addresses(c, p);
         for (const auto& port : p.host_ports)
           if (port.ip && std::find(own.begin(), own.end(), *port.ip) != own.end()) return true;
         return false;
       });
     }},
    {"a host port that is a node port",
     [](const Cluster& c) {
       return any_host_port(c, [&](const model::HostPort& port) {
         return any(c.services, [&](const model::Service& s) {
           for (const auto& p : s.ports)
             if (p.protocol == port.protocol && p.node_port == port.port) return true;
           return false;
         });
       });
     }},
    {"a pod that terminates and is ready",
     [](const Cluster& c) { return any(c.pods, [](const Pod& p) { return p.terminating && p.ready; }); }},
    {"a Service that publishes pods that are not ready",
     [](const Cluster& c) {
       return any(c.services, [](const model::Service& s) { return s.publish_not_ready; });
     }},
    {"internalTrafficPolicy: Local beside an external IP",
     [](const Cluster& c) {
       return any(c.services, [](const model::Service& s) {
         return !s.local_addresses.empty() && s.local_addresses.size() < s.addresses.size();
       });
     }},
    {"endpoints of a local Service on a node and on none",
     [](const Cluster& c) {
       return any(c.endpoint_slices, [&](const model::EndpointSlice& s) {
         auto service = c.services.find({s.name.ns, s.service});
         if (service == c.services.end() || service->second.local_addresses.empty()) return false;
         auto on_none = [](const auto& e) { return e.node_name.empty(); };
         return std::any_of(s.endpoints.begin(), s.endpoints.end(), on_none) &&
                !std::all_of(s.endpoints.begin(), s.endpoints.end(), on_none);
       });
     }},
};

TEST(RandomCluster, MeetsEveryCornerOften) {
  std::map<std::string, int> met;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Cluster cluster = random_cluster(seed, size_of(seed));
    for (const Corner& corner : kCorners) met[corner.name] += corner.is_in(cluster);
  }
  for (const Corner& corner : kCorners) EXPECT_GE(met[corner.name], 10) << corner.name;
}

TEST(RandomCluster, TheSameSeedIsTheSameWorld) {
  const Cluster cluster = random_cluster(7, 30);
  EXPECT_EQ(cluster, random_cluster(7, 30));
  EXPECT_NE(cluster, random_cluster(8, 30));
  const auto once = random_probes(cluster, 1, 100), again = random_probes(cluster, 1, 100);
  for (size_t i = 0; i < once.size(); ++i) EXPECT_EQ(to_json(once[i]), to_json(again[i]));
}

TEST(RandomCluster, ObjectsAreAsTheApiAcceptsThem) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Cluster cluster = random_cluster(seed, size_of(seed));
    EXPECT_EQ(cluster.pods.size(), static_cast<size_t>(size_of(seed)));
    EXPECT_FALSE(
        any(cluster.policies, [](const auto& p) { return !p.isolates_ingress && !p.isolates_egress; }));
    EXPECT_FALSE(any_block(cluster, [](const model::IpBlock& b) {
      for (const auto& except : b.except)
        if (!b.cidr.contains(except) || except == b.cidr) return true;
      return false;
    }));
    EXPECT_FALSE(any_port(cluster, [](const model::PolicyPort& p) {
      const auto* range = std::get_if<net::PortRange>(&p.port);
      return range && (range->first > range->last || range->first.host() == 0);
    }));
  }
}

TEST(RandomProbes, GiveEveryAnswer) {
  std::map<std::string, int> egress, ingress;
  int errors = 0, probes = 0;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    const Cluster cluster = random_cluster(seed, size_of(seed));
    const reference::Reference reference(cluster);
    for (const model::Probe& probe : random_probes(cluster, seed, 50)) {
      ++probes;
      auto answer = reference.evaluate(probe);
      errors += !answer.ok();
      if (!answer) continue;
      ++egress[std::string(model::to_text(answer->egress))];
      ++ingress[std::string(model::to_text(answer->ingress))];
    }
  }
  for (const char* side : {"none", "allow", "deny"}) {
    EXPECT_GT(egress[side], probes / 10) << side;
    EXPECT_GT(ingress[side], probes / 20) << side;
  }
  EXPECT_GT(errors, 0);
  EXPECT_LT(errors, probes / 5);
}

TEST(RandomChange, ChangesTheClusterInEveryKind) {
  std::map<model::Kind, int> upserts, removals;
  Cluster cluster = with_tiers(random_cluster(3, 20), 3);
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    const auto changes = random_change(cluster, seed);
    ASSERT_FALSE(changes.empty());
    for (const model::Change& change : changes) {
      ++(change.is_removal() ? removals : upserts)[change.id().kind];
      cluster.apply(change);
    }
  }
  for (model::Kind kind : model::kKinds) {
    EXPECT_GT(upserts[kind], 0) << model::to_text(kind);
    EXPECT_GT(removals[kind], 0) << model::to_text(kind);
  }
}

}  // namespace
}  // namespace sluice::oracle
