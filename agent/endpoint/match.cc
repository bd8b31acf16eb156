#include "agent/endpoint/match.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "agent/model/probe.h"

namespace sluice::endpoint {
namespace {

bool created_before(const model::Pod* a, const model::Pod* b) {
  return std::pair(a->created, a->name) < std::pair(b->created, b->name);
}

// The pods whose addresses an interface carries, each with those addresses.
std::map<const model::Pod*, std::vector<net::Ip>> pods_on(const Found& found,
                                                          const model::PodAddresses& addresses) {
  std::map<const model::Pod*, std::vector<net::Ip>> pods;
  for (const net::Ip& ip : found.addresses)
    if (const model::Pod* pod = addresses.owner(ip)) pods[pod].push_back(ip);
  return pods;
}

std::string two_pods(const Found& found, const model::Pod& kept, const model::Pod& other) {
  return "interface " + found.host_ifname + " (namespace " + found.netns + ") carries addresses of pods " +
         kept.name.to_text() + " and " + other.name.to_text() + ": treated as " + kept.name.to_text() +
         ", the later one; remove the other pod or its address";
}

std::string place_of(const LocalPod& pod) {
  return pod.host_ifname + " (namespace " + pod.netns + ")";
}

// One line for each pod with several interfaces. `pods` are sorted.
std::vector<std::string> several_interfaces(const std::vector<LocalPod>& pods) {
  std::vector<std::string> problems;
  for (auto first = pods.begin(); first != pods.end();) {
    const auto end =
        std::find_if(first, pods.end(), [&](const auto& pod) { return pod.name != first->name; });
    std::string others;
    for (auto other = std::next(first); other != end; ++other)
      others += (others.empty() ? "" : ", ") + place_of(*other);
    if (!others.empty())
      problems.push_back("pod " + first->name.to_text() + " is on several interfaces: " + place_of(*first) +
                         " has its policies; on " + others +
                         " the default verdict holds, as for a pod that is not known yet: remove the stale "
                         "namespace or address");
    first = end;
  }
  return problems;
}

// The addresses of every Pod object that has its own, whether it takes part or not.
std::set<net::Ip> known_addresses(const model::Cluster& cluster) {
  std::set<net::Ip> known;
  for (const auto& [name, pod] : cluster.pods)
    if (!pod.host_network) known.insert(pod.ips.begin(), pod.ips.end());
  return known;
}

// Tells what belongs to no pod that takes part from what belongs to nobody known.
void tell_apart(const std::vector<Found>& of_no_pod, const model::Cluster& cluster, Matching& matching) {
  if (of_no_pod.empty()) return;
  const auto known = known_addresses(cluster);
  for (const Found& place : of_no_pod) {
    const bool finished =
        std::ranges::any_of(place.addresses, [&](const net::Ip& ip) { return known.contains(ip); });
    (finished ? matching.finished : matching.strangers).push_back(place);
  }
  for (auto* places : {&matching.finished, &matching.strangers})
    std::ranges::sort(*places, {}, [](const Found& f) { return std::pair(f.netns, f.host_ifindex); });
}

}  // namespace

Matching match(const std::vector<Found>& found, const model::Cluster& cluster) {
  const model::PodAddresses addresses(cluster);
  Matching matching;
  std::vector<Found> of_no_pod;
  for (const Found& place : found) {
    auto pods = pods_on(place, addresses);
    if (pods.empty()) {
      of_no_pod.push_back(place);
      continue;
    }
    const auto latest = std::max_element(pods.begin(), pods.end(), [](const auto& a, const auto& b) {
      return created_before(a.first, b.first);
    });
    for (const auto& [pod, ips] : pods)
      if (pod != latest->first) matching.problems.push_back(two_pods(place, *latest->first, *pod));
    std::ranges::sort(latest->second);
    matching.pods.push_back({latest->first->name, latest->first->uid, place.host_ifindex, place.host_ifname,
                             place.netns, std::move(latest->second)});
  }
  std::ranges::sort(matching.pods, {}, [](const LocalPod& p) { return std::pair(p.name, p.host_ifindex); });
  std::ranges::copy(several_interfaces(matching.pods), std::back_inserter(matching.problems));
  std::ranges::sort(matching.problems);
  tell_apart(of_no_pod, cluster, matching);
  return matching;
}

std::vector<const model::Pod*> not_found(const model::Cluster& cluster, const std::string& node_name,
                                         const std::vector<LocalPod>& local) {
  std::set<model::ObjectName> here;
  for (const LocalPod& pod : local) here.insert(pod.name);
  const model::PodAddresses addresses(cluster);
  std::vector<const model::Pod*> missing;
  for (const auto& [name, pod] : cluster.pods)
    if (pod.node_name == node_name && !here.contains(name) && !addresses.owned_by(pod).empty())
      missing.push_back(&pod);
  return missing;
}

}  // namespace sluice::endpoint
