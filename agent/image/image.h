// Image: what the maps must hold, as a value: sorted, compared, printed. Difference: what turns
// one image into another.
//
// Laws:
//  1. compile(cluster) is an Image; the same cluster gives the same bytes, however it came about.
//  2. difference(a, b) applied to a is b, and equal images print alike.
//  3. Slots, epochs and array indices are not here: agent/image/placement.h gives them out.
//
// Values; any thread.
#pragma once

#include <absl/container/btree_map.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "agent/image/ids.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"
#include "sluice/layout.h"

namespace sluice::image {

// Ranges of each protocol with ports (in the order of net::kPortProtocols), sorted, disjoint, not adjacent; and all other
// protocols or none of them.
struct Portset {
  std::array<std::vector<net::PortRange>, SLUICE_PORT_PROTOCOLS> ranges;
  bool others = false;
  static Portset everything();
  bool empty() const;
  bool contains(net::Protocol protocol, net::Port port) const;
  // Adds a range and keeps the form canonical.
  void add(net::Protocol protocol, net::PortRange range);
  void add(const Portset& more);
  void remove(const Portset& less);
  PortsetId id() const;  // content id; 0 where empty
  auto operator<=>(const Portset&) const = default;
};

// What one (rule set, identity) pair allows; the logical form of a sluice_ref.
struct Ref {
  enum class Kind : uint8_t { kNone, kAll, kPorts, kPartial, kSelfElsePartial, kSelfElseNone, kNothing };
  Kind kind = Kind::kNone;
  PortsetId portset;    // of kPorts
  EndpointId endpoint;  // of kSelfElse…
  static Ref none() { return {}; }
  static Ref all() { return {Kind::kAll, {}, {}}; }
  static Ref ports(PortsetId id) { return id ? Ref{Kind::kPorts, id, {}} : none(); }
  static Ref nothing() { return {Kind::kNothing, {}, {}}; }  // none, where a side's default allows something
  auto operator<=>(const Ref&) const = default;
};

// What an exact address or a prefix stands for.
struct Address {
  IdentityId identity;
  bool node = false;     // one of this node's own addresses (semantics 17)
  bool service = false;  // a Service answers on some port of it (semantics 21)
  auto operator<=>(const Address&) const = default;
};

// A Service's address and port as the pod's packet carries them. A node port answers on every address of the
// node.
struct ServiceKey {
  bool node_port = false;
  net::Ip address;  // of a node port: 0.0.0.0 or ::, for the family
  net::Protocol protocol;
  net::Port port;
  auto operator<=>(const ServiceKey&) const = default;
};

// What a pod may send from besides its own addresses, and addresses in it that are other pods' (semantics
// 38).
struct SourceKey {
  EndpointId endpoint;
  net::Cidr prefix;
  auto operator<=>(const SourceKey&) const = default;
};

// In the order of identities: what most changes touch is all that some rule sets say of few identities.
struct RuleKey {
  RulesetId ruleset;
  IdentityId identity;
  bool operator==(const RuleKey&) const = default;
  auto operator<=>(const RuleKey& other) const {
    return std::tie(identity, ruleset) <=> std::tie(other.identity, other.ruleset);
  }
};

// Which of the names that were learnt; whoever learns gives the numbers out, and the maps have them (sluice/names.h).
using NameSlot = uint32_t;
// The identity of an address, or of a Service, that has a name of the class; under it stands what rules say of that.
inline IdentityId named(IdentityId identity, NameClassId name_class) {
  return {SLUICE_NAMED_IDENTITY(identity.value, name_class.value)};
}

struct Side {
  RulesetId ruleset;  // 0: not isolated in this direction
  Ref default_ref;    // what every address without an entry in rules may do
  bool whole =
      false;  // of egress: rules say all of this node's addresses and of Services (SLUICE_SIDES_WHOLE)
  auto operator<=>(const Side&) const = default;
};

struct Endpoint {
  std::string name;                   // "namespace/pod": for people; not part of what is compared
  std::optional<net::Ip> ipv4, ipv6;  // the pod's own addresses
  uint32_t ifindex = 0;               // host-side interface; 0: none (offline)
  bool has_sources = false;           // Image::sources has prefixes of it
  std::array<Side, 2> sides;          // by sluice_direction
  std::array<Side, 2> audited = {};   // were the policies in audit in force; ruleset 0: none concerns it
  bool names = false;                 // rules of a side of egress name domains
  bool operator==(const Endpoint& other) const {
    return ipv4 == other.ipv4 && ipv6 == other.ipv6 && ifindex == other.ifindex &&
           has_sources == other.has_sources && names == other.names && sides == other.sides &&
           audited == other.audited;
  }
};

// Those in force and those in audit.
template <typename Visit>
void for_each_side(const Endpoint& endpoint, Visit visit) {
  for (const Side& side : endpoint.sides) visit(side);
  for (const Side& side : endpoint.audited) visit(side);
}

// A table in the order of its keys: as std::map, but several entries a node. What a change costs is the waits
// for memory while its few entries are sought among very many: a fourth of those in a binary tree. An
// insertion or removal may move the others: no iterator, pointer or reference outlives it.
template <typename Key, typename Value>
using Sorted = absl::btree_map<Key, Value>;

struct Image {
  Sorted<net::Ip, Address> addresses;              // only those that the prefixes alone would get wrong
  Sorted<net::Cidr, IdentityId> prefixes;          // longest match; 0 is allowed (a hole)
  Sorted<SourceKey, sluice_source_value> sources;  // longest match
  Sorted<ServiceKey, IdentityId> services;         // -> identity of the set of endpoints behind it
  Sorted<NameSlot, NameClassId> names;             // those that some peer set matches
  Sorted<RuleKey, Ref> rules;                      // the side's default is included in each entry
  std::map<PortsetId, Portset> portsets;           // exactly those that rules and sides refer to
  std::map<EndpointId, Endpoint> endpoints;
  bool operator==(const Image&) const = default;
};

// One table's changes: absent before = added, absent after = removed; before and after differ.
template <typename Value>
struct Changed {
  std::optional<Value> before, after;
  bool operator==(const Changed&) const = default;
};
template <typename Key, typename Value>
using TableChange = Sorted<Key, Changed<Value>>;

struct Difference {
  TableChange<net::Ip, Address> addresses;
  TableChange<net::Cidr, IdentityId> prefixes;
  TableChange<SourceKey, sluice_source_value> sources;
  TableChange<ServiceKey, IdentityId> services;
  TableChange<NameSlot, NameClassId> names;
  TableChange<RuleKey, Ref> rules;
  TableChange<PortsetId, Portset> portsets;
  TableChange<EndpointId, Endpoint> endpoints;
  bool empty() const;
  size_t entries() const;  // how many changed in all tables together
  bool operator==(const Difference&) const = default;
};

Difference difference(const Image& before, const Image& after);
void apply(Image& image, const Difference& difference);
// The way back: before and after change places.
Difference inverse(const Difference& difference);

// The identity that longest-prefix match gives to `address`; 0 where no prefix covers it.
IdentityId identity_by_prefix(const Image& image, const net::Ip& address);

// One line an entry, sorted; what goldens hold and --dry-run prints ("+", "-", "~" lines for a difference).
std::string to_text(const Image& image);
std::string to_text(const Difference& difference);
std::string to_text(const Ref& ref);
std::string to_text(const Portset& portset);  // "TCP 80,443,8000-8999 UDP 53 others"

}  // namespace sluice::image
