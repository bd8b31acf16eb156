// Announced: the endpoints that CNI plugins announced, and what follows from them for what was
// discovered and for Pod objects.
//
// Laws:
//  1. An announced endpoint adds to what discover() finds and takes nothing from it: as long as
//     its interface is there, the interface counts as found, as the announced pod's, with the
//     announced addresses.
//  2. A Pod object without an address has the announced addresses meanwhile, as a protected
//     endpoint and as a peer: kubelet publishes a pod's address only after ADD has returned.
//  3. An announced uid names the pod of that uid, and none before or after it by the same name. A
//     uid without '-' is a static pod's: the hash of its manifest, where its Pod object has a uid
//     of its own. It names every pod of its name.
//  4. One host interface belongs to one announced endpoint, and so does one interface of one pod
//     (uid). A later announcement replaces the earlier one, whose DEL was lost.
//  5. An announced interface number names that interface, and none that gets its name later.
//
// Pure; any thread.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/endpoint/discover.h"
#include "agent/model/cluster.h"

namespace sluice::node {

inline constexpr size_t kMostAnnounced = 10'000;

struct AnnouncedKey {
  std::string container_id, interface_name;
  auto operator<=>(const AnnouncedKey&) const = default;
};

struct AnnouncedEndpoint {
  model::ObjectName pod;
  std::string uid;  // empty: not announced
  std::string netns, host_interface;
  std::vector<net::Ip> addresses;  // unique, in the order announced
  uint32_t host_ifindex = 0;       // 0: not known, any interface of that name is meant
  std::string network = {};        // empty: not announced
  bool operator==(const AnnouncedEndpoint&) const = default;
  bool means(const model::Pod& pod) const;
};

struct Announcement {
  AnnouncedKey key;
  AnnouncedEndpoint endpoint;
};

using Announced = std::map<AnnouncedKey, AnnouncedEndpoint>;

// Adds one, and removes those that it replaces (law 4).
void announce(Announced& announced, const Announcement& fresh);
// The keys of that network that are not among `valid`: their DELs were lost.
std::vector<AnnouncedKey> lost_of(const Announced& announced, const std::string& network,
                                  const std::set<AnnouncedKey>& valid);
// The number of its host interface; 0 where that is gone, even if another one has its name now.
uint32_t interface_of(const endpoint::Discovery& discovery, const AnnouncedEndpoint& announced);

// What was discovered and what was announced together.
endpoint::Discovery with_announced(endpoint::Discovery discovery, const Announced& announced);
// The host interfaces of announced endpoints.
std::set<uint32_t> announced_interfaces(const endpoint::Discovery& discovery, const Announced& announced);

// Gives announced addresses to Pod objects that have none (law 2).
class AddressOverlay {
 public:
  explicit AddressOverlay(std::string node_name) : node_name_(std::move(node_name)) {}
  // A change that the source sent, with the announced addresses.
  model::Change apply(model::Change change);
  // The changes of Pod objects that follow from a change of what is announced.
  std::vector<model::Change> set_announced(const Announced& announced);

 private:
  model::Pod with_addresses(model::Pod pod) const;

  const std::string node_name_;
  std::multimap<model::ObjectName, AnnouncedEndpoint> announced_;
  std::map<model::ObjectName, model::Pod> here_;  // pods of this node, as their objects are
};

}  // namespace sluice::node
