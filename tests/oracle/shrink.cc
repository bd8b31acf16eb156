#include "tests/oracle/shrink.h"

#include <algorithm>
#include <type_traits>

namespace sluice::oracle {
namespace {

using model::Cluster;
using model::Object;

// ---- One step smaller
// -------------------------------------------------------------------------------------------

// Collects copies of an object, each with one thing less.
template <typename T>
class Smaller {
 public:
  explicit Smaller(const T& object) : object_(object) {}

  // `edit` makes a copy smaller; a copy that it leaves as it was is no step.
  template <typename Edit>
  void with(Edit edit) {
    T copy = object_;
    edit(copy);
    if (!(copy == object_)) steps_.emplace_back(std::move(copy));
  }
  // Without each element in turn of the list that `list_of` finds in a copy.
  template <typename ListOf>
  void without_each(ListOf list_of) {
    T probe = object_;
    for (size_t i = 0, count = list_of(probe).size(); i < count; ++i)
      with([&](T& copy) {
        auto& list = list_of(copy);
        list.erase(std::next(list.begin(), static_cast<long>(i)));
      });
  }
  std::vector<Object> take() { return std::move(steps_); }

 private:
  const T& object_;
  std::vector<Object> steps_;
};

std::vector<Object> smaller(const model::Pod& pod) {
  Smaller<model::Pod> steps(pod);
  steps.without_each([](auto& p) -> auto& { return p.labels; });
  steps.without_each([](auto& p) -> auto& { return p.ports; });
  steps.without_each([](auto& p) -> auto& { return p.host_ports; });
  for (size_t i = 0; i < pod.host_ports.size(); ++i) steps.with([i](auto& p) { p.host_ports[i].ip.reset(); });
  steps.without_each([](auto& p) -> auto& { return p.ips; });
  steps.without_each([](auto& p) -> auto& { return p.source_prefixes; });
  steps.with([](auto& p) { p.host_network = false; });
  steps.with([](auto& p) { p.node_name.clear(); });
  steps.with([](auto& p) { p.uid.clear(); });
  steps.with([](auto& p) { p.created = 0; });
  steps.with([](auto& p) { p.ready = true; });
  steps.with([](auto& p) { p.terminating = false; });
  steps.with(
      [](auto& p) { p.phase = p.ips.empty() ? model::PodPhase::kPending : model::PodPhase::kRunning; });
  return steps.take();
}

std::vector<Object> smaller(const model::Namespace& ns) {
  Smaller<model::Namespace> steps(ns);
  for (const auto& label : ns.labels)
    if (label.first != model::kNamespaceNameLabel) steps.with([&](auto& n) { n.labels.erase(label.first); });
  steps.without_each([](auto& n) -> auto& { return n.source_prefixes; });
  steps.with([](auto& n) { n.audit = false; });
  return steps.take();
}

std::vector<Object> smaller(const model::Node& node) {
  Smaller<model::Node> steps(node);
  steps.without_each([](auto& n) -> auto& { return n.addresses; });
  steps.without_each([](auto& n) -> auto& { return n.labels; });
  return steps.take();
}

std::vector<Object> smaller(const model::Service& service) {
  Smaller<model::Service> steps(service);
  for (const net::Ip& ip : service.addresses)
    steps.with([&](auto& s) { std::erase(s.addresses, ip), std::erase(s.local_addresses, ip); });
  steps.with([](auto& s) { s.local_addresses.clear(); });
  steps.with([](auto& s) { s.publish_not_ready = false; });
  if (service.families.size() > 1) steps.without_each([](auto& s) -> auto& { return s.families; });
  if (service.ports.size() > 1) steps.without_each([](auto& s) -> auto& { return s.ports; });
  for (size_t i = 0; i < service.ports.size(); ++i) {
    steps.with([&](auto& s) { s.ports[i].node_port.reset(); });
    steps.with([&](auto& s) { s.ports[i].target = s.ports[i].port; });
  }
  steps.with([](auto& s) { s.selector.reset(); });
  if (service.selector && service.selector->size() > 1)
    steps.without_each([](auto& s) -> auto& { return *s.selector; });
  return steps.take();
}

std::vector<Object> smaller(const model::EndpointSlice& slice) {
  Smaller<model::EndpointSlice> steps(slice);
  steps.without_each([](auto& s) -> auto& { return s.endpoints; });
  steps.without_each([](auto& s) -> auto& { return s.ports; });
  for (size_t i = 0; i < slice.endpoints.size(); ++i) {
    if (slice.endpoints[i].addresses.size() > 1)
      steps.without_each([i](auto& s) -> auto& { return s.endpoints[i].addresses; });
    steps.with([&](auto& s) { s.endpoints[i] = {s.endpoints[i].addresses}; });
  }
  return steps.take();
}

void smaller_peer(Smaller<model::NetworkPolicy>& steps, const model::Peer& peer,
                  const std::function<model::Peer&(model::NetworkPolicy&)>& find) {
  if (std::holds_alternative<model::IpBlock>(peer)) {
    steps.without_each([&](auto& p) -> auto& { return std::get<model::IpBlock>(find(p)).except; });
    return;
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  for (auto which : {&model::SelectorPeer::pod_selector, &model::SelectorPeer::namespace_selector}) {
    if (!(selectors.*which)) continue;
    if (selectors.pod_selector && selectors.namespace_selector)  // one has to stay
      steps.with([&](auto& p) { (std::get<model::SelectorPeer>(find(p)).*which).reset(); });
    steps.without_each([&](auto& p) -> auto& {
      return (std::get<model::SelectorPeer>(find(p)).*which)->requirements.edit();
    });
  }
}

using RulesOf = std::vector<model::Rule> model::NetworkPolicy::*;

void smaller_rules(Smaller<model::NetworkPolicy>& steps, const model::NetworkPolicy& policy, RulesOf rules) {
  steps.without_each([&](auto& p) -> auto& { return p.*rules; });
  for (size_t i = 0; i < (policy.*rules).size(); ++i) {
    steps.without_each([&](auto& p) -> auto& { return (p.*rules)[i].peers; });
    steps.without_each([&](auto& p) -> auto& { return (p.*rules)[i].ports; });
    const auto& peers = (policy.*rules)[i].peers;
    for (size_t j = 0; j < peers.size(); ++j)
      smaller_peer(steps, peers[j],
                   [=](model::NetworkPolicy& p) -> model::Peer& { return (p.*rules)[i].peers[j]; });
  }
}

std::vector<Object> smaller(const model::NetworkPolicy& policy) {
  Smaller<model::NetworkPolicy> steps(policy);
  steps.with([](auto& p) { p.audit = false; });
  if (policy.isolates_ingress && policy.isolates_egress) {  // one has to stay
    steps.with([](auto& p) { p.isolates_ingress = false; });
    steps.with([](auto& p) { p.isolates_egress = false; });
  }
  smaller_rules(steps, policy, &model::NetworkPolicy::ingress);
  smaller_rules(steps, policy, &model::NetworkPolicy::egress);
  steps.without_each([](auto& p) -> auto& { return p.pod_selector.requirements.edit(); });
  return steps.take();
}

using ClusterRulesOf = std::vector<model::ClusterRule> model::ClusterNetworkPolicy::*;

void smaller_rules(Smaller<model::ClusterNetworkPolicy>& steps, const model::ClusterNetworkPolicy& policy,
                   ClusterRulesOf rules) {
  steps.without_each([&](auto& p) -> auto& { return p.*rules; });
  for (size_t i = 0; i < (policy.*rules).size(); ++i) {
    const model::ClusterRule& rule = (policy.*rules)[i];
    if (rule.peers.size() > 1) steps.without_each([&](auto& p) -> auto& { return (p.*rules)[i].peers; });
    steps.without_each([&](auto& p) -> auto& { return (p.*rules)[i].protocols.edit(); });
    for (size_t j = 0; j < rule.peers.size(); ++j)
      if (const auto* networks = std::get_if<model::NetworksPeer>(&rule.peers[j]);
          networks != nullptr && networks->cidrs.size() > 1)
        steps.without_each([&](auto& p) -> auto& {
          return std::get<model::NetworksPeer>((p.*rules)[i].peers[j]).cidrs.edit();
        });
    for (size_t j = 0; j < rule.peers.size(); ++j)
      if (const auto* domains = std::get_if<model::DomainNamesPeer>(&rule.peers[j]);
          domains != nullptr && domains->names.size() > 1)
        steps.without_each([&](auto& p) -> auto& {
          return std::get<model::DomainNamesPeer>((p.*rules)[i].peers[j]).names;
        });
  }
}

std::vector<Object> smaller(const model::ClusterNetworkPolicy& policy) {
  Smaller<model::ClusterNetworkPolicy> steps(policy);
  smaller_rules(steps, policy, &model::ClusterNetworkPolicy::ingress);
  smaller_rules(steps, policy, &model::ClusterNetworkPolicy::egress);
  steps.without_each([](auto& p) -> auto& { return p.subject.namespaces.requirements.edit(); });
  steps.without_each([](auto& p) -> auto& { return p.subject.pods.requirements.edit(); });
  steps.with([](auto& p) { p.priority = 0; });
  return steps.take();
}

// ---- Search
// -----------------------------------------------------------------------------------------------------

class Shrinker {
 public:
  Shrinker(Cluster cluster, const StillFails& still_fails, size_t most_tries)
      : cluster_(std::move(cluster)), still_fails_(still_fails), tries_left_(most_tries) {}

  Cluster run() {
    bool smaller = true;
    while (smaller && tries_left_ > 0) {
      smaller = drop_objects();
      smaller = shrink_objects() || smaller;
    }
    return std::move(cluster_);
  }

 private:
  // Keeps the candidate where it still fails.
  bool adopt(Cluster candidate) {
    if (tries_left_ == 0) return false;
    --tries_left_;
    if (!still_fails_(candidate)) return false;
    cluster_ = std::move(candidate);
    return true;
  }

  // Runs of objects, long ones first, as delta debugging does (Zeller and Hildebrandt, 2002).
  bool drop_objects() {
    bool dropped = false;
    std::vector<Object> objects = cluster_.objects();
    for (size_t run = objects.size(); run > 0; run /= 2) {
      for (size_t at = 0; at < objects.size();) {
        const auto first = objects.begin() + static_cast<long>(at);
        const auto last = objects.begin() + static_cast<long>(std::min(at + run, objects.size()));
        Cluster candidate = cluster_;
        std::for_each(first, last,
                      [&](const Object& o) { candidate.apply(model::Change::remove(model::id_of(o))); });
        if (adopt(std::move(candidate))) {
          objects.erase(first, last);
          dropped = true;
        } else {
          at += run;
        }
      }
    }
    return dropped;
  }

  bool shrink_objects() {
    bool shrunk = false;
    for (Object& object : cluster_.objects())
      while (shrink_once(object)) shrunk = true;
    return shrunk;
  }

  bool shrink_once(Object& object) {
    for (Object& step : std::visit([](const auto& o) { return smaller(o); }, object)) {
      Cluster candidate = cluster_;
      candidate.apply(model::Change::upsert(step));
      if (!adopt(std::move(candidate))) continue;
      object = std::move(step);
      return true;
    }
    return false;
  }

  Cluster cluster_;
  const StillFails& still_fails_;
  size_t tries_left_;
};

}  // namespace

Cluster shrink(Cluster cluster, const StillFails& still_fails, size_t most_tries) {
  return Shrinker(std::move(cluster), still_fails, most_tries).run();
}

}  // namespace sluice::oracle
