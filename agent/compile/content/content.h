// What the compiler interns: each thing is its canonical content, and its name is the hash of
// that content.
//
// Laws:
//  1. What means the same to policy, as it is spelled, has equal content.
//  2. Content is sorted and free of duplicates, so that neither the order of arrival nor of
//     hashing can show.
//
// Values; any thread.
#pragma once

#include <absl/container/flat_hash_map.h>
#include <absl/container/inlined_vector.h>

#include <array>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "agent/image/image.h"
#include "agent/model/cluster.h"

namespace sluice::compile::content {

using image::EndpointId;
using image::IdentityId;
using image::NameClassId;
using image::PortsetId;
using image::Ref;
using image::RulesetId;
using PeerSetId = image::Id<struct PeerSetTag>;  // 0: everything (semantics 9)

// A SelectorPeer with the policy's namespace filled in.
struct BoundSelector {
  std::string ns;  // used where `namespaces` is absent
  std::optional<model::LabelSelector> namespaces;
  model::LabelSelector pods;  // empty: all of them
  auto operator<=>(const BoundSelector&) const = default;
};

// Who one rule's peers are. Blocks carry no except that is outside the block or inside another one.
struct PeerSet {
  std::vector<BoundSelector> selectors;
  std::vector<model::IpBlock> blocks;
  std::vector<model::LabelSelector> nodes;  // their addresses
  bool own_node = false;                    // every address of this node
  std::vector<std::string> domains = {};    // patterns of names (semantics 73)
  bool empty() const {
    return selectors.empty() && blocks.empty() && nodes.empty() && !own_node && domains.empty();
  }
  auto operator<=>(const PeerSet&) const = default;
};
PeerSet peer_set_of(const std::string& policy_namespace, const std::vector<model::Peer>& peers);
PeerSet peer_set_of(const std::vector<model::ClusterPeer>& peers);
PeerSetId id_of(const PeerSet& peers);
inline bool same(const std::shared_ptr<const PeerSet>& a, const std::shared_ptr<const PeerSet>& b) {
  return a == b || (a != nullptr && b != nullptr && *a == *b);
}

// What may be reached of a peer: everything, or ports by number and (egress only) by the peer pod's names for
// them.
using PortName = std::pair<std::string, net::Protocol>;
struct PortSpec {
  bool all = false;
  image::Portset numbers;
  std::set<PortName> names;
  bool nothing() const { return !all && numbers.empty() && names.empty(); }
  void add(const PortSpec& other);
  auto operator<=>(const PortSpec&) const = default;
};
PortSpec port_spec_of(const std::vector<model::PolicyPort>& ports);
PortSpec port_spec_of(const model::ClusterProtocols& protocols);
// The numbers of every container port with one of the spec's names and its protocol take the names' place.
PortSpec resolved(const PortSpec& spec, const std::vector<model::ContainerPort>& ports);

// A rule of a ClusterNetworkPolicy, as far as it can match.
struct TierRule {
  model::Action action = model::Action::kDeny;
  PeerSetId peers;                         // 0: everyone (a rule that closes)
  std::shared_ptr<const PeerSet> content;  // nullptr for PeerSetId 0
  PortSpec ports;
  bool operator==(const TierRule& other) const {
    return action == other.action && peers == other.peers && same(content, other.content) &&
           ports == other.ports;
  }
  uint64_t id() const;
};
// In their order.
using TierRules = std::vector<std::shared_ptr<const TierRule>>;

struct IdentityContent;

// What ClusterNetworkPolicies say of one direction of a pod: the rules of both tiers. Never changes; rule sets share it.
struct Tiers {
  Tiers(TierRules admin, TierRules baseline);

  std::array<TierRules, 2> rules;  // by model::Tier
  // Where the rules of a peer set stand: in rules[0], and behind them those in rules[1].
  absl::flat_hash_map<PeerSetId, absl::InlinedVector<uint32_t, 2>, std::hash<PeerSetId>> standing;

  // Where the rules stand that name everyone or one of these, nullptr being nobody; in their order.
  std::vector<uint32_t> places_of(std::initializer_list<const IdentityContent*> identities) const;
  const TierRule& rule(uint32_t place) const;
  // By a rule for everyone that names ports.
  bool lets_everyone_reach_names() const { return everyone_by_names_; }
  bool is_baseline(uint32_t place) const { return place >= rules[0].size(); }
  uint64_t id() const;
  bool operator==(const Tiers& other) const;

 private:
  bool everyone_by_names_ = false;
};

// One direction of a pod that some policy speaks of: what each peer set may by its NetworkPolicies, PeerSetId 0 being
// everyone, and what the tiers above and below them say (semantics 42).
struct RulesetContent {
  struct Entry {
    PortSpec ports;
    std::shared_ptr<const PeerSet> peers;  // nullptr for PeerSetId 0
    // The peers are named by the key, which two may have (image/ids.h).
    bool operator==(const Entry& other) const { return ports == other.ports && same(peers, other.peers); }
  };
  model::Direction direction = model::Direction::kIngress;
  std::map<PeerSetId, Entry>
      rules;             // none of them "nothing"; where everyone may do everything, only that one
  bool isolated = true;  // some NetworkPolicy isolates: `rules` decide
  std::shared_ptr<const Tiers> tiers;  // nullptr: no ClusterNetworkPolicy lists a rule for it

  void add(PeerSetId peers, const std::shared_ptr<const PeerSet>& content, const PortSpec& ports);
  const PortSpec* of(PeerSetId peers) const;  // of `rules`; nullptr where the peer set is not named
  // Calls visit(peers, their content, ports) for every rule.
  bool names_domains() const;  // do the peers of some rule?
  template <typename Visit>
  void for_each(Visit visit) const {
    for (const auto& [peers, entry] : rules) visit(peers, entry.peers, entry.ports);
    if (!tiers) return;
    for (const TierRules& tier : tiers->rules)
      for (const auto& rule : tier) visit(rule->peers, rule->content, rule->ports);
  }
  RulesetId id() const;
  bool operator==(const RulesetContent& other) const;
};

// An equivalence class of addresses: the local peer sets that hold it, and which numbers stand for those port
// names that the rules of these peer sets use.
struct IdentityContent {
  std::vector<PeerSetId> peers;             // sorted, unique
  std::vector<model::ContainerPort> ports;  // sorted, unique
  // Of addresses that have a name: the peer sets that match the name, which are among `peers` too; and the identity
  // without it. Sorted, unique; empty: it is of no name.
  std::vector<PeerSetId> by_name = {};
  IdentityId plain = {};
  bool empty() const { return peers.empty() && ports.empty(); }
  IdentityId id() const;  // 0 where empty
  // The same, of what has a name of that class.
  IdentityContent with_name(const std::vector<PeerSetId>& matching) const;
  bool operator==(const IdentityContent&) const = default;
};
// Of the peer sets that match a name; sorted.
NameClassId name_class_of(const std::vector<PeerSetId>& matching);

Ref ref_of(const image::Portset& allowed);  // none where it is empty

// What tiers say of addresses that stand for an identity, whatever NetworkPolicies do.
struct TiersSay {
  image::Portset admin, open;  // allowed by Admin, and what it leaves open
  image::Portset baseline;     // what is allowed of that where no NetworkPolicy isolates
};
TiersSay said_by(const Tiers& tiers, const IdentityContent& identity);
// What a rule set with tiers allows them (semantics 42 to 46).
image::Portset folded(const RulesetContent& ruleset, const IdentityContent& identity, const TiersSay& said);
inline image::Portset folded(const RulesetContent& ruleset, const IdentityContent& identity) {
  return folded(ruleset, identity, said_by(*ruleset.tiers, identity));
}

// A face of what a packet goes to: an address with its port (semantics 67).
struct Face {
  const IdentityContent& identity;
  net::Protocol protocol;
  net::Port port;
};
// Does a rule set with tiers allow it, all tiers gone through? At least one face is there. `itself`: semantics 68.
bool admits(const RulesetContent& ruleset, const Face* end, const Face* written, bool itself);

// One endpoint behind a Service, as far as policy can tell it from another.
struct Backend {
  bool node = false;    // an address of this node: allowed by NetworkPolicies (semantics 17)
  IdentityId identity;  // 0 for node, unless rule sets are whole
  EndpointId local;     // the local pod that has the address; 0: none
  net::Protocol protocol;
  net::Port port;
  auto operator<=>(const Backend&) const = default;
};
using BackendSet = std::set<Backend>;
IdentityId id_of(const BackendSet& backends);  // also the empty set has one

// A Service's address and port as the pod wrote them, where rule sets are whole.
struct WrittenFace {
  IdentityContent by_prefix;  // what the packet path finds
  IdentityContent whole;      // with the nodes whose address it is
  net::Protocol protocol;
  net::Port port;
  bool operator==(const WrittenFace& other) const {
    return by_prefix.peers == other.by_prefix.peers && whole.peers == other.whole.peers &&
           protocol == other.protocol && port == other.port;
  }
};
IdentityId id_of(const BackendSet& backends, const WrittenFace& written);

EndpointId endpoint_id(const model::Pod& pod);

}  // namespace sluice::compile::content
