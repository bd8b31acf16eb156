// Near misses: which rules would have allowed a connection, but for what.
//
// Laws:
//  1. Of rules of the policies that isolate the pod in that direction alone; fewest failed terms first, then
//     by name; of a rule the peer, and the port entry, that failed least, the first of equals.
//  2. A term's `want` is what of it failed, in kubectl's selector syntax; `have` is what there is instead.
//
// Pure functions of a Cluster; any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/compile/why/explain.h"

namespace sluice::explain {

struct FailedTerm {
  std::string term;  // "from[0].podSelector", "to[1].ipBlock", "ports[0]", "ports"
  std::string want;  // "app=web", "namespace shop", "10.0.0.0/8 except 10.1.0.0/16", "TCP 8080"
  std::string have;  // "app=web2", "no app", "namespace other", "no pod", "10.1.2.3", "TCP 8081"
  bool operator==(const FailedTerm&) const = default;
};

struct Miss {
  std::string rule;  // "shop/api-from-web:ingress[0]"
  std::vector<FailedTerm> failed;
  bool operator==(const Miss&) const = default;
};

// A connection as the rules of `pod`, isolated in `direction`, see it.
struct Contact {
  const model::Pod* pod = nullptr;
  model::Direction direction = model::Direction::kIngress;
  net::Protocol protocol;
  compile::why::FarEnd far;  // far.port is the destination's, ignored for protocols without ports

  // Whose container ports a named port means; nullptr: no pod.
  const model::Pod* destination() const { return direction == model::Direction::kIngress ? pod : far.pod; }
};

std::vector<Miss> nearest_misses(const model::Cluster& cluster, const Contact& contact);

std::string selector_text(
    const model::LabelSelector& selector);           // as model::to_text(); "any" where it is empty
std::string to_text(const model::IpBlock& block);    // without what stands for unknown addresses
std::string to_text(const model::PolicyPort& port);  // "TCP 8080", "TCP 8000-8999", "UDP dns", "SCTP"
std::string to_text(net::Protocol protocol, net::Port port);  // "TCP 8080", "ICMP"

}  // namespace sluice::explain
