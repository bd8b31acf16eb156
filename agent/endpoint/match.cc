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

std::vector<std::string> shared_addresses(const std::vector<LocalPod>& pods) {
  std::map<net::Ip, std::set<std::string>> holders;
  std::map<net::Ip, std::string> names;
  for (const LocalPod& pod : pods)
    for (const net::Ip& ip : pod.addresses) {
      holders[ip].insert(pod.host_ifname + " (namespace " + pod.netns + ")");
      names[ip] = pod.name.to_text();
    }
  std::vector<std::string> problems;
  for (const auto& [ip, where] : holders) {
    if (where.size() < 2) continue;
    std::string line = "address " + ip.to_text() + " of pod " + names[ip] + " is on several interfaces:";
    for (const std::string& place : where) line += " " + place + ",";
    problems.push_back(line + " each gets the pod's policies; remove the stale namespace");
  }
  return problems;
}

}  // namespace

Matching match(const std::vector<Found>& found, const model::Cluster& cluster) {
  const model::PodAddresses addresses(cluster);
  Matching matching;
  for (const Found& place : found) {
    auto pods = pods_on(place, addresses);
    if (pods.empty()) continue;
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
  std::ranges::copy(shared_addresses(matching.pods), std::back_inserter(matching.problems));
  std::ranges::sort(matching.problems);
  return matching;
}

}  // namespace sluice::endpoint
