// Graph: who may talk to whom by the rules of a cluster, as nodes and edges that a person can look over.
//
// Laws:
//  1. A node of pods is pods of one namespace that no policy treats otherwise: the same policies isolate them, or would,
//     the same edges lead from and to them.
//  2. Nothing is drawn of what no policy decides: an end that nobody isolates is a node that says so. One of which
//     ClusterNetworkPolicies deny anything counts as isolated.
//  3. Rules that let in, or out to, everybody, every pod or every pod of a namespace are one edge from or to the node
//     that stands for these: the other end's own policies still decide. Any other edge is exactly what both ends let
//     through, less what the edges of such nodes tell already. Where ClusterNetworkPolicies speak of an end, all of them
//     and a pod that nobody knows yet must be let through alike for such an edge.
//  4. What has more nodes or edges than the limits is drawn by namespaces, those that were chosen last; namespaces of
//     one shape are then one node, whose edges within are each namespace's own.
//  5. Policies in audit decide nothing: no gate and no edge is theirs. The nodes that they would isolate name them.
//  6. Same cluster, same graph.
//
// Pure; any thread.
#pragma once

#include "agent/rehearse/ends.h"

namespace sluice::picture {

// What policies make of one direction of a node.
enum class Gate : uint8_t { kOpen, kRules, kClosed, kMixed };  // nobody isolates; some rule allows; none does
std::string_view to_text(Gate gate);                           // "open", "rules", "closed", "mixed"

enum class NodeKind : uint8_t { kPods, kNamespaces, kEveryPodOf, kEveryPod, kAnyone, kOutside };
std::string_view to_text(NodeKind kind);  // "pods", "namespaces", "every-pod-of", …

struct Node {
  NodeKind kind = NodeKind::kPods;
  std::string ns;                  // of kPods and kEveryPodOf
  std::vector<std::string> names;  // "shop/deployment/web"; of kNamespaces theirs; of kOutside its CIDR
  size_t pods = 0;                 // how many; a workload whose pods are not there counts as one
  Gate ingress = Gate::kOpen, egress = Gate::kOpen;
  // Policies, sorted; of ClusterNetworkPolicies ("Admin/x") those that deny somebody something.
  std::vector<std::string> isolates_ingress = {}, isolates_egress = {};
  std::vector<std::string> audits_ingress = {},
                           audits_egress = {};  // policies in audit that would isolate it, sorted

  bool has_gates() const { return kind == NodeKind::kPods || kind == NodeKind::kNamespaces; }
  std::string title()
      const;  // names it among all nodes: "shop/web-1", "every pod of shop", "outside 10.0.0.0/8"
};

struct Edge {
  size_t from = 0, to = 0;  // indices of nodes
  rehearse::Traffic traffic;
  std::vector<std::string> rules;         // "shop/x:ingress[0]", sorted
  std::vector<std::string> what() const;  // "TCP 80,443", "everything"
};

struct Graph {
  std::vector<Node> nodes;
  std::vector<Edge> edges;  // at most one for each (from, to), in this order
  bool by_namespace = false;
  size_t classes = 0;  // nodes of pods before any were joined
};

struct Limits {
  size_t nodes = 150, edges = 400;
  std::vector<std::string> namespaces = {};  // chosen: only these and what they talk to; empty: all
};

Graph graph_of(const model::Cluster& cluster, const Limits& limits);

}  // namespace sluice::picture
