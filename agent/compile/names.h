// NameTable: which live peer sets match the names that were learnt, and the identities that addresses
// have by their names (semantics 73 to 75).
//
// Laws:
//  1. The image's names are those that some live peer set matches, each with its class.
//  2. An address has an identity for each class of its names, beside its plain one, and these are live
//     as long.
//  3. A name and its addresses are facts of the world, as they were told; nothing expires here.
//
// Not thread-safe.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/compile/addresses.h"

namespace sluice::compile {

using image::NameSlot;

// What was learnt. An address may have names that are not among `names`: they count once they are.
struct Learnt {
  std::map<NameSlot, std::string> names;  // small letters, no dot at the end
  std::map<net::Ip, std::vector<NameSlot>> addresses;
};

// What the cluster's names resolve to: slots in the order of names.
Learnt learnt_of(const model::Cluster& cluster);

class NameTable {
 public:
  NameTable(const AddressTable& addresses, Identities& identities, ImageWriter& writer)
      : addresses_(addresses), identities_(identities), writer_(writer) {}

  // nullopt: the slot stands for no name any more.
  void set_name(NameSlot slot, const std::optional<std::string>& name);
  // None: nothing is known of the address any more.
  void set_address(const net::Ip& ip, std::vector<NameSlot> slots);
  void peers_changed(const PeerIndex::Changes& peers);

  // Brings the classes up to date; returns the addresses that are to be written.
  std::vector<net::Ip> refresh();
  // After a change of the address's plain identity or of its names.
  void write(const net::Ip& ip);
  // Do the changes since the last refresh() ask for no more than names of classes that other names have? Then they are done.
  bool settle();

  // For each class of the address's names: the peer sets that match them.
  std::map<NameClassId, const std::vector<PeerSetId>*> classes_at(const net::Ip& ip) const;
  // The names of an address, each with its slot.
  std::map<std::string, NameSlot> names_at(const net::Ip& ip) const;
  // By address, those that have names.
  const auto& addresses() const { return at_; }
  // The class of a name; 0 where no live peer set matches it.
  NameClassId class_of(NameSlot slot) const;
  // The class that a name has, or would have once it is learnt.
  NameClassId class_for(const std::string& name) const { return name_class_of(matching(name)); }

 private:
  struct Name {
    std::string text;
    std::vector<PeerSetId> matching;
    NameClassId name_class;
  };
  struct At {
    std::vector<NameSlot> slots;
    std::vector<IdentityId> identities;  // in use
  };

  std::vector<PeerSetId> matching(const std::string& name) const;

  const AddressTable& addresses_;
  Identities& identities_;
  ImageWriter& writer_;
  std::map<NameSlot, Name> names_;
  std::map<std::string, NameSlot> slot_of_;
  std::map<net::Ip, At> at_;
  std::map<NameSlot, std::set<net::Ip>> having_;         // addresses by their names
  std::map<std::string, std::set<PeerSetId>> patterns_;  // of live peer sets
  std::map<NameClassId, size_t> uses_;                   // classes that names have
  std::set<NameSlot> stale_names_;
  std::set<net::Ip> stale_;
};

}  // namespace sluice::compile
