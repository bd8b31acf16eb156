// Probe and Answer: the question "may FROM talk to TO?" and what an engine says, shared by the
// three engines of `sluicectl eval`. Here is only what the names in a question stand for
// (addresses, semantics 2 and 30); no policy.
//
// Laws:
//  1. An end of a resolved probe is a pod exactly when its address belongs to one, however the
//     probe spelt it.
//  2. A hostNetwork pod is its node (semantics 3): naming one means the node's address.
//  3. A workload stands for the first of its pods that have addresses, a Service for its own addresses, a node for
//     its. A pod of the namespace "node" goes before a node of that name.
//
// Values; any thread. PodAddresses points into its Cluster, which must outlive it unchanged.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "agent/base/result.h"
#include "agent/model/cluster.h"

namespace sluice::model {

using Party = std::variant<ObjectName, net::Ip>;  // what has addresses, by name; or an address

// "namespace/pod", "namespace/deployment/web" (any kind of model::kWorkloadKinds, by its short name too),
// "namespace/service/api", "node/name" or an IP address. The name of what is no pod keeps its kind: {"shop",
// "deployment/web"}.
base::Result<Party> parse_party(std::string_view text);
std::string to_text(const Party& party);
// The name of a domain, as net::parse_domain_name() has it, that stands where a party may; empty: it is none, or a party.
std::string domain_named(std::string_view text);

struct Probe {
  Party from, to;
  std::optional<net::Family> family;   // absent: the first of the source's that the destination has too
  net::Protocol protocol = net::kTcp;  // kIcmp stands for ICMP of the probe's family
  std::optional<net::Port> port;       // given exactly where the protocol has ports
};

// "TCP", "UDP", "SCTP", "ICMP" or a decimal IP protocol number.
base::Result<net::Protocol> parse_probe_protocol(std::string_view text);
// "prod/web-1 -> 10.0.3.9 TCP/443 IPv4", the family only where given.
std::string to_text(const Probe& probe);

// One end's opinion: kNone where it is no pod or is not isolated in that direction.
enum class Side : uint8_t { kNone, kAllow, kDeny };
std::string_view to_text(Side side);  // "none", "allow", "deny"

enum class Verdict : uint8_t { kAllow, kDeny };
std::string_view to_text(Verdict verdict);  // "allow", "deny"

struct Answer {
  Side egress = Side::kNone, ingress = Side::kNone;
  std::vector<std::string> egress_rules, ingress_rules;  // what allowed it: "namespace/policy:egress[0]"

  Verdict verdict() const {
    return egress == Side::kDeny || ingress == Side::kDeny ? Verdict::kDeny : Verdict::kAllow;
  }
};

// Which pod an address belongs to. Of several that take part with one address it is the one created last; of
// those created in the same second, the one whose namespace and name sort last (semantics 2).
class PodAddresses {
 public:
  explicit PodAddresses(const Cluster& cluster);

  // nullptr where the address is no pod's.
  const Pod* owner(const net::Ip& ip) const;
  // The pod's addresses that no later pod has taken over, in its own order; empty where it does not take
  // part.
  std::vector<net::Ip> owned_by(const Pod& pod) const;

 private:
  std::map<net::Ip, const Pod*> owners_;
};

struct ProbeEnd {
  net::Ip ip;
  const Pod* pod = nullptr;  // the address's owner, nullptr where it is a plain address
};

// A probe as one packet would carry it: both addresses of one family, `port` set exactly where the protocol
// has ports, `protocol` kIcmpv6 where the probe says ICMP and the family is IPv6.
struct ResolvedProbe {
  ProbeEnd from, to;
  net::Protocol protocol;
  std::optional<net::Port> port;

  net::Family family() const { return from.ip.family(); }
};

// An error says why the probe makes no sense: an unknown pod, one that has finished or lost its address, no
// family in common, a port missing or too many.
base::Result<ResolvedProbe> resolve(const Cluster& cluster, const PodAddresses& addresses,
                                    const Probe& probe);

// The number of a port that the destination names: of the Service, else of the first container port of the pod (of a
// workload's first pod). An error where it has none of that name and protocol.
base::Result<net::Port> port_named(const Cluster& cluster, const PodAddresses& addresses, const Party& to,
                                   net::Protocol protocol, std::string_view name);

// The destination is a Service's address and port, or a node port or host port of the source's own node
// (semantics 21): the node rewrites it, so offline nobody can say whose ingress it meets.
bool goes_to_service(const Cluster& cluster, const PodAddresses& addresses, const ResolvedProbe& probe);

}  // namespace sluice::model
