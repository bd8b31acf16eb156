// What a node's view has, object by object.
#include <algorithm>

#include "agent/view/node_views.h"

namespace sluice::view {

using model::Kind;
using model::ObjectId;
using model::ObjectName;

namespace {

bool is_address_of(const std::map<ObjectName, model::Node>& nodes, const std::string& node,
                   const net::Ip& ip) {
  const auto found = nodes.find({"", node});
  return found != nodes.end() && std::ranges::count(found->second.addresses, ip) > 0;
}

}  // namespace

void NodeViews::note_slices_at(const NodeView& view, const std::vector<net::Ip>& ips) const {
  if (!view.needs.services) return;
  for (const net::Ip& ip : ips)
    for (const ObjectName& service : slices_.services_at(ip))
      for (const ObjectName& slice : slices_.of_service(service)) note(view, {Kind::kEndpointSlice, slice});
}

void NodeViews::note_slices_of(const ServiceTable::Names& services) const {
  for (const auto& [node, view] : views_)
    if (view.needs.services)
      for (const ObjectName& service : services)
        for (const ObjectName& slice : slices_.of_service(service)) note(view, {Kind::kEndpointSlice, slice});
}

bool NodeViews::has_endpoints(const std::string& node, const NodeNeeds& needs,
                              const ObjectName& service) const {
  if (!needs.services) return false;
  if (needs.every_endpoint || services_.is_exposed(service) ||
      slices_.has_port(service, needs.endpoint_ports))
    return true;
  return std::ranges::any_of(slices_.addresses_of(service), [&](const net::Ip& ip) {
    return is_address_of(nodes_, node, ip) ||
           std::ranges::any_of(pods_.at(ip), [&](const PodEntry* pod) { return has(node, needs, *pod); });
  });
}

NodeViews::Views NodeViews::views_with_endpoints(const ObjectName& service) {
  Views views;
  for (NodeView* view : endpoint_users_)
    if (has_endpoints(view->node, view->needs, service)) views.insert(view);
  const auto add = [&](NodeView* view) {
    if (view->needs.services) views.insert(view);
  };
  const std::set<net::Ip> ips = slices_.addresses_of(service);
  for (const net::Ip& ip : ips)
    for (const PodEntry* pod : pods_.at(ip))
      for (NodeView* view : views_with(*pod)) add(view);
  const bool is_exposed = services_.is_exposed(service);
  for (auto& [node, view] : views_) {
    const auto own = nodes_.find({"", node});
    if (is_exposed ||
        (own != nodes_.end() &&
         std::ranges::any_of(own->second.addresses, [&](const net::Ip& ip) { return ips.contains(ip); })))
      add(&view);
  }
  return views;
}

SliceTable::Names NodeViews::slices_of(const std::string& node, const NodeNeeds& needs,
                                       const PodTable::Entries& pods) const {
  if (needs.every_endpoint) return slices_.all();
  SliceTable::Names services = slices_.services_with_port(needs.endpoint_ports), found;
  const auto add_at = [&](const std::vector<net::Ip>& ips) {
    for (const net::Ip& ip : ips)
      services.insert(slices_.services_at(ip).begin(), slices_.services_at(ip).end());
  };
  for (const auto& [name, service] : services_.all())
    if (services_.is_exposed(name)) services.insert(name);
  for (const PodEntry* pod : pods) add_at(pod->ips);
  if (const auto own = nodes_.find({"", node}); own != nodes_.end()) add_at(own->second.addresses);
  for (const ObjectName& service : services) {
    const auto& slices = slices_.of_service(service);
    found.insert(slices.begin(), slices.end());
  }
  return found;
}

PodTable::Entries NodeViews::peers_of(const NodeNeeds& needs) const {
  PodTable::Entries found;
  const auto add = [&](const PodTable::Entries& pods) {
    for (const PodEntry* pod : pods)
      if (!pod->ips.empty()) found.merge(pods_.sharing(*pod));
  };
  for (const Interest* interest : needs.pods)
    for (const PodClass* one : interest->classes) add(one->pods);
  for (const std::string& name : needs.port_names) add(pods_.with_port(name));
  for (const net::Cidr& prefix : needs.prefixes) add(pods_.within(prefix));
  return found;
}

NodeViews::Shown NodeViews::show(const std::string& node, const ObjectId& id) const {
  const auto view = views_.find(node);
  if (view == views_.end()) return {};
  const NodeNeeds& needs = view->second.needs;
  const auto whole = [](bool there) { return Shown{there ? Form::kWhole : Form::kNone, nullptr}; };
  switch (id.kind) {
    case Kind::kPod: {
      const PodEntry* pod = pods_.find(id.name);
      if (pod == nullptr || !has(node, needs, *pod)) return {};
      if (pod->node == node) return whole(true);
      return {Form::kTrimmed, pod->as_peer};
    }
    case Kind::kNamespace:
      return whole(namespaces_.contains(id.name));
    case Kind::kNode: {
      const auto found = nodes_.find(id.name);
      return whole(found != nodes_.end() &&
                   (id.name.name == node || matches_one(needs.nodes, found->second.labels)));
    }
    case Kind::kService: {
      const auto packed = services_.packed(id.name);
      if (!needs.services || packed == nullptr) return {};
      return {Form::kTrimmed, packed};
    }
    case Kind::kEndpointSlice:
      return whole(slices_.contains(id.name) && has_endpoints(node, needs, slices_.service_of(id.name)));
    case Kind::kNetworkPolicy:
    case Kind::kClusterNetworkPolicy:
      return whole(needs.policies.contains(id));
  }
  return {};
}

std::vector<ObjectId> NodeViews::all(const std::string& node) const {
  std::vector<ObjectId> found;
  const auto view = views_.find(node);
  if (view == views_.end()) return found;
  const NodeNeeds& needs = view->second.needs;
  PodTable::Entries pods = peers_of(needs);
  for (const PodEntry* pod : pods_.of_node(node)) pods.merge(pods_.sharing(*pod));
  for (const PodEntry* pod : pods) found.push_back({Kind::kPod, pod->name});
  std::ranges::sort(found);
  for (const auto& [name, prefixes] : namespaces_) found.push_back({Kind::kNamespace, name});
  for (const auto& [name, each] : nodes_)
    if (name.name == node || matches_one(needs.nodes, each.labels)) found.push_back({Kind::kNode, name});
  if (needs.services) {
    for (const auto& [name, service] : services_.all()) found.push_back({Kind::kService, name});
    for (const auto& name : slices_of(node, needs, pods)) found.push_back({Kind::kEndpointSlice, name});
  }
  found.insert(found.end(), needs.policies.begin(), needs.policies.end());
  return found;
}

}  // namespace sluice::view
