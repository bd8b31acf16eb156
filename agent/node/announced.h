// Announced: the pods that a CNI plugin announced of, and what follows from that for what was discovered and for Pod
// objects.
//
// Laws: a announced endpoint adds to what discover() finds and never takes from it: its interface counts as found,
// as the announced pod's and with the announced addresses, as long as there is such an interface. A Pod object without
// an address of its own (kubelet publishes it only after CNI ADD has returned) has the announced ones meanwhile,
// as a protected endpoint and as a peer. Announced of a uid, that is the pod of that uid and none before or after
// it by the same name; but a uid without '-' is a static pod's (the hash of its manifest, where its Pod
// object has a uid of its own), and names every pod of its name. One host interface is of one announced endpoint,
// and so is one interface of one pod (uid): who is announced of later replaces the other, whose DEL was lost. Announced
// of an interface's number, that is the interface, and none that gets its name after it. Pure; any thread.
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

// Takes one in, and those that it replaces out.
void announce(Announced& announced, const Announcement& fresh);
// Those of the network that are not valid: their DELs were lost.
std::vector<AnnouncedKey> lost_of(const Announced& announced, const std::string& network, const std::set<AnnouncedKey>& valid);
// The number of its host interface; 0 where that is gone, another one of its name perhaps there.
uint32_t interface_of(const endpoint::Discovery& discovery, const AnnouncedEndpoint& announced);

// What was discovered and what was announced together.
endpoint::Discovery with_announced(endpoint::Discovery discovery, const Announced& announced);
// The host interfaces of announced endpoints.
std::set<uint32_t> announced_interfaces(const endpoint::Discovery& discovery, const Announced& announced);

// Lends announced addresses to Pod objects.
class AddressOverlay {
 public:
  explicit AddressOverlay(std::string node_name) : node_name_(std::move(node_name)) {}
  // A change of the source, as it is to be taken.
  model::Change apply(model::Change change);
  // What follows from a change of what is announced.
  std::vector<model::Change> set_announced(const Announced& announced);

 private:
  model::Pod with_addresses(model::Pod pod) const;

  const std::string node_name_;
  std::multimap<model::ObjectName, AnnouncedEndpoint> announced_;
  std::map<model::ObjectName, model::Pod> here_;  // pods of this node, as their objects are
};

}  // namespace sluice::node
