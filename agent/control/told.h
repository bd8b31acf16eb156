// Told: the pods that a CNI plugin told of, and what follows from that for what was discovered and for Pod
// objects.
//
// Laws: a told endpoint adds to what discover() finds and never takes from it: its interface counts as found,
// as the told pod's and with the told addresses, as long as there is such an interface. A Pod object without
// an address of its own (kubelet publishes it only after CNI ADD has returned) has the told ones meanwhile,
// as a protected endpoint and as a peer. Told of a uid, that is the pod of that uid and none before or after
// it by the same name; but a uid without '-' is a static pod's (the hash of its manifest, where its Pod
// object has a uid of its own), and names every pod of its name. One host interface is of one told endpoint,
// and so is one interface of one pod (uid): who is told of later replaces the other, whose DEL was lost. Told
// of an interface's number, that is the interface, and none that gets its name after it. Pure; any thread.
#pragma once

#include <compare>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/endpoint/discover.h"
#include "agent/model/cluster.h"
#include "sluice/v1/endpoints.pb.h"

namespace sluice::control {

inline constexpr size_t kMostTold = 10'000;

struct ToldKey {
  std::string container_id, interface_name;
  auto operator<=>(const ToldKey&) const = default;
};

struct ToldEndpoint {
  model::ObjectName pod;
  std::string uid;  // empty: not told
  std::string netns, host_interface;
  std::vector<net::Ip> addresses;  // unique, in the order told
  uint32_t host_ifindex = 0;       // 0: not known, any interface of that name is meant
  std::string network = {};        // empty: not told
  bool operator==(const ToldEndpoint&) const = default;
  bool means(const model::Pod& pod) const;
};

struct ToldRequest {
  ToldKey key;
  ToldEndpoint endpoint;
};
// Errors name the field.
base::Result<ToldRequest> read_told(const v1::AddEndpointRequest& request);
v1::AddEndpointRequest write_told(const ToldKey& key, const ToldEndpoint& endpoint);

using Told = std::map<ToldKey, ToldEndpoint>;

// Takes one in, and those that it replaces out.
void tell(Told& told, const ToldRequest& fresh);
// Those of the network that are not valid: their DELs were lost.
std::vector<ToldKey> lost_of(const Told& told, const v1::KeepEndpointsRequest& request);
// The number of its host interface; 0 where that is gone, another one of its name perhaps there.
uint32_t interface_of(const endpoint::Discovery& discovery, const ToldEndpoint& told);

// What was discovered and what was told together.
endpoint::Discovery with_told(endpoint::Discovery discovery, const Told& told);
// The host interfaces of told endpoints.
std::set<uint32_t> told_interfaces(const endpoint::Discovery& discovery, const Told& told);

// Lends told addresses to Pod objects.
class Lending {
 public:
  explicit Lending(std::string node_name) : node_name_(std::move(node_name)) {}
  // A change of the source, as it is to be taken.
  model::Change lend(model::Change change);
  // What follows from a change of what is told.
  std::vector<model::Change> take_told(const Told& told);

 private:
  model::Pod with_addresses(model::Pod pod) const;

  const std::string node_name_;
  std::multimap<model::ObjectName, ToldEndpoint> told_;
  std::map<model::ObjectName, model::Pod> here_;  // pods of this node, as their objects are
};

}  // namespace sluice::control
