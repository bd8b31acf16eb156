#include "agent/view/services.h"

#include <algorithm>
#include <utility>

namespace sluice::view {

using model::ObjectName;

void ServiceTable::add_at(const std::vector<net::Ip>& addresses, Names& names) const {
  for (const net::Ip& ip : addresses)
    if (const auto there = by_ip_.find(ip); there != by_ip_.end())
      names.insert(there->second.begin(), there->second.end());
}

void ServiceTable::place(const ObjectName& name, const std::vector<net::Ip>& addresses, bool there) {
  for (const net::Ip& ip : addresses) {
    Names& names = by_ip_[ip];
    if (there)
      names.insert(name);
    else
      names.erase(name);
    if (names.empty()) by_ip_.erase(ip);
  }
}

ServiceTable::News ServiceTable::set(const ObjectName& name, Entry entry) {
  const auto [found, added] = services_.try_emplace(name);
  const Entry before = std::exchange(found->second, std::move(entry));
  const Entry& now = found->second;
  if (!added && *before.packed == *now.packed) return {};
  News news{true, {}};
  if (!added && before.addresses == now.addresses && before.has_node_port == now.has_node_port) return news;
  add_at(before.addresses, news.exposure);
  place(name, before.addresses, false);
  place(name, now.addresses, true);
  add_at(now.addresses, news.exposure);
  news.exposure.insert(name);
  return news;
}

ServiceTable::News ServiceTable::remove(const ObjectName& name) {
  const auto found = services_.find(name);
  if (found == services_.end()) return {};
  News news{true, {name}};
  add_at(found->second.addresses, news.exposure);
  place(name, found->second.addresses, false);
  services_.erase(found);
  return news;
}

ServiceTable::Names ServiceTable::set_node_addresses(const std::vector<net::Ip>& before,
                                                     const std::vector<net::Ip>& now) {
  Names names;
  if (before == now) return names;
  for (const net::Ip& ip : now) ++node_ips_[ip];
  for (const net::Ip& ip : before)
    if (--node_ips_[ip] == 0) node_ips_.erase(ip);
  add_at(before, names);
  add_at(now, names);
  return names;
}

bool ServiceTable::is_exposed(const ObjectName& name) const {
  const auto found = services_.find(name);
  if (found == services_.end()) return false;
  return found->second.has_node_port || std::ranges::any_of(found->second.addresses, [&](const net::Ip& ip) {
           return by_ip_.at(ip).size() > 1 || node_ips_.contains(ip);
         });
}

std::shared_ptr<const std::string> ServiceTable::packed(const ObjectName& name) const {
  const auto found = services_.find(name);
  return found == services_.end() ? nullptr : found->second.packed;
}

}  // namespace sluice::view
