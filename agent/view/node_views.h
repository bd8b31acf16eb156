// NodeViews: of each node that is followed, which objects of the cluster its agent needs to judge its own pods as with
// the whole cluster (docs/semantics.md), and which of them a change concerns.
//
// A view has: the node's own pods, whole; the policies for one of them; of other pods, trimmed (trim.h), those that a
// peer of these policies selects, that have a port of a name that these may mean at any destination, or an address in a
// prefix that a pod of the node may send from; every pod that shares an address with one of these, as the later one owns
// it (semantics 2); the node itself, and nodes that peers select; where a policy judges what pods send, or a pod has
// prefixes, all Services, without selectors, and the EndpointSlices of those with an endpoint that a rule may mean: at the
// address of a pod of the view, or of the node, at a port that a rule has for any destination, or of an exposed Service
// (services.h); all slices, where a rule is for some addresses, or a pod of the node has host ports; and all Namespaces.
//
// Laws:
//  1. A verdict about a packet from or to a pod of the node is the same by the view as by the whole cluster, where
//     Services have the endpoints of their EndpointSlices alone.
//  2. changed() names every object of a followed node's view that came, changed or went; now and then one that did not.
//     What it is now is asked of show().
//  3. A change elsewhere costs the nodes for which it matters, and those alone.
//
// Pure; one thread.
#pragma once

#include <functional>

#include "agent/view/pods.h"
#include "agent/view/services.h"
#include "agent/view/slices.h"

namespace sluice::view {

// What a node needs, by its own pods.
struct NodeNeeds {
  std::set<model::ObjectId> policies;
  std::set<Interest*> pods;
  std::set<std::string> port_names;
  std::set<net::Cidr> prefixes;
  std::set<model::LabelSelector> nodes;
  bool services = false;
  bool every_endpoint = false;  // of Services
  std::set<PortsKey> endpoint_ports;
  bool operator==(const NodeNeeds&) const = default;
};

struct NodeView {
  std::string node;
  size_t followers = 0;
  NodeNeeds needs;
};

class NodeViews {
 public:
  // Equal objects must give equal bytes.
  using Pack = std::function<std::string(const model::Object& object)>;
  using Changed = std::function<void(const std::string& node, const model::ObjectId& id)>;

  NodeViews(Pack pack, Changed changed) : pack_(std::move(pack)), changed_(std::move(changed)) {}
  NodeViews(const NodeViews&) = delete;
  NodeViews& operator=(const NodeViews&) = delete;

  void apply(const model::Change& change);
  bool has_policy(const model::ObjectId& id) const { return policies_.contains(id); }

  // Counted: as often as it is followed it has to be unfollowed. Whether there is such a node does not matter.
  void follow(const std::string& node);
  void unfollow(const std::string& node);

  // One object as a followed node's view has it.
  enum class Form : uint8_t { kNone, kWhole, kTrimmed };
  struct Shown {
    Form form = Form::kNone;
    std::shared_ptr<const std::string> packed;  // of kTrimmed
  };
  Shown show(const std::string& node, const model::ObjectId& id) const;
  // Every object of the view, in the order of kinds and names.
  std::vector<model::ObjectId> all(const std::string& node) const;

 private:
  struct Policy {
    PolicyNeeds needs;
    Interest* subject = nullptr;
    std::vector<Interest*> pods;
  };
  using Views = std::set<NodeView*>;

  void set_pod(const model::ObjectName& name, const model::Pod* pod);
  void fill(PodEntry& entry, const model::Pod& pod);
  void replace(PodEntry& entry, const model::Pod* pod);
  void set_namespace(const model::ObjectName& name, const model::Namespace* ns);
  void set_node(const model::ObjectName& name, const model::Node* node);
  void set_service(const model::ObjectName& name, const model::Service* service);
  void set_slice(const model::ObjectName& name, const model::EndpointSlice* slice);
  void set_policy(const model::ObjectId& id, std::optional<PolicyNeeds> needs);
  Views subject_views(const PolicyNeeds& needs);

  NodeNeeds needs_of(const std::string& node) const;
  void refresh(NodeView& view);
  void use(NodeView& view, const NodeNeeds& needs, bool on);
  void note_difference(const NodeView& view, const NodeNeeds& before, const NodeNeeds& now) const;
  PodTable::Entries peers_of(const NodeNeeds& needs) const;

  NodeView* view_of(const std::string& node);
  // By what is needed: is this very pod? And with those that share its addresses?
  static bool names(const std::string& node, const NodeNeeds& needs, const PodEntry& pod);
  bool has(const std::string& node, const NodeNeeds& needs, const PodEntry& pod) const;
  // Of this very pod; and with those that share its addresses.
  void add_views_naming(const PodEntry& pod, Views& views);
  Views views_with(const PodEntry& pod);
  void note(const NodeView& view, const model::ObjectId& id) const { changed_(view.node, id); }
  // With the slices of Services that they stand behind.
  void note_pods(const NodeView& view, const PodTable::Entries& pods) const;
  void note_slices_of(const ServiceTable::Names& services) const;  // to all that have Services
  void note_slices_at(const NodeView& view, const std::vector<net::Ip>& ips) const;

  // By what is needed: are the Service's endpoints?
  bool has_endpoints(const std::string& node, const NodeNeeds& needs, const model::ObjectName& service) const;
  Views views_with_endpoints(const model::ObjectName& service);
  SliceTable::Names slices_of(const std::string& node, const NodeNeeds& needs,
                              const PodTable::Entries& pods) const;

  const Pack pack_;
  const Changed changed_;
  Selection selection_;
  PodTable pods_;
  std::map<model::ObjectName, std::vector<net::Cidr>> namespaces_;  // with their source prefixes
  std::map<model::ObjectName, model::Node> nodes_;
  ServiceTable services_;
  SliceTable slices_;
  std::map<model::ObjectId, Policy> policies_;
  std::map<std::string, NodeView> views_;
  std::map<std::string, Views> port_users_;
  Views prefix_users_, endpoint_users_;  // with prefixes; with some endpoints whosever they are
};

}  // namespace sluice::view
