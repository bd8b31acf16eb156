// What one NetworkPolicy rule says about one connection, spelt out from the Kubernetes API text (semantics 9
// to 16). Shares with the compiler nothing but the decoded objects: selectors, CIDRs and ports are matched
// here anew, slowly and plainly. Pure functions; any thread.
#pragma once

#include <optional>
#include <string>

#include "agent/model/probe.h"

namespace sluice::reference {

// A connection as the rules of one pod see it.
struct Contact {
  model::ProbeEnd peer;                     // the other end; its pod is nullptr where it is a plain address
  const model::Pod* destination = nullptr;  // whose container ports a named port means; nullptr: no pod
  net::Protocol protocol;
  std::optional<net::Port> port;  // the destination port; set exactly where the protocol has ports
};

// Semantics 5: the name label is there whatever the object says, and whether or not there is one.
model::Labels labels_of_namespace(const model::Cluster& cluster, const std::string& name);
bool cidr_holds(const net::Cidr& cidr, const net::Ip& ip);
bool selector_matches(const model::LabelSelector& selector, const model::Labels& labels);

// `policy_namespace` is where a podSelector without namespaceSelector looks.
bool rule_allows(const model::Cluster& cluster, const std::string& policy_namespace, const model::Rule& rule,
                 const Contact& contact);

}  // namespace sluice::reference
