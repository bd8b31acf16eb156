#include "agent/node/announced.h"

#include <algorithm>
#include <filesystem>

namespace sluice::node {

namespace {

void add_addresses(endpoint::Found& found, const std::vector<net::Ip>& addresses) {
  found.addresses.insert(found.addresses.end(), addresses.begin(), addresses.end());
  std::ranges::sort(found.addresses);
  found.addresses.erase(std::unique(found.addresses.begin(), found.addresses.end()), found.addresses.end());
}

}  // namespace

bool AnnouncedEndpoint::means(const model::Pod& of) const {
  return endpoint::AnnouncedPod{pod, uid}.means(of);
}

void announce(Announced& announced, const Announcement& fresh) {
  const auto& now = fresh.endpoint;
  std::erase_if(announced, [&](const auto& entry) {
    const auto& [key, before] = entry;
    const bool of_one_pod = before.pod == now.pod && before.uid == now.uid && !now.uid.empty();
    return before.host_interface == now.host_interface ||
           (of_one_pod && key.interface_name == fresh.key.interface_name);
  });
  announced.insert_or_assign(fresh.key, now);
}

std::vector<AnnouncedKey> lost_of(const Announced& announced, const std::string& network,
                                  const std::set<AnnouncedKey>& valid) {
  std::vector<AnnouncedKey> lost;
  for (const auto& [key, endpoint] : announced)
    if (!endpoint.network.empty() && endpoint.network == network && !valid.contains(key)) lost.push_back(key);
  return lost;
}

uint32_t interface_of(const endpoint::Discovery& discovery, const AnnouncedEndpoint& announced) {
  const auto& all = discovery.host_interfaces;
  const auto there =
      announced.host_ifindex != 0
          ? all.find(static_cast<int>(announced.host_ifindex))
          : std::ranges::find(all, announced.host_interface, &std::pair<const int, std::string>::second);
  const bool is = there != all.end() && there->second == announced.host_interface;
  return is ? static_cast<uint32_t>(there->first) : 0;
}

endpoint::Discovery with_announced(endpoint::Discovery discovery, const Announced& announced) {
  for (const auto& [key, endpoint] : announced) {
    const int index = static_cast<int>(interface_of(discovery, endpoint));
    if (index == 0) continue;
    const auto found = std::ranges::find(discovery.found, index, &endpoint::Found::host_ifindex);
    if (found != discovery.found.end()) {
      add_addresses(*found, endpoint.addresses);
      if (!found->announced) found->announced = {endpoint.pod, endpoint.uid};
      continue;
    }
    endpoint::Found place{std::filesystem::path(endpoint.netns).filename(),
                          index,
                          endpoint.host_interface,
                          {},
                          {{endpoint.pod, endpoint.uid}}};
    add_addresses(place, endpoint.addresses);
    discovery.found.push_back(std::move(place));
  }
  std::ranges::sort(discovery.found, {},
                    [](const endpoint::Found& f) { return std::pair(f.netns, f.host_ifindex); });
  return discovery;
}

std::set<uint32_t> announced_interfaces(const endpoint::Discovery& discovery, const Announced& announced) {
  std::set<uint32_t> all;
  for (const auto& [key, endpoint] : announced)
    if (const uint32_t ifindex = interface_of(discovery, endpoint); ifindex != 0) all.insert(ifindex);
  return all;
}

model::Pod AddressOverlay::with_addresses(model::Pod pod) const {
  std::vector<net::Ip> addresses;
  const auto [first, last] = announced_.equal_range(pod.name);
  for (auto announced = first; announced != last; ++announced) {
    if (!announced->second.means(pod)) continue;
    for (const net::Ip& ip : announced->second.addresses) {
      if (std::ranges::find(pod.ips, ip) != pod.ips.end()) return pod;  // it has its own
      // At most one a family, as a Pod object has it.
      const auto same_family = [&](const net::Ip& has) { return has.family() == ip.family(); };
      if (std::ranges::none_of(addresses, same_family)) addresses.push_back(ip);
    }
  }
  if (!addresses.empty()) pod.ips = std::move(addresses);
  return pod;
}

model::Change AddressOverlay::apply(model::Change change) {
  if (change.id().kind != model::Kind::kPod) return change;
  here_.erase(change.id().name);
  if (change.is_removal()) return change;
  const auto& pod = std::get<model::Pod>(std::get<0>(change.what));
  const bool ours = pod.node_name == node_name_ || (pod.node_name.empty() && pod.ips.empty());
  const bool lives = pod.phase != model::PodPhase::kSucceeded && pod.phase != model::PodPhase::kFailed;
  if (!ours || !lives || pod.host_network) return change;
  here_[pod.name] = pod;
  return model::Change::upsert(with_addresses(pod));
}

std::vector<model::Change> AddressOverlay::set_announced(const Announced& announced) {
  std::vector<std::pair<model::Pod, model::Pod>> all;  // as lent before, as its object is
  for (const auto& [name, pod] : here_) all.emplace_back(with_addresses(pod), pod);
  announced_.clear();
  for (const auto& [key, endpoint] : announced) announced_.emplace(endpoint.pod, endpoint);
  std::vector<model::Change> changes;
  for (auto& [before, pod] : all)
    if (auto after = with_addresses(pod); after != before)
      changes.push_back(model::Change::upsert(std::move(after)));
  return changes;
}

}  // namespace sluice::node
