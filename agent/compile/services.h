// ServiceTable: the image's services, and what each egress rule set says of the endpoints behind
// them (semantics 21).
//
// Laws:
//  1. Services with equal endpoints, as far as policy can tell, share an identity.
//  2. A key is in the image where some rule set allows some endpoint behind it, or where "always
//     allowed" (semantics 17, 18) would otherwise apply to its address.
//  3. Work grows with what rule sets say of the services, not with their product.
//
// Not thread-safe.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

#include "agent/compile/addresses.h"
#include "agent/compile/frontends.h"
#include "agent/compile/rules.h"

namespace sluice::compile {

class ServiceTable {
 public:
  // `endpoint_of(pod)` is the id of a pod of this node that is an endpoint, else 0.
  using EndpointOf = std::function<EndpointId(const model::Pod&)>;

  ServiceTable(const Frontends& frontends, const PodIndex& pods, const RuleTable& rules,
               const LocalRules& local, AddressTable& addresses, ImageWriter& writer, EndpointOf endpoint_of)
      : frontends_(frontends),
        pods_(pods),
        rules_(rules),
        local_(local),
        addresses_(addresses),
        writer_(writer),
        endpoint_of_(std::move(endpoint_of)) {}

  // After addresses and rules are written. `stale` are the keys with changed endpoints or a changed address.
  void write(const std::set<ServiceKey>& stale, const LocalRules::Changes& rulesets);

  // The endpoints behind address and port, node ports included; nullopt where no Service answers there.
  std::optional<std::set<BackendAddress>> endpoints_at(const net::Ip& ip, net::Protocol protocol,
                                                       net::Port port) const;

  const std::string& collision() const { return collision_; }

 private:
  using ServiceIds = std::unordered_set<IdentityId>;
  struct Live {
    BackendSet backends;
    std::set<ServiceKey> keys;
    std::set<RulesetId> allowing;  // rule sets with an entry
  };

  std::optional<std::set<BackendAddress>> endpoints_of(const ServiceKey& key) const;
  std::optional<BackendSet> backends_of(const ServiceKey& key) const;
  bool beats_always_allowed(const ServiceKey& key) const;
  Ref ref_of(RulesetId ruleset, const BackendSet& backends) const;
  void assign(const ServiceKey& key);
  void leave(const ServiceKey& key);
  void index(IdentityId id, const BackendSet& backends);
  void unindex(IdentityId id, const BackendSet& backends);
  // Those egress rule sets that may have a word on these backends, and those services on which this rule set
  // may.
  std::set<RulesetId> rulesets_for(IdentityId id, const BackendSet& backends) const;
  ServiceIds rated_by(RulesetId ruleset) const;
  void rate(IdentityId id, Live& live, RulesetId ruleset);
  void write(const ServiceKey& key);

  const Frontends& frontends_;
  const PodIndex& pods_;
  const RuleTable& rules_;
  const LocalRules& local_;
  AddressTable& addresses_;
  ImageWriter& writer_;
  EndpointOf endpoint_of_;
  std::unordered_map<IdentityId, Live> live_;
  std::map<ServiceKey, IdentityId> identity_of_;
  std::unordered_map<IdentityId, ServiceIds> reaching_;  // services by the identities of their endpoints
  // Services with an endpoint that is this node's or a pod of it: a rule set may allow that endpoint without naming any
  // endpoint of theirs (semantics 17, 18).
  ServiceIds near_;
  std::set<RulesetId> egress_, open_;  // open: by default they allow something
  std::unordered_map<RulesetId, ServiceIds> allowed_by_;
  std::map<net::Ip, size_t> listed_at_;  // keys in the image, by address; node ports left out
  std::string collision_;
};

}  // namespace sluice::compile
