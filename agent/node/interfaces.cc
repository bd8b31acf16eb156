#include "agent/node/interfaces.h"

#include <algorithm>
#include <map>

#include "agent/compile/content/content.h"

namespace sluice::node {
namespace {

constexpr size_t kMissingNamed = 20;  // lines for pods without a namespace; one more counts the others

// The pods' endpoints by their ids.
std::map<image::EndpointId, const model::Pod*> by_endpoint(const model::Cluster& cluster) {
  std::map<image::EndpointId, const model::Pod*> pods;
  for (const auto& [name, pod] : cluster.pods)
    if (pod.takes_part()) pods.emplace(compile::content::endpoint_id(pod), &pod);
  return pods;
}

class Classification {
 public:
  explicit Classification(const InterfacesInput& input)
      : input_(input),
        may_be_(may_be_pods(input.discovery)),
        matching_(endpoint::match(
            input.discovery.found, input.cluster, [&input](int ifindex, const model::Pod& pod) {
              const auto& all = input.in_force.endpoints;
              const auto found = all.find(compile::content::endpoint_id(pod));
              return found != all.end() && found->second.ifindex == static_cast<uint32_t>(ifindex);
            })) {}

  Interfaces sort() && {
    now_.pods = matching_.pods;
    now_.problems = matching_.problems;
    for (const endpoint::Found& found : input_.discovery.found)
      seen_.insert(static_cast<uint32_t>(found.host_ifindex));
    keep_endpoints();
    keep_carriers();
    classify_unknown();
    classify_unmatched();
    classify_unseen();
    name_missing_pods();
    now_.problems.insert(now_.problems.end(), now_.kept.begin(), now_.kept.end());
    std::ranges::stable_sort(now_.pods, {}, &endpoint::LocalPod::name);
    return std::move(now_);
  }

 private:
  // The interface's name, where the interface is there and nobody knows what is behind it; else nullptr.
  const std::string* unseen(uint32_t ifindex) const {
    const auto there = input_.discovery.host_interfaces.find(static_cast<int>(ifindex));
    const bool hidden = there != input_.discovery.host_interfaces.end() && !seen_.contains(ifindex);
    return hidden ? &there->second : nullptr;
  }

  // Notes that the interface is kept. Where its namespace was looked into and has no address that is a warning only, and
  // the node stays ready: a virtual machine's pod is like that.
  void keep(uint32_t ifindex, const std::string& interface, const std::string& what) {
    const auto bare = input_.discovery.bare.find(static_cast<int>(ifindex));
    if (bare != input_.discovery.bare.end())
      now_.warnings.push_back("interface " + interface +
                              ": the pod's end of it has no address in namespace " + bare->second +
                              " (a virtual machine's pod has its address behind a bridge): " + what);
    else
      now_.kept.push_back("interface " + interface +
                          ": the network namespace behind it is not to be seen in " + input_.discovery.dir +
                          ": " + what + "; check --netns-dir, or remove the interface");
  }

  // Endpoints in force whose pod is found nowhere else.
  void keep_endpoints() {
    std::map<uint32_t, image::EndpointId> hidden;
    for (const auto& [id, endpoint] : input_.in_force.endpoints)
      if (unseen(endpoint.ifindex) != nullptr) hidden.emplace(endpoint.ifindex, id);
    if (hidden.empty()) return;
    const auto pods = by_endpoint(input_.cluster);
    std::set<model::ObjectName> here;
    for (const auto& pod : matching_.pods) here.insert(pod.name);
    for (const auto& [ifindex, id] : hidden) {
      const auto pod = pods.find(id);
      if (pod == pods.end() || !here.insert(pod->second->name).second) continue;
      const std::string& interface = *unseen(ifindex);
      now_.pods.push_back(
          {pod->second->name, pod->second->uid, static_cast<int>(ifindex), interface, "", pod->second->ips});
      keep(ifindex, interface, "the policies of pod " + pod->second->name.to_text() + " stay in force on it");
      kept_.insert(ifindex);
    }
  }

  void keep_carriers() {
    for (const uint32_t ifindex : input_.carrying) {
      const std::string* interface = unseen(ifindex);
      if (interface == nullptr || kept_.contains(ifindex)) continue;
      if (input_.held.contains(ifindex) && !may_be_.contains(ifindex)) continue;
      now_.unknown.insert(ifindex);
      keep(ifindex, *interface, "the default verdict holds on it, as for a pod that is not known yet");
    }
  }

  bool is_pods(const endpoint::Found& unknown_one) const {
    const auto ifindex = static_cast<uint32_t>(unknown_one.host_ifindex);
    if (input_.closes_new || input_.carrying.contains(ifindex)) return true;
    return std::ranges::any_of(unknown_one.addresses, [&](const net::Ip& ip) {
      return std::ranges::any_of(input_.pod_cidrs, [&](const net::Cidr& cidr) { return cidr.contains(ip); });
    });
  }

  void classify_unknown() {
    now_.namespaces_without_pod = matching_.unknown.size();
    for (const endpoint::Found& unknown_one : matching_.unknown) {
      const bool held = is_pods(unknown_one);
      if (held) now_.unknown.insert(static_cast<uint32_t>(unknown_one.host_ifindex));
      now_.warnings.push_back(
          "namespace " + unknown_one.netns + ": no Pod object has its address " +
          unknown_one.addresses.front().to_text() +
          (held ? ": the default verdict holds, as for a pod that is not known yet, on interface "
                : ": taken for no pod, everything passes on interface ") +
          unknown_one.host_ifname);
    }
  }

  void classify_unmatched() {
    now_.namespaces_without_pod += matching_.unmatched.size();
    for (const endpoint::Found& place : matching_.unmatched) {
      now_.unknown.insert(static_cast<uint32_t>(place.host_ifindex));
      now_.warnings.push_back("interface " + place.host_ifname + ": a CNI plugin announced it as pod " +
                              place.announced->name.to_text() +
                              "'s, and no such Pod object has an address there (" +
                              place.addresses.front().to_text() +
                              "): the default verdict holds, as for a pod that is not known yet");
    }
  }

  // Those that have no address yet, or cannot be looked behind, and carry no programs yet.
  void classify_unseen() {
    if (!input_.closes_new) return;
    for (const uint32_t ifindex : may_be_)
      if (unseen(ifindex) != nullptr && !kept_.contains(ifindex)) now_.unknown.insert(ifindex);
  }

  void name_missing_pods() {
    const auto missing = endpoint::not_found(input_.cluster, input_.node_name, now_.pods);
    now_.pods_without_namespace = missing.size();
    for (size_t i = 0; i < std::min(missing.size(), kMissingNamed); ++i)
      now_.missing.push_back("Pod " + missing[i]->name.to_text() + ": no network namespace in " +
                             input_.discovery.dir + " has its address " + missing[i]->ips.front().to_text() +
                             ": nothing is enforced on it; check --netns-dir, and that a veth joins its "
                             "namespace to this node");
    if (missing.size() > kMissingNamed)
      now_.missing.push_back("Pods: " + std::to_string(missing.size() - kMissingNamed) +
                             " more of this node have no network namespace in " + input_.discovery.dir);
    now_.problems.insert(now_.problems.end(), now_.missing.begin(), now_.missing.end());
  }

  const InterfacesInput& input_;
  const std::set<uint32_t> may_be_;
  const endpoint::Matching matching_;
  std::set<uint32_t> seen_, kept_;
  Interfaces now_;
};

}  // namespace

std::set<uint32_t> may_be_pods(const endpoint::Discovery& discovery) {
  std::set<uint32_t> all;
  for (const auto& found : discovery.found) all.insert(static_cast<uint32_t>(found.host_ifindex));
  for (const auto& [ifindex, netns] : discovery.bare) all.insert(static_cast<uint32_t>(ifindex));
  if (!discovery.unseen.empty())
    for (const int ifindex : discovery.leads_out) all.insert(static_cast<uint32_t>(ifindex));
  return all;
}

Interfaces classify_interfaces(const InterfacesInput& input) {
  return Classification(input).sort();
}

}  // namespace sluice::node
