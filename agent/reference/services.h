// Which address and port a node rewrites to which endpoints: kube-proxy's view of Services, EndpointSlices
// and nodes, and what is made of host ports (semantics 21 and 22), by looking through all of them each time.
// Pure functions; any thread.
#pragma once

#include <optional>
#include <vector>

#include "agent/model/probe.h"

namespace sluice::reference {

struct Backend {
  model::ProbeEnd end;
  net::Port port;
};

// The addresses of the Node object that the pod's spec.nodeName names; none where there is no such object.
std::vector<net::Ip> own_node_addresses(const model::Cluster& cluster, const model::Pod& pod);

// The endpoints behind `to` as packets from `source` (nullptr: not a pod, so no node or host ports) meet it;
// those of every Service, and of every pod's hostPort, that serves this address, protocol and port together.
// nullopt: a plain address. Empty: a Service without endpoints behind that port.
std::optional<std::vector<Backend>> service_backends(const model::Cluster& cluster,
                                                     const model::PodAddresses& addresses,
                                                     const model::Pod* source, const net::Ip& to,
                                                     net::Protocol protocol, net::Port port);

}  // namespace sluice::reference
