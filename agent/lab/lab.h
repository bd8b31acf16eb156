// The lab: pods without Kubernetes. up() makes one network namespace a pod and joins it through
// this machine as a node would; probe() connects every pair for real; down() removes exactly what
// up() made.
//
// Laws:
//  1. Everything is written to the journal in `state_dir` before it is made, so that down() finds
//     it also after up() was killed half-way. An up() that fails undoes what it did.
//  2. What exists under a wanted name is never touched: that is an error which names it.
//  3. Everything goes over netlink, mount(2) and /proc/sys; nothing is executed.
//  4. Service addresses are not translated: there is no kube-proxy here.
//
// Needs root. Call it from a thread whose namespace is the node's; one command at a time (a lock
// says so).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/cluster.h"
#include "agent/model/matrix.h"

namespace sluice::lab {

enum class Topology : uint8_t {
  kRouted,  // a point-to-point veth a pod; gateway 169.254.1.1 and fe80::1 on its near end; the host forwards
  kBridge,  // every veth in the bridge `sluice-lab`, which has the gateway addresses; pods reach each other
            // on link
};
base::Result<Topology> parse_topology(std::string_view text);  // "routed", "bridge"

// A host that is no pod: the outside world.
struct Outside {
  std::string name;
  std::vector<net::Ip> ips;
  bool operator==(const Outside&) const = default;
};
// "NAME=IP[,IP...]"
base::Result<Outside> parse_outside(std::string_view text);

// Where a lab keeps what it needs.
struct Directories {
  std::string state_dir = "/run/sluice-lab";  // absolute; holds the journal
  std::string netns_dir = "/run/netns";       // absolute; where `ip netns` looks
};

struct Options {
  Directories directories;
  Topology topology = Topology::kRouted;
  std::vector<Outside> outside;
};

// One namespace that up() made. `name` of an outside host has an empty namespace.
struct Host {
  model::ObjectName name;
  std::string netns;        // file in netns_dir: sluice-<namespace>-<pod>, sluice-outside-<name>
  std::string host_ifname;  // the near end, "slc" and 12 hex digits of a hash of `netns`
  std::vector<net::Ip> ips;
  bool operator==(const Host&) const = default;
};

// Every pod that takes part (semantics 2), then every outside host.
base::Result<std::vector<Host>> up(const model::Cluster& cluster, const Options& options);

// What was removed, one line each; empty where nothing was up. What can not be removed, or is no longer what
// up() made, is an error naming it, after everything else was removed; the journal stays then.
base::Result<std::vector<std::string>> down(const Directories& directories);

struct ProbeOptions {
  Directories directories;
  net::Protocol protocol = net::kTcp;  // TCP, UDP, or SCTP where the kernel has it
  net::Port port = net::Port::from_host(80);
  std::chrono::milliseconds timeout{300};  // a connection that takes longer was stopped
  std::optional<net::Family> family;       // absent: the first of the source's that the destination has too
};

// Connects every pair of the cluster's pods and the lab's outside hosts. TCP and SCTP: the connection opens.
// UDP: an echo comes back. Takes about one timeout for every kPairsAtOnce pairs.
base::Result<model::Matrix> probe(const model::Cluster& cluster, const ProbeOptions& options);
inline constexpr size_t kPairsAtOnce = 1024;

}  // namespace sluice::lab
