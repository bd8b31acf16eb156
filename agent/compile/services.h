// ServiceTable: the image's services, and what each egress rule set says of the endpoints behind
// them (semantics 21).
//
// Laws:
//  1. Services with equal endpoints, as far as policy can tell, share an identity.
//  2. A key is in the image where some rule set allows some endpoint behind it, or where "always
//     allowed" (semantics 17, 18) would otherwise apply to its address; and every key while some
//     rule set is whole (has tiers, and is of egress).
//  3. Work grows with what rule sets say of the services, not with their product; but each whole
//     rule set is asked about each service.
//  4. While some rule set is whole, services are told apart by their written face too (semantics
//     67), and a node port is a key at each of this node's addresses: their faces may differ.
//  5. A whole rule set that names domains has a rule for a service under each class of names that an
//     address of it has, where the name and every endpoint behind it together are allowed. The names are
//     those of the address that the pod wrote.
//  6. A whole rule set has a rule for a service where it says something else than the written face
//     that the packet path finds by its prefix.
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
#include "agent/compile/names.h"
#include "agent/compile/rules.h"

namespace sluice::compile {

class ServiceTable {
 public:
  // `endpoint_of(pod)` is the id of a pod of this node that is an endpoint, else 0.
  using EndpointOf = std::function<EndpointId(const model::Pod&)>;

  ServiceTable(const Frontends& frontends, const PodIndex& pods, const RuleTable& rules,
               const LocalRules& local, const Identities& identities, AddressTable& addresses,
               const NameTable& names, ImageWriter& writer, EndpointOf endpoint_of)
      : frontends_(frontends),
        pods_(pods),
        rules_(rules),
        local_(local),
        identities_(identities),
        addresses_(addresses),
        names_(names),
        writer_(writer),
        endpoint_of_(std::move(endpoint_of)) {}

  // After addresses and rules are written. `changed` are the keys with changed endpoints or a changed address.
  void write(const std::set<ServiceKey>& changed, const LocalRules::Changes& rulesets);

  // The endpoints behind address and port, node ports included; nullopt where no Service answers there.
  std::optional<std::set<BackendAddress>> endpoints_at(const net::Ip& ip, net::Protocol protocol,
                                                       net::Port port) const;

  bool whole() const { return !whole_.empty(); }
  const std::string& collision() const { return collision_; }

 private:
  using ServiceIds = std::unordered_set<IdentityId>;
  // A class of names that addresses of a service have.
  struct ByName {
    std::vector<PeerSetId> matching;
    std::set<ServiceKey> keys;
    std::set<RulesetId> allowing;
  };
  struct Live {
    BackendSet backends;
    std::optional<WrittenFace> written;  // while whole()
    std::set<ServiceKey> keys;
    std::set<RulesetId> allowing;  // rule sets with an entry
    std::map<NameClassId, ByName> by_name;
  };

  std::optional<std::set<BackendAddress>> endpoints_of(const ServiceKey& key) const;
  std::optional<BackendSet> backends_of(const ServiceKey& key) const;
  bool beats_always_allowed(const ServiceKey& key) const;
  Ref ref_of(RulesetId ruleset, const BackendSet& backends) const;
  Ref ref_of_whole(const RulesetContent& ruleset, const Live& live) const;
  std::optional<WrittenFace> written_face(const ServiceKey& key) const;
  // Those that a node port stands for are added, and what it stood for before.
  void spread(std::set<ServiceKey>& stale);
  void assign(const ServiceKey& key);
  void leave(const ServiceKey& key);
  void index(IdentityId id, const BackendSet& backends);
  void unindex(IdentityId id, const BackendSet& backends);
  // Those egress rule sets that may have a word on these backends, and those services on which this rule set
  // may.
  std::set<RulesetId> rulesets_for(IdentityId id, const BackendSet& backends) const;
  ServiceIds rated_by(RulesetId ruleset) const;
  void rate(IdentityId id, Live& live, RulesetId ruleset);
  void rate(IdentityId id, const Live& live, NameClassId name_class, ByName& by_name, RulesetId ruleset);
  // The classes of the key's names are those that they are now; none: the key goes.
  void set_names(const ServiceKey& key, const std::map<NameClassId, const std::vector<PeerSetId>*>& classes);
  void drop_rules(IdentityId id, NameClassId name_class, const ByName& by_name);
  void write(const ServiceKey& key);

  const Frontends& frontends_;
  const PodIndex& pods_;
  const RuleTable& rules_;
  const LocalRules& local_;
  const Identities& identities_;
  AddressTable& addresses_;
  const NameTable& names_;
  ImageWriter& writer_;
  EndpointOf endpoint_of_;
  std::unordered_map<IdentityId, Live> live_;
  std::map<ServiceKey, IdentityId> identity_of_;
  ServiceIds named_;                                     // with by_name
  std::unordered_map<IdentityId, ServiceIds> reaching_;  // services by the identities of their endpoints
  // Services with an endpoint that is this node's or a pod of it: a rule set may allow that endpoint without naming any
  // endpoint of theirs (semantics 17, 18).
  ServiceIds near_;
  std::set<RulesetId> egress_, open_;  // open: by default they allow something, or they are whole
  std::set<RulesetId> whole_;
  std::map<ServiceKey, std::set<ServiceKey>> spread_;  // node ports -> the keys that stand for them
  std::unordered_map<RulesetId, ServiceIds> allowed_by_;
  std::map<net::Ip, size_t> listed_at_;  // keys in the image, by address; node ports left out
  std::string collision_;
};

}  // namespace sluice::compile
