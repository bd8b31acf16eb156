#include "agent/lab/plan.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "agent/base/excerpt.h"
#include "agent/model/probe.h"

namespace sluice::lab {
namespace {

using base::Error;
using base::Result;

bool is_plain_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

std::string netns_name(const model::ObjectName& name) {
  return "sluice-" + (name.ns.empty() ? "outside" : name.ns) + "-" + name.name;
}

std::string title_of(const model::ObjectName& name) {
  return (name.ns.empty() ? "outside host " : "pod ") + name.to_text();
}

Result<Host> host_of(const model::ObjectName& name, std::vector<net::Ip> ips) {
  if (!is_plain_name(name.name) || (!name.ns.empty() && !is_plain_name(name.ns)))
    return Error(title_of(name) +
                 ": its name has characters other than a-z, 0-9, \"-\" and \".\"; rename it");
  const std::string netns = netns_name(name);
  if (netns.size() > kLongestFileName)
    return Error(title_of(name) + ": the namespace name sluice-<namespace>-<pod> would have " +
                 std::to_string(netns.size()) + " characters, a file name has at most " +
                 std::to_string(kLongestFileName) + "; shorten the pod's name");
  return Host{name, netns, host_interface_name(netns), std::move(ips)};
}

// Every name and address belongs to one host only.
base::Status check_unique(const std::vector<Host>& hosts) {
  std::map<std::string, const Host*> netns, interfaces;
  std::map<net::Ip, const Host*> addresses;
  const auto clash = [](const Host& a, const Host& b, const std::string& what) {
    return Error(title_of(b.name) + " and " + title_of(a.name) + " both have " + what +
                 "; rename or remove one");
  };
  for (const Host& host : hosts) {
    if (const auto [it, is_new] = netns.try_emplace(host.netns, &host); !is_new)
      return clash(*it->second, host, "the namespace name " + host.netns);
    if (const auto [it, is_new] = interfaces.try_emplace(host.host_ifname, &host); !is_new)
      return clash(*it->second, host, "the interface name " + host.host_ifname);
    for (const net::Ip& ip : host.ips)
      if (const auto [it, is_new] = addresses.try_emplace(ip, &host); !is_new)
        return clash(*it->second, host, "the address " + ip.to_text());
  }
  return base::done();
}

}  // namespace

std::string host_interface_name(const std::string& netns) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  for (const char c : netns) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  char name[16];
  std::snprintf(name, sizeof(name), "slc%012llx", static_cast<unsigned long long>(hash >> 16));
  return name;
}

Result<Topology> parse_topology(std::string_view text) {
  if (text == "routed") return Topology::kRouted;
  if (text == "bridge") return Topology::kBridge;
  return Error("topology " + base::excerpt(text) + " is unknown; write routed or bridge");
}

Result<Outside> parse_outside(std::string_view text) {
  const auto wrong = [&](const std::string& what) {
    return Error("outside host " + base::excerpt(text) + ": " + what + "; write NAME=IP[,IP]");
  };
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos) return wrong("no \"=\"");
  Outside outside{std::string(text.substr(0, equals)), {}};
  if (!is_plain_name(outside.name)) return wrong("the name may hold a-z, 0-9, \"-\" and \".\" only");
  for (size_t at = equals; at != std::string_view::npos;) {
    const size_t next = text.find(',', at + 1);
    auto ip = net::Ip::parse(text.substr(at + 1, next == std::string_view::npos ? next : next - at - 1));
    if (!ip) return wrong(ip.error().message());
    outside.ips.push_back(*ip);
    at = next;
  }
  return outside;
}

Result<std::vector<Host>> plan(const model::Cluster& cluster, const std::vector<Outside>& outside) {
  const model::PodAddresses addresses(cluster);
  std::vector<Host> hosts;
  const auto add = [&](const model::ObjectName& name, std::vector<net::Ip> ips) -> base::Status {
    auto host = host_of(name, std::move(ips));
    if (!host) return host.error();
    hosts.push_back(std::move(*host));
    return base::done();
  };
  for (const auto& [name, pod] : cluster.pods) {
    auto ips = addresses.owned_by(pod);  // none where it does not take part, or later pods have them all
    if (ips.empty()) continue;
    if (auto added = add(name, std::move(ips)); !added) return added.error();
  }
  for (const Outside& host : outside)
    if (auto added = add({"", host.name}, host.ips); !added) return added.error();
  if (auto unique = check_unique(hosts); !unique) return unique.error();
  return hosts;
}

}  // namespace sluice::lab
