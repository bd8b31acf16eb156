#include "agent/control/told.h"

#include <algorithm>
#include <filesystem>

#include "agent/control/feed_limits.h"
#include "agent/source/excerpt.h"
#include "agent/source/names.h"

namespace sluice::control {

using base::Error;
using base::Result;
using source::excerpt;

namespace {

constexpr size_t kLongestInterface = 15;  // IFNAMSIZ - 1
constexpr int kMostAddresses = 16;
constexpr uint32_t kGreatestIfindex = 0x7fffffff;

struct TextField {
  const char* name;
  const std::string& text;
  size_t longest;
  bool required;
};

base::Status check(const TextField& field) {
  if (field.required && field.text.empty()) return Error(std::string(field.name) + ": is missing");
  if (field.text.size() > field.longest)
    return Error(std::string(field.name) + ": " + excerpt(field.text) + " is longer than " +
                 std::to_string(field.longest) + " bytes");
  return base::done();
}

base::Status check_texts(const v1::AddEndpointRequest& request) {
  const TextField fields[] = {{"container_id", request.container_id(), kFeedLongestText, true},
                              {"interface_name", request.interface_name(), kLongestInterface, true},
                              {"namespace", request.namespace_(), kFeedLongestText, true},
                              {"pod", request.pod(), kFeedLongestText, true},
                              {"uid", request.uid(), kFeedLongestText, false},
                              {"netns", request.netns(), kFeedLongestText, false},
                              {"host_interface", request.host_interface(), kLongestInterface, true},
                              {"network", request.network(), kFeedLongestText, false}};
  for (const TextField& field : fields)
    if (auto checked = check(field); !checked) return checked;
  if (const auto fault = source::dns_label_fault(request.namespace_()); !fault.empty())
    return Error("namespace: " + excerpt(request.namespace_()) + " " + std::string(fault));
  if (const auto fault = source::dns_subdomain_fault(request.pod()); !fault.empty())
    return Error("pod: " + excerpt(request.pod()) + " " + std::string(fault));
  return base::done();
}

void add_addresses(endpoint::Found& found, const std::vector<net::Ip>& addresses) {
  found.addresses.insert(found.addresses.end(), addresses.begin(), addresses.end());
  std::ranges::sort(found.addresses);
  found.addresses.erase(std::unique(found.addresses.begin(), found.addresses.end()), found.addresses.end());
}

}  // namespace

bool ToldEndpoint::means(const model::Pod& of) const {
  return endpoint::ToldPod{pod, uid}.means(of);
}

Result<ToldRequest> read_told(const v1::AddEndpointRequest& request) {
  if (auto checked = check_texts(request); !checked) return checked.error();
  ToldRequest told{
      {request.container_id(), request.interface_name()},
      {{request.namespace_(), request.pod()}, request.uid(), request.netns(), request.host_interface(), {}}};
  if (request.host_ifindex() > kGreatestIfindex) return Error("host_ifindex: is no interface's number");
  told.endpoint.host_ifindex = request.host_ifindex();
  told.endpoint.network = request.network();
  if (request.addresses().empty()) return Error("addresses: is empty: a pod has at least one");
  if (request.addresses_size() > kMostAddresses)
    return Error("addresses: more than " + std::to_string(kMostAddresses) + " of one interface");
  for (const std::string& text : request.addresses()) {
    // As CNI spells them, with a prefix length, or without.
    auto ip = net::Ip::parse(std::string_view(text).substr(0, text.find('/')));
    if (!ip) return ip.error().within("addresses");
    auto& addresses = told.endpoint.addresses;
    if (std::ranges::find(addresses, *ip) == addresses.end()) addresses.push_back(*ip);
  }
  return told;
}

v1::AddEndpointRequest write_told(const ToldKey& key, const ToldEndpoint& endpoint) {
  v1::AddEndpointRequest request;
  request.set_container_id(key.container_id);
  request.set_interface_name(key.interface_name);
  request.set_namespace_(endpoint.pod.ns);
  request.set_pod(endpoint.pod.name);
  request.set_uid(endpoint.uid);
  request.set_netns(endpoint.netns);
  request.set_host_interface(endpoint.host_interface);
  for (const net::Ip& ip : endpoint.addresses) request.add_addresses(ip.to_text());
  request.set_host_ifindex(endpoint.host_ifindex);
  request.set_network(endpoint.network);
  return request;
}

void tell(Told& told, const ToldRequest& fresh) {
  const auto& now = fresh.endpoint;
  std::erase_if(told, [&](const auto& entry) {
    const auto& [key, before] = entry;
    const bool of_one_pod = before.pod == now.pod && before.uid == now.uid && !now.uid.empty();
    return before.host_interface == now.host_interface ||
           (of_one_pod && key.interface_name == fresh.key.interface_name);
  });
  told.insert_or_assign(fresh.key, now);
}

std::vector<ToldKey> lost_of(const Told& told, const v1::KeepEndpointsRequest& request) {
  std::set<ToldKey> valid;
  for (const auto& key : request.valid()) valid.insert({key.container_id(), key.interface_name()});
  std::vector<ToldKey> lost;
  for (const auto& [key, endpoint] : told)
    if (!endpoint.network.empty() && endpoint.network == request.network() && !valid.contains(key))
      lost.push_back(key);
  return lost;
}

uint32_t interface_of(const endpoint::Discovery& discovery, const ToldEndpoint& told) {
  const auto& all = discovery.host_interfaces;
  const auto there = told.host_ifindex != 0 ? all.find(static_cast<int>(told.host_ifindex))
                                            : std::ranges::find(all, told.host_interface,
                                                                &std::pair<const int, std::string>::second);
  const bool is = there != all.end() && there->second == told.host_interface;
  return is ? static_cast<uint32_t>(there->first) : 0;
}

endpoint::Discovery with_told(endpoint::Discovery discovery, const Told& told) {
  for (const auto& [key, endpoint] : told) {
    const int index = static_cast<int>(interface_of(discovery, endpoint));
    if (index == 0) continue;
    const auto found = std::ranges::find(discovery.found, index, &endpoint::Found::host_ifindex);
    if (found != discovery.found.end()) {
      add_addresses(*found, endpoint.addresses);
      if (!found->told) found->told = {endpoint.pod, endpoint.uid};
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

std::set<uint32_t> told_interfaces(const endpoint::Discovery& discovery, const Told& told) {
  std::set<uint32_t> all;
  for (const auto& [key, endpoint] : told)
    if (const uint32_t ifindex = interface_of(discovery, endpoint); ifindex != 0) all.insert(ifindex);
  return all;
}

model::Pod Lending::with_addresses(model::Pod pod) const {
  std::vector<net::Ip> addresses;
  const auto [first, last] = told_.equal_range(pod.name);
  for (auto told = first; told != last; ++told) {
    if (!told->second.means(pod)) continue;
    for (const net::Ip& ip : told->second.addresses) {
      if (std::ranges::find(pod.ips, ip) != pod.ips.end()) return pod;  // it has its own
      // At most one a family, as a Pod object has it.
      const auto same_family = [&](const net::Ip& has) { return has.family() == ip.family(); };
      if (std::ranges::none_of(addresses, same_family)) addresses.push_back(ip);
    }
  }
  if (!addresses.empty()) pod.ips = std::move(addresses);
  return pod;
}

model::Change Lending::lend(model::Change change) {
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

std::vector<model::Change> Lending::take_told(const Told& told) {
  std::vector<std::pair<model::Pod, model::Pod>> all;  // as lent before, as its object is
  for (const auto& [name, pod] : here_) all.emplace_back(with_addresses(pod), pod);
  told_.clear();
  for (const auto& [key, endpoint] : told) told_.emplace(endpoint.pod, endpoint);
  std::vector<model::Change> changes;
  for (auto& [before, pod] : all)
    if (auto after = with_addresses(pod); after != before)
      changes.push_back(model::Change::upsert(std::move(after)));
  return changes;
}

}  // namespace sluice::control
