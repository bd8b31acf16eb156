#include "agent/view/node_views.h"

#include <algorithm>
#include <iterator>

#include "agent/view/trim.h"

namespace sluice::view {

using model::Kind;
using model::ObjectId;
using model::ObjectName;

namespace {

template <typename T>
const T* held(const model::Change& change) {
  return change.is_removal() ? nullptr : &std::get<T>(std::get<model::Object>(change.what));
}

// Where policies may be for it: also before it has an address, so that they are there first.
bool may_be_subject(const model::Pod& pod) {
  return !pod.host_network && pod.phase != model::PodPhase::kSucceeded &&
         pod.phase != model::PodPhase::kFailed;
}

}  // namespace

void NodeViews::apply(const model::Change& change) {
  const ObjectId id = change.id();
  switch (id.kind) {
    case Kind::kPod:
      return set_pod(id.name, held<model::Pod>(change));
    case Kind::kNamespace:
      return set_namespace(id.name, held<model::Namespace>(change));
    case Kind::kNode:
      return set_node(id.name, held<model::Node>(change));
    case Kind::kService:
      return set_service(id.name, held<model::Service>(change));
    case Kind::kEndpointSlice:
      return set_slice(id.name, held<model::EndpointSlice>(change));
    case Kind::kNetworkPolicy: {
      const auto* policy = held<model::NetworkPolicy>(change);
      return set_policy(id, policy ? std::optional(view::needs_of(*policy)) : std::nullopt);
    }
    case Kind::kClusterNetworkPolicy: {
      const auto* policy = held<model::ClusterNetworkPolicy>(change);
      return set_policy(id, policy ? std::optional(view::needs_of(*policy)) : std::nullopt);
    }
  }
}

NodeView* NodeViews::view_of(const std::string& node) {
  const auto found = views_.find(node);
  return found == views_.end() ? nullptr : &found->second;
}

void NodeViews::note_pods(const NodeView& view, const PodTable::Entries& pods) const {
  for (const PodEntry* pod : pods) {
    note(view, {Kind::kPod, pod->name});
    note_slices_at(view, pod->ips);
  }
}

void NodeViews::fill(PodEntry& entry, const model::Pod& pod) {
  entry.node = pod.node_name;
  entry.ips = pod.takes_part() ? pod.ips : std::vector<net::Ip>();
  entry.port_names.clear();
  for (const model::ContainerPort& port : pod.ports)
    if (!port.name.empty()) entry.port_names.insert(port.name);
  entry.source_prefixes = pod.source_prefixes;
  entry.has_host_ports = !pod.host_ports.empty();
  entry.as_peer = pod.takes_part() ? std::make_shared<const std::string>(pack_(as_peer(pod))) : nullptr;
  entry.one = may_be_subject(pod) ? selection_.class_of(pod.name.ns, pod.labels) : nullptr;
  if (entry.one != nullptr) entry.one->pods.insert(&entry);
}

// Into the entry, and out of the class that it was in.
void NodeViews::replace(PodEntry& entry, const model::Pod* pod) {
  pods_.take_out(entry);
  PodClass* const class_before = entry.one;
  if (class_before != nullptr) class_before->pods.erase(&entry);
  const ObjectName name = entry.name;
  entry = PodEntry{};
  entry.name = name;
  if (pod != nullptr) fill(entry, *pod);
  pods_.put_back(entry);
  if (class_before != nullptr) selection_.release(class_before);
}

void NodeViews::set_pod(const ObjectName& name, const model::Pod* pod) {
  if (pod == nullptr && pods_.find(name) == nullptr) return;
  PodEntry& entry = pods_.place_of(name);
  const Views before = views_with(entry);
  PodTable::Entries neighbours = pods_.sharing(entry);
  std::set<std::string> own{entry.node};
  std::vector<net::Ip> ips = entry.ips;
  const auto peer_before = entry.as_peer;
  replace(entry, pod);

  own.insert(entry.node);
  neighbours.merge(pods_.sharing(entry));
  neighbours.erase(&entry);
  Views concerned = views_with(entry), different;
  std::ranges::set_symmetric_difference(before, concerned, std::inserter(different, different.end()));
  concerned.insert(before.begin(), before.end());
  const bool is_same = peer_before != nullptr && entry.as_peer != nullptr && *peer_before == *entry.as_peer;
  ips.insert(ips.end(), entry.ips.begin(), entry.ips.end());
  for (const NodeView* view : is_same ? different : concerned) {
    note(*view, {Kind::kPod, name});
    note_slices_at(*view, ips);
    note_pods(*view, neighbours);
  }
  for (const std::string& node : own)
    if (NodeView* view = view_of(node)) {
      note(*view, {Kind::kPod, name});
      refresh(*view);
    }
  if (pod != nullptr) return;
  pods_.take_out(entry);
  pods_.erase(name);
}

void NodeViews::set_namespace(const ObjectName& name, const model::Namespace* ns) {
  for (const auto& [node, view] : views_) note(view, {Kind::kNamespace, name});
  if (ns != nullptr)
    namespaces_[name] = ns->source_prefixes;
  else
    namespaces_.erase(name);
  const auto moved = selection_.set_namespace(name.name, ns != nullptr ? &ns->labels : nullptr);
  for (const auto& [one, interests] : moved)
    for (const Interest* interest : interests)
      for (const NodeView* view : interest->users)
        for (const PodEntry* pod : one->pods) note_pods(*view, pods_.sharing(*pod));
  std::set<std::string> nodes;
  for (const PodClass* one : selection_.classes_in(name.name))
    for (const PodEntry* pod : one->pods) nodes.insert(pod->node);
  for (const std::string& node : nodes)
    if (NodeView* view = view_of(node)) refresh(*view);
}

void NodeViews::set_node(const ObjectName& name, const model::Node* node) {
  const auto before = nodes_.find(name);
  const auto concerns = [&](const NodeView& view) {
    if (view.node == name.name) return true;
    return std::ranges::any_of(view.needs.nodes, [&](const model::LabelSelector& selector) {
      return (before != nodes_.end() && matches(selector, before->second.labels)) ||
             (node != nullptr && matches(selector, node->labels));
    });
  };
  for (const auto& [of, view] : views_)
    if (concerns(view)) note(view, {Kind::kNode, name});
  if (const NodeView* own = view_of(name.name)) {
    if (before != nodes_.end()) note_slices_at(*own, before->second.addresses);
    if (node != nullptr) note_slices_at(*own, node->addresses);
  }
  note_slices_of(
      services_.set_node_addresses(before != nodes_.end() ? before->second.addresses : std::vector<net::Ip>(),
                                   node != nullptr ? node->addresses : std::vector<net::Ip>()));
  if (node != nullptr)
    nodes_[name] = *node;
  else
    nodes_.erase(name);
}

void NodeViews::set_service(const ObjectName& name, const model::Service* service) {
  ServiceTable::News news;
  if (service == nullptr) {
    news = services_.remove(name);
  } else {
    const bool has_node_port =
        std::ranges::any_of(service->ports, [](const auto& port) { return port.node_port.has_value(); });
    news = services_.set(name, {std::make_shared<const std::string>(pack_(without_selector(*service))),
                                service->addresses, has_node_port});
  }
  if (news.changed)
    for (const auto& [node, view] : views_)
      if (view.needs.services) note(view, {Kind::kService, name});
  note_slices_of(news.exposure);
}

void NodeViews::set_slice(const ObjectName& name, const model::EndpointSlice* slice) {
  std::set<ObjectName> services{slices_.service_of(name)};
  if (slice != nullptr) services.insert({name.ns, slice->service});
  std::map<ObjectName, Views> before, now;
  for (const ObjectName& service : services) before[service] = views_with_endpoints(service);
  slices_.set(name, slice);
  for (const ObjectName& service : services) now[service] = views_with_endpoints(service);
  for (const ObjectName& service : services) {
    Views all = before[service], different;
    all.insert(now[service].begin(), now[service].end());
    for (const NodeView* view : all) note(*view, {Kind::kEndpointSlice, name});
    std::ranges::set_symmetric_difference(before[service], now[service],
                                          std::inserter(different, different.end()));
    for (const NodeView* view : different)
      for (const ObjectName& other : slices_.of_service(service)) note(*view, {Kind::kEndpointSlice, other});
  }
}

// Of a namespace's policy those with pods of that namespace, else all.
NodeViews::Views NodeViews::subject_views(const PolicyNeeds& needs) {
  Views found;
  if (!needs.subject.ns) {
    for (auto& [node, view] : views_) found.insert(&view);
    return found;
  }
  for (const PodClass* one : selection_.classes_in(*needs.subject.ns))
    for (const PodEntry* pod : one->pods)
      if (NodeView* view = view_of(pod->node)) found.insert(view);
  return found;
}

void NodeViews::set_policy(const ObjectId& id, std::optional<PolicyNeeds> needs) {
  std::optional<Policy> before;
  if (auto found = policies_.find(id); found != policies_.end()) {
    if (needs && found->second.needs == *needs) {  // nobody needs anything else because of it
      for (const auto& [node, view] : views_)
        if (view.needs.policies.contains(id)) note(view, id);
      return;
    }
    before = std::move(found->second);
    before->subject->subject_of.erase(id);
    policies_.erase(found);
  }
  if (!before && !needs) return;
  Views concerned = subject_views(before ? before->needs : *needs);
  for (const NodeView* view : concerned)
    if (view->needs.policies.contains(id)) note(*view, id);
  if (needs) {
    Policy now;
    now.subject = selection_.hold(needs->subject);
    now.subject->subject_of.insert(id);
    for (const PodsKey& key : needs->pods) now.pods.push_back(selection_.hold(key));
    now.needs = *std::move(needs);
    policies_.emplace(id, std::move(now));
  }
  for (NodeView* view : concerned) refresh(*view);
  if (!before) return;
  selection_.release(before->subject);
  for (Interest* interest : before->pods) selection_.release(interest);
}

}  // namespace sluice::view
