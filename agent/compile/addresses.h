// AddressTable: which identity an address has. It keeps the image's tables of addresses and
// prefixes.
//
// Laws:
//  1. An identity is what the peer sets that hold the address say of it, by selector (pods), as a
//     node's, and by ipBlock (everyone, semantics 11), plus the numbers of the port names that
//     their rules use.
//  2. The table of addresses has this node's own addresses, those of Services, and of the pods'
//     and other nodes' only those for which the prefixes alone would give another identity.
//  3. Prefix entries are minimal: each differs from the next shorter one.
//
// Not thread-safe.
#pragma once

#include <set>
#include <vector>

#include "agent/compile/identities.h"
#include "agent/compile/image_writer.h"
#include "agent/compile/node_peers.h"
#include "agent/compile/prefixes.h"

namespace sluice::compile {

class AddressTable {
 public:
  AddressTable(const PodIndex& pods, const PeerIndex& peers, const NodePeers& nodes,
               const PrefixTree& prefixes, Identities& identities, ImageWriter& writer)
      : pods_(pods),
        peers_(peers),
        nodes_(nodes),
        prefixes_(prefixes),
        identities_(identities),
        writer_(writer) {}

  // Returns those that came or went.
  std::vector<net::Ip> set_node_addresses(std::set<net::Ip> addresses);
  const std::set<net::Ip>& node_addresses() const { return node_addresses_; }
  bool is_service(const net::Ip& ip) const { return service_addresses_.contains(ip); }
  bool is_node(const net::Ip& ip) const { return node_addresses_.contains(ip); }

  // After a change of regions: the prefixes that stand for them.
  void write(const PrefixTree::Changes& changes);
  // After a change of anything that decides about the address.
  void write(const net::Ip& ip);
  void set_service(const net::Ip& ip, bool service);

  // What the packet path will find for the address.
  IdentityId identity_of(const net::Ip& ip) const;
  // What its prefix alone stands for.
  IdentityContent by_prefix(const net::Ip& ip) const;
  // The same with the nodes whose address it is: no pod, whoever has it, nor the own node as such (semantics 67).
  IdentityContent as_written(const net::Ip& ip) const;

 private:
  IdentityId classify(const net::Ip& ip, const Region* region);
  IdentityId classify_pod(const Group& group, const Region* region, const std::vector<PeerSetId>& as_node);
  void set(const net::Ip& ip, const std::optional<image::Address>& address);
  void set(const net::Cidr& cidr, std::optional<IdentityId> identity);

  const PodIndex& pods_;
  const PeerIndex& peers_;
  const NodePeers& nodes_;
  const PrefixTree& prefixes_;
  Identities& identities_;
  ImageWriter& writer_;
  std::set<net::Ip> node_addresses_, service_addresses_;
};

}  // namespace sluice::compile
