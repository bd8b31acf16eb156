#include "agent/control/endpoint_request.h"

#include <algorithm>

#include "agent/base/excerpt.h"
#include "agent/source/decode/names.h"
#include "agent/source/feed/limits.h"

namespace sluice::control {

using base::Error;
using base::excerpt;
using base::Result;

namespace {

using source::feed::kFeedLongestText;

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
  const TextField fields[] = {{"container_id", request.container_id(), source::feed::kFeedLongestText, true},
                              {"interface_name", request.interface_name(), kLongestInterface, true},
                              {"namespace", request.namespace_(), source::feed::kFeedLongestText, true},
                              {"pod", request.pod(), source::feed::kFeedLongestText, true},
                              {"uid", request.uid(), source::feed::kFeedLongestText, false},
                              {"netns", request.netns(), source::feed::kFeedLongestText, false},
                              {"host_interface", request.host_interface(), kLongestInterface, true},
                              {"network", request.network(), source::feed::kFeedLongestText, false}};
  for (const TextField& field : fields)
    if (auto checked = check(field); !checked) return checked;
  if (const auto fault = source::decode::dns_label_fault(request.namespace_()); !fault.empty())
    return Error("namespace: " + excerpt(request.namespace_()) + " " + std::string(fault));
  if (const auto fault = source::decode::dns_subdomain_fault(request.pod()); !fault.empty())
    return Error("pod: " + excerpt(request.pod()) + " " + std::string(fault));
  return base::done();
}

}  // namespace

Result<node::Announcement> read_announcement(const v1::AddEndpointRequest& request) {
  if (auto checked = check_texts(request); !checked) return checked.error();
  node::Announcement announced{
      {request.container_id(), request.interface_name()},
      {{request.namespace_(), request.pod()}, request.uid(), request.netns(), request.host_interface(), {}}};
  if (request.host_ifindex() > kGreatestIfindex) return Error("host_ifindex: is no interface's number");
  announced.endpoint.host_ifindex = request.host_ifindex();
  announced.endpoint.network = request.network();
  if (request.addresses().empty()) return Error("addresses: is empty: a pod has at least one");
  if (request.addresses_size() > kMostAddresses)
    return Error("addresses: more than " + std::to_string(kMostAddresses) + " of one interface");
  for (const std::string& text : request.addresses()) {
    // As CNI spells them, with a prefix length, or without.
    auto ip = net::Ip::parse(std::string_view(text).substr(0, text.find('/')));
    if (!ip) return ip.error().within("addresses");
    auto& addresses = announced.endpoint.addresses;
    if (std::ranges::find(addresses, *ip) == addresses.end()) addresses.push_back(*ip);
  }
  return announced;
}

v1::AddEndpointRequest write_announcement(const node::AnnouncedKey& key,
                                          const node::AnnouncedEndpoint& endpoint) {
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

std::set<node::AnnouncedKey> valid_of(const v1::KeepEndpointsRequest& request) {
  std::set<node::AnnouncedKey> valid;
  for (const auto& key : request.valid()) valid.insert({key.container_id(), key.interface_name()});
  return valid;
}

}  // namespace sluice::control
