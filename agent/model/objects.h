// The Kubernetes facts that policy depends on, as plain values. Decoders (agent/source) make them valid;
// nothing here checks again. Field names follow the Kubernetes API (v1, discovery.k8s.io/v1,
// networking.k8s.io/v1).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/model/requirements.h"
#include "agent/net/ip.h"
#include "agent/net/port.h"

namespace sluice::model {

// "namespace/name"; the namespace is empty for cluster-scoped kinds.
struct ObjectName {
  std::string ns, name;
  std::string to_text() const { return ns.empty() ? name : ns + "/" + name; }
  auto operator<=>(const ObjectName&) const = default;
};

using Labels = std::map<std::string, std::string>;

// On a Pod, or on the Namespace of pods: CIDRs, comma separated, that it may send from (semantics 38).
inline constexpr char kSourcePrefixesAnnotation[] = "sluice.dev/allowed-source-prefixes";
inline constexpr char kFlowsAnnotation[] = "sluice.dev/flows";
// On a Pod, or on the Namespace of pods: "allowed" has its new allowed connections reported too.
inline constexpr char kObserveAnnotation[] = "sluice.dev/observe";
// On a NetworkPolicy, or on the Namespace of policies: "audit" has it isolate nobody, and what it would deny reported.
inline constexpr char kModeAnnotation[] = "sluice.dev/mode";
// On a NetworkPolicy; charts write them without the prefix too.
inline constexpr char kLogLevelAnnotation[] = "sluice.dev/policy-log-level";
inline constexpr char kMetricsAnnotation[] = "sluice.dev/metrics-enabled";

// metav1.LabelSelector; matchLabels are kept as In requirements of one value. Empty matches everything.
struct LabelSelector {
  Requirements requirements;  // sorted, unique; all must hold
  auto operator<=>(const LabelSelector&) const = default;
};

enum class PodPhase : uint8_t { kPending, kRunning, kSucceeded, kFailed, kUnknown };

struct ContainerPort {
  std::string name;  // empty where the port has none
  net::Protocol protocol = net::kTcp;
  net::Port port;
  auto operator<=>(const ContainerPort&) const = default;
};

// A port of the pod's node that stands for one of the pod's (semantics 21).
struct HostPort {
  net::Protocol protocol = net::kTcp;
  net::Port port;             // hostPort
  std::optional<net::Ip> ip;  // hostIP; absent: every address of the node; 0.0.0.0, :: those of the family
  net::Port target;           // containerPort
  auto operator<=>(const HostPort&) const = default;

  // At this address of the node?
  bool answers_at(const net::Ip& own) const {
    return !ip || (ip->is_unspecified() ? ip->family() == own.family() : *ip == own);
  }
};

struct Pod {
  ObjectName name;
  std::string uid;        // empty in files that leave it out
  std::string node_name;  // empty: not scheduled
  Labels labels;
  bool host_network = false;
  PodPhase phase = PodPhase::kRunning;  // where status.phase is absent: kPending without, kRunning with an IP
  bool ready = true;         // false where there is a Ready condition that is not "True" (semantics 22)
  bool terminating = false;  // deletionTimestamp is there
  int64_t created = 0;       // creationTimestamp, seconds since the epoch; 0 where absent
  std::vector<net::Ip> ips;  // status.podIPs, else status.podIP; unique, in the order given
  std::vector<HostPort> host_ports;  // of the containers of `ports`, in that order; none with hostNetwork
  // Named and unnamed ports of containers and of sidecar init containers (restartPolicy: Always), in that
  // order.
  std::vector<ContainerPort> ports;
  // What it may send from besides its own addresses (semantics 38); unique, sorted.
  std::vector<net::Cidr> source_prefixes = {};
  // "replicaset/web-5d8b": kind in small letters and name of the owner that controls it (ownerReferences); empty: none.
  std::string controller = {};
  uint32_t flows = 0;  // connections that the node is sure to remember of it (sluice.dev/flows); 0: as of all
  bool observe_allowed = false;  // sluice.dev/observe: allowed
  bool operator==(const Pod&) const = default;

  // Semantics 2: takes part as a protected endpoint and as a peer that selectors match.
  bool takes_part() const {
    return !ips.empty() && !host_network && phase != PodPhase::kSucceeded && phase != PodPhase::kFailed;
  }
};

struct Namespace {
  ObjectName name;                              // ns empty
  Labels labels;                                // kubernetes.io/metadata.name always present
  std::vector<net::Cidr> source_prefixes = {};  // of every pod in it, beside the pod's own; unique, sorted
  bool observe_allowed = false;                 // sluice.dev/observe: allowed, of every pod in it
  bool audit = false;                           // sluice.dev/mode: audit, of every policy in it
  bool operator==(const Namespace&) const = default;
};

struct Node {
  ObjectName name;                        // ns empty
  std::vector<net::Ip> addresses;         // InternalIP and ExternalIP of status.addresses; unique, sorted
  std::vector<net::Cidr> pod_cidrs = {};  // spec.podCIDRs, else spec.podCIDR; unique, sorted
  Labels labels = {};                     // that a ClusterNetworkPolicy selects it by
  bool operator==(const Node&) const = default;
};

struct ServicePort {
  std::string name;  // may be empty
  net::Protocol protocol = net::kTcp;
  net::Port port;
  std::optional<net::Port> node_port;
  // targetPort: a number, or the name of a container port of each endpoint pod; absent means `port`.
  std::variant<net::Port, std::string> target;
  bool operator==(const ServicePort&) const = default;
};

struct Service {
  ObjectName name;
  // clusterIPs (or clusterIP), externalIPs and status.loadBalancer.ingress[].ip: unique, sorted. Empty for
  // headless and ExternalName services (unless externalIPs are set).
  std::vector<net::Ip> addresses;
  // Those of `addresses` behind which only endpoints on the asking pod's node stand: the cluster IPs, with
  // internalTrafficPolicy: Local (semantics 22).
  std::vector<net::Ip> local_addresses;
  bool headless = false;              // clusterIP: None, or type ExternalName: adds nothing (semantics 22)
  bool publish_not_ready = false;     // publishNotReadyAddresses: pods that are not ready are endpoints too
  std::vector<net::Family> families;  // ipFamilies, else those of the cluster IPs; node ports answer on these
  std::vector<ServicePort> ports;
  std::optional<Labels> selector;  // absent or empty: endpoints come from EndpointSlices only
  bool operator==(const Service&) const = default;
};

struct Endpoint {
  std::vector<net::Ip> addresses;
  bool ready = true;    // conditions.ready; absent means true (EndpointSlice API)
  bool serving = true;  // absent: as ready
  bool terminating = false;
  std::string node_name = {};  // empty: on nobody's node
  bool operator==(const Endpoint&) const = default;
};

struct EndpointPort {
  std::string name;
  net::Protocol protocol = net::kTcp;
  std::optional<net::Port> port;  // absent: all ports (no Service port maps to it)
  bool operator==(const EndpointPort&) const = default;
};

struct EndpointSlice {
  ObjectName name;
  std::string service;  // label kubernetes.io/service-name; empty: belongs to none
  net::Family family = net::Family::kIpv4;
  std::vector<EndpointPort> ports;
  std::vector<Endpoint> endpoints;
  bool operator==(const EndpointSlice&) const = default;
};

struct IpBlock {
  net::Cidr cidr;
  std::vector<net::Cidr> except;  // sorted, unique; each inside cidr
  auto operator<=>(const IpBlock&) const = default;

  bool contains(const net::Ip& ip) const;  // semantics 11
};

// A NetworkPolicyPeer with selectors. Absent and empty differ: absent pod_selector = every pod of the
// namespaces; absent namespace_selector = the policy's own namespace. At least one is present.
struct SelectorPeer {
  std::optional<LabelSelector> pod_selector, namespace_selector;
  auto operator<=>(const SelectorPeer&) const = default;
};

using Peer = std::variant<SelectorPeer, IpBlock>;

struct PolicyPort {
  net::Protocol protocol = net::kTcp;
  // monostate: every port of the protocol; a range (one number or port..endPort); or a container port's name.
  std::variant<std::monostate, net::PortRange, std::string> port;
  auto operator<=>(const PolicyPort&) const = default;
};

// One ingress or egress rule. Empty peers: every address (semantics 9). Empty ports: everything (semantics
// 13).
struct Rule {
  std::vector<Peer> peers;
  std::vector<PolicyPort> ports;
  auto operator<=>(const Rule&) const = default;
};

enum class Direction : uint8_t { kIngress = 0, kEgress = 1 };
inline constexpr Direction kDirections[] = {Direction::kIngress, Direction::kEgress};
inline std::string_view to_text(Direction d) {
  return d == Direction::kIngress ? "ingress" : "egress";
}

// Which connections the agent's log has a line for, where a policy is concerned: of those that it denies, or also of
// those that it allows. Unsaid: as the agent's --log-drops.
enum class LogLevel : uint8_t { kUnsaid, kNone, kDenied, kAll };

struct NetworkPolicy {
  ObjectName name;
  LabelSelector pod_selector;
  bool isolates_ingress = true, isolates_egress = false;  // policyTypes, resolved by semantics 6
  std::vector<Rule> ingress, egress;                      // in file order; a rule's index names it to users
  bool audit = false;  // sluice.dev/mode: audit; ask model::is_in_audit(), which knows the namespace's too
  LogLevel log_level = LogLevel::kUnsaid;  // sluice.dev/policy-log-level
  bool metrics = false;                    // sluice.dev/metrics-enabled: counters of its own
  std::string active;  // sluice.dev/active, an expression that can be read; empty: always in force
  bool operator==(const NetworkPolicy&) const = default;

  bool isolates(Direction d) const { return d == Direction::kIngress ? isolates_ingress : isolates_egress; }
  const std::vector<Rule>& rules(Direction d) const { return d == Direction::kIngress ? ingress : egress; }
};

// Does the selector match these labels? (semantics 10)
bool matches(const LabelSelector& selector, const Labels& labels);

}  // namespace sluice::model
