#include "agent/endpoint/match.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "agent/model/probe.h"

namespace sluice::endpoint {
namespace {

bool created_before(const model::Pod* a, const model::Pod* b) {
  return std::pair(a->created, a->name) < std::pair(b->created, b->name);
}

// The pods whose addresses an interface carries, each with those addresses.
using PodsOn = std::map<const model::Pod*, std::vector<net::Ip>>;

PodsOn pods_on(const Found& found, const model::PodAddresses& addresses) {
  PodsOn pods;
  for (const net::Ip& ip : found.addresses)
    if (const model::Pod* pod = addresses.owner(ip)) pods[pod].push_back(ip);
  return pods;
}

struct Owner {
  const model::Pod* pod = nullptr;  // nullptr: nobody
  Claim claim = Claim::kAddress;
};

Owner owner_of(const Found& found, const PodsOn& pods, const InForce& in_force) {
  Owner owner;
  for (const auto& [pod, ips] : pods) {
    if (found.announced && !found.announced->means(*pod)) continue;
    const Claim claim = found.announced                      ? Claim::kAnnounced
                        : in_force(found.host_ifindex, *pod) ? Claim::kInForce
                                                             : Claim::kAddress;
    const bool surer = claim < owner.claim ||
                       (claim == owner.claim && owner.pod != nullptr && created_before(owner.pod, pod));
    if (owner.pod == nullptr || surer) owner = {pod, claim};
  }
  return owner;
}

std::string two_pods(const Found& found, const Owner& owner, const model::Pod& other) {
  const std::string where = "interface " + found.host_ifname + " (namespace " + found.netns + ") carries ";
  if (found.announced)
    return where + "an address of pod " + other.name.to_text() + ", but a CNI plugin announced it as pod " +
           found.announced->name.to_text() + "'s: it gets nothing of the other's; remove the address";
  return where + "addresses of pods " + owner.pod->name.to_text() + " and " + other.name.to_text() +
         ": treated as " + owner.pod->name.to_text() +
         (owner.claim == Claim::kInForce ? ", whose policies are in force there" : ", the later one") +
         "; remove the other pod or its address";
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
    (finished ? matching.finished : matching.unknown).push_back(place);
  }
  for (auto* places : {&matching.finished, &matching.unknown})
    std::ranges::sort(*places, {}, [](const Found& f) { return std::pair(f.netns, f.host_ifindex); });
}

}  // namespace

bool AnnouncedPod::means(const model::Pod& pod) const {
  const bool is_static = uid.find('-') == uid.npos;
  return pod.name == name && (uid == pod.uid || pod.uid.empty() || uid.empty() || is_static);
}

Matching match(const std::vector<Found>& found, const model::Cluster& cluster, const InForce& in_force) {
  const model::PodAddresses addresses(cluster);
  Matching matching;
  std::vector<Found> of_no_pod;
  for (const Found& place : found) {
    auto pods = pods_on(place, addresses);
    const Owner owner = owner_of(place, pods, in_force);
    for (const auto& [pod, ips] : pods)
      if (pod != owner.pod) matching.problems.push_back(two_pods(place, owner, *pod));
    if (owner.pod == nullptr) {
      (place.announced ? matching.unmatched : of_no_pod).push_back(place);
      continue;
    }
    auto& ips = pods.at(owner.pod);
    std::ranges::sort(ips);
    matching.pods.push_back({owner.pod->name, owner.pod->uid, place.host_ifindex, place.host_ifname,
                             place.netns, std::move(ips), owner.claim});
  }
  std::ranges::sort(matching.pods, {},
                    [](const LocalPod& p) { return std::tuple(p.name, p.claim, p.host_ifindex); });
  std::ranges::copy(several_interfaces(matching.pods), std::back_inserter(matching.problems));
  std::ranges::sort(matching.problems);
  std::ranges::sort(matching.unmatched, {}, &Found::host_ifindex);
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
