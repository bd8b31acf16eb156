// Calico's policies as they are read. Private to the room.
#pragma once

#include <array>

#include "agent/convert/addresses.h"
#include "agent/convert/calico_selector.h"
#include "agent/convert/output.h"

namespace sluice::convert {

using source::decode::Field;

enum class CalicoAction : uint8_t { kAllow, kDeny, kPass };

// Whom a rule matches: everyone, or each of these. `cidrs` are of any address, pods' and nodes' too.
struct CalicoPeers {
  bool everyone = false;
  std::vector<model::PodsPeer> pods;
  std::vector<net::Cidr> cidrs;
  bool is_nobody() const { return !everyone && pods.empty() && cidrs.empty(); }
};

struct CalicoRule {
  CalicoAction action = CalicoAction::kAllow;
  CalicoPeers peers;
  bool all_ports = true;
  std::vector<model::PolicyPort> ports;
  std::string path;
  bool is_of_all() const { return peers.everyone && all_ports; }
  bool is_of_none() const { return peers.is_nobody() || (!all_ports && ports.empty()); }
};

struct CalicoPolicy {
  std::string called, ns, name;  // ns empty: global
  std::string tier;
  double order = 0;  // infinite where absent
  std::vector<model::PodsPeer> subjects;
  std::array<bool, 2> has_type = {};             // by Direction
  std::array<std::vector<CalicoRule>, 2> rules;  // by Direction; what is logged is left out
};

struct CalicoTier {
  std::string name;
  double order = 0;
  bool passes = false;                 // defaultAction: Pass
  bool before_default = false;         // the tier in which NetworkPolicies of Kubernetes stand too
  std::vector<CalicoPolicy> policies;  // in their order
};

// NetworkSets and GlobalNetworkSets, which selectors match by their labels.
struct CalicoSet {
  std::string ns;  // empty: global
  model::Labels labels;
  std::vector<net::Cidr> cidrs;
};

// What of a policy is said by NetworkPolicies, by Direction: rules that allow.
struct CalicoMade {
  std::array<bool, 2> isolates = {};
  std::array<std::vector<CalicoRule>, 2> rules;
};
void write_network_policies(const CalicoPolicy& policy, const CalicoMade& made, const Cluster& cluster,
                            Output& output);

// Tiers that have policies, in their order.
std::vector<CalicoTier> read_calico(const Input& input, Output& output);

// The rules of one direction, of a policy in this namespace or (empty) global.
struct CalicoScope {
  const std::string& called;
  std::string ns;
  const std::vector<CalicoSet>& sets;
  const model::Cluster& objects;
  Output& output;
};
std::vector<CalicoRule> read_calico_rules(const CalicoScope& scope, const Field& list,
                                          model::Direction direction);

// Alternatives of pods; none, with the reason in `why_not`, where it cannot be said. Keys of Calico's own mean namespaces.
struct CalicoPods {
  std::vector<model::PodsPeer> any_of;
  std::string why_not;
};
CalicoPods read_calico_pods(const Field& selector, const Field& namespaces, const std::string& ns);

}  // namespace sluice::convert
