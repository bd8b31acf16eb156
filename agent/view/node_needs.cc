// What a node needs by its own pods, and what becomes of its view as that changes.
#include <algorithm>
#include <iterator>

#include "agent/view/node_views.h"

namespace sluice::view {

using model::Kind;
using model::ObjectId;

namespace {

// What is in one of both alone.
template <typename T>
std::vector<T> difference(const std::set<T>& before, const std::set<T>& now) {
  std::vector<T> found;
  std::ranges::set_symmetric_difference(before, now, std::back_inserter(found));
  return found;
}

}  // namespace

NodeNeeds NodeViews::needs_of(const std::string& node) const {
  NodeNeeds needs;
  std::set<const PodClass*> classes;
  bool has_host_ports = false;
  for (const PodEntry* pod : pods_.of_node(node)) {
    if (pod->one == nullptr) continue;
    has_host_ports = has_host_ports || pod->has_host_ports;
    needs.prefixes.insert(pod->source_prefixes.begin(), pod->source_prefixes.end());
    if (classes.insert(pod->one).second)
      if (const auto ns = namespaces_.find({"", pod->name.ns}); ns != namespaces_.end())
        needs.prefixes.insert(ns->second.begin(), ns->second.end());
  }
  for (const PodClass* one : classes)
    for (const Interest* interest : one->interests)
      needs.policies.insert(interest->subject_of.begin(), interest->subject_of.end());
  // No prefix has a believed DNS server in it (semantics 78).
  needs.services = !needs.prefixes.empty();
  needs.every_endpoint = needs.services || has_host_ports;
  for (const ObjectId& id : needs.policies) {
    const Policy& policy = policies_.at(id);
    needs.pods.insert(policy.pods.begin(), policy.pods.end());
    needs.port_names.insert(policy.needs.port_names.begin(), policy.needs.port_names.end());
    needs.nodes.insert(policy.needs.nodes.begin(), policy.needs.nodes.end());
    needs.services = needs.services || policy.needs.egress;
    needs.every_endpoint = needs.every_endpoint || policy.needs.every_endpoint;
    needs.endpoint_ports.insert(policy.needs.endpoint_ports.begin(), policy.needs.endpoint_ports.end());
  }
  return needs;
}

void NodeViews::use(NodeView& view, const NodeNeeds& needs, bool on) {
  const auto put = [&](Views& views) {
    if (on)
      views.insert(&view);
    else
      views.erase(&view);
  };
  for (Interest* interest : needs.pods) put(interest->users);
  for (const std::string& name : needs.port_names) {
    Views& users = port_users_[name];
    put(users);
    if (users.empty()) port_users_.erase(name);
  }
  if (!needs.prefixes.empty()) put(prefix_users_);
  if (needs.every_endpoint || !needs.endpoint_ports.empty()) put(endpoint_users_);
}

void NodeViews::refresh(NodeView& view) {
  NodeNeeds now = needs_of(view.node);
  if (now == view.needs) return;
  use(view, view.needs, false);
  use(view, now, true);
  const NodeNeeds before = std::exchange(view.needs, std::move(now));
  note_difference(view, before, view.needs);
}

void NodeViews::note_difference(const NodeView& view, const NodeNeeds& before, const NodeNeeds& now) const {
  for (const ObjectId& id : difference(before.policies, now.policies)) note(view, id);
  PodTable::Entries pods;
  const auto look_at = [&](const PodTable::Entries& more) { pods.insert(more.begin(), more.end()); };
  for (const Interest* interest : difference(before.pods, now.pods))
    for (const PodClass* one : interest->classes) look_at(one->pods);
  for (const std::string& name : difference(before.port_names, now.port_names))
    look_at(pods_.with_port(name));
  for (const net::Cidr& prefix : difference(before.prefixes, now.prefixes)) look_at(pods_.within(prefix));
  for (const PodEntry* pod : pods)
    for (const PodEntry* each : pods_.sharing(*pod))
      if (has(view.node, before, *each) != has(view.node, now, *each)) note_pods(view, {each});
  if (before.nodes != now.nodes)
    for (const auto& [name, node] : nodes_)
      if (matches_one(before.nodes, node.labels) != matches_one(now.nodes, node.labels))
        note(view, {Kind::kNode, name});
  if (before.services != now.services)
    for (const auto& [name, service] : services_.all()) note(view, {Kind::kService, name});
  if (before.services == now.services && before.every_endpoint == now.every_endpoint &&
      before.endpoint_ports == now.endpoint_ports)
    return;
  for (const auto& name : slices_.all()) note(view, {Kind::kEndpointSlice, name});
}

void NodeViews::follow(const std::string& node) {
  NodeView& view = views_[node];
  if (view.followers++ > 0) return;
  view.node = node;
  view.needs = needs_of(node);
  use(view, view.needs, true);
}

void NodeViews::unfollow(const std::string& node) {
  const auto found = views_.find(node);
  if (found == views_.end() || --found->second.followers > 0) return;
  use(found->second, found->second.needs, false);
  views_.erase(found);
}

bool NodeViews::names(const std::string& node, const NodeNeeds& needs, const PodEntry& pod) {
  if (pod.node == node && !node.empty()) return true;
  if (pod.ips.empty() || pod.one == nullptr) return false;
  const auto is_needed = [&](Interest* interest) { return needs.pods.contains(interest); };
  const auto is_named = [&](const std::string& name) { return needs.port_names.contains(name); };
  return std::ranges::any_of(pod.one->interests, is_needed) ||
         (!needs.port_names.empty() && std::ranges::any_of(pod.port_names, is_named)) ||
         std::ranges::any_of(needs.prefixes, [&](const net::Cidr& prefix) {
           return std::ranges::any_of(pod.ips, [&](const net::Ip& ip) { return prefix.contains(ip); });
         });
}

bool NodeViews::has(const std::string& node, const NodeNeeds& needs, const PodEntry& pod) const {
  if (names(node, needs, pod)) return true;
  return std::ranges::any_of(pod.ips, [&](const net::Ip& ip) {
    const auto& there = pods_.at(ip);
    return there.size() > 1 && std::ranges::any_of(there, [&](const PodEntry* other) {
             return other != &pod && names(node, needs, *other);
           });
  });
}

void NodeViews::add_views_naming(const PodEntry& pod, Views& views) {
  if (NodeView* own = view_of(pod.node)) views.insert(own);
  if (pod.ips.empty() || pod.one == nullptr) return;
  for (const Interest* interest : pod.one->interests)
    views.insert(interest->users.begin(), interest->users.end());
  for (const std::string& name : pod.port_names)
    if (const auto users = port_users_.find(name); users != port_users_.end())
      views.insert(users->second.begin(), users->second.end());
  for (NodeView* view : prefix_users_)
    if (names(view->node, view->needs, pod)) views.insert(view);
}

NodeViews::Views NodeViews::views_with(const PodEntry& pod) {
  Views views;
  for (const PodEntry* each : pods_.sharing(pod)) add_views_naming(*each, views);
  return views;
}

}  // namespace sluice::view
