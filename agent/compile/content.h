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

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "agent/image/image.h"
#include "agent/model/cluster.h"

namespace sluice::compile {

using image::EndpointId;
using image::IdentityId;
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
  auto operator<=>(const PeerSet&) const = default;
};
PeerSet peer_set_of(const std::string& policy_namespace, const std::vector<model::Peer>& peers);
PeerSetId id_of(const PeerSet& peers);

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
// The numbers of every container port with one of the spec's names and its protocol take the names' place.
PortSpec resolved(const PortSpec& spec, const std::vector<model::ContainerPort>& ports);

// One direction of an isolated pod: what each peer set may, PeerSetId 0 being everyone.
struct RulesetContent {
  struct Entry {
    PortSpec ports;
    std::shared_ptr<const PeerSet> peers;  // nullptr for PeerSetId 0
    bool operator==(const Entry& other) const {
      return ports == other.ports;
    }  // the peers are named by the key
  };
  model::Direction direction = model::Direction::kIngress;
  std::map<PeerSetId, Entry>
      rules;  // none of them "nothing"; where everyone may do everything, only that one

  void add(PeerSetId peers, const std::shared_ptr<const PeerSet>& content, const PortSpec& ports);
  const PortSpec* of(PeerSetId peers) const;  // nullptr where the peer set is not named
  RulesetId id() const;
  bool operator==(const RulesetContent&) const = default;
};

// An equivalence class of addresses: the local peer sets that hold it, and which numbers stand for those port
// names that the rules of these peer sets use.
struct IdentityContent {
  std::vector<PeerSetId> peers;             // sorted, unique
  std::vector<model::ContainerPort> ports;  // sorted, unique
  bool empty() const { return peers.empty() && ports.empty(); }
  IdentityId id() const;  // 0 where empty
};

// One endpoint behind a Service, as far as policy can tell it from another.
struct Backend {
  bool node = false;    // an address of this node: always allowed (semantics 17)
  IdentityId identity;  // 0 for node
  EndpointId local;     // the local pod that has the address; 0: none
  net::Protocol protocol;
  net::Port port;
  auto operator<=>(const Backend&) const = default;
};
using BackendSet = std::set<Backend>;
IdentityId id_of(const BackendSet& backends);  // also the empty set has one

EndpointId endpoint_id(const model::Pod& pod);

}  // namespace sluice::compile
