// Traffic: a set of what may be sent from one end to another: ports of each protocol that has ports, ICMP,
// and all other protocols as one.
//
// Values; any thread.
#pragma once

#include <boost/icl/interval_set.hpp>
#include <string>
#include <vector>

#include "agent/model/cluster_policy.h"

namespace sluice::rehearse {

// Points on one line, right-open: the ports 1..65535 of net::kPortProtocols[i] at i * 65536 + port, then ICMP, then the
// others.
using Traffic = boost::icl::interval_set<uint32_t, std::less, boost::icl::right_open_interval<uint32_t>>;

Traffic everything();
Traffic one(net::Protocol protocol, net::Port port);  // the port is ignored where the protocol has none
// What the `ports` of a rule let through to this destination, whose container ports a name means; nullptr: no pod.
Traffic traffic_of(const std::vector<model::PolicyPort>& ports, const model::Pod* destination);
// Of the `protocols` of a ClusterNetworkPolicy's rule.
Traffic traffic_of(const model::ClusterProtocols& protocols, const model::Pod* destination);

// Of the set one protocol's: {"TCP", "80,443,8000-8999"}, {"UDP", "all"}, {"ICMP", ""}, {"other", ""}.
struct Share {
  std::string protocol, ports;
  auto operator<=>(const Share&) const = default;
};
// {"any", "all"} alone where it is everything.
std::vector<Share> shares_of(const Traffic& traffic);

}  // namespace sluice::rehearse
