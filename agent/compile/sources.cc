#include "agent/compile/sources.h"

#include <algorithm>

namespace sluice::compile {
namespace {

// Without those inside another.
std::vector<net::Cidr> outermost(std::vector<net::Cidr> prefixes) {
  std::sort(prefixes.begin(), prefixes.end());
  std::vector<net::Cidr> kept;
  for (const net::Cidr& prefix : prefixes)
    if (kept.empty() || !kept.back().contains(prefix)) kept.push_back(prefix);
  return kept;
}

bool any_holds(const std::vector<net::Cidr>& prefixes, const net::Ip& ip) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const auto& prefix) { return prefix.contains(ip); });
}

}  // namespace

bool SourceTable::is_foreign(const Given& given, const net::Ip& ip) const {
  const model::Pod* owner = pods_.owner(ip);
  return owner ? owner != given.pod : reserved_.contains(ip);
}

SourceTable::Entries SourceTable::entries_of(const Given& given) const {
  Entries entries;
  for (const net::Cidr& prefix : given.prefixes) entries[prefix] = SLUICE_SOURCE_ALLOWED;
  for (const net::Cidr& prefix : given.prefixes) {
    const auto& claims = pods_.claims();
    for (auto at = claims.lower_bound(prefix.base()); at != claims.end() && prefix.contains(at->first); ++at)
      if (is_foreign(given, at->first)) entries[net::Cidr::host(at->first)] = SLUICE_SOURCE_FOREIGN;
    for (auto at = reserved_.lower_bound(prefix.base()); at != reserved_.end() && prefix.contains(*at); ++at)
      if (is_foreign(given, *at)) entries[net::Cidr::host(*at)] = SLUICE_SOURCE_FOREIGN;
  }
  return entries;
}

std::vector<net::Ip> SourceTable::reserve(std::set<net::Ip> addresses) {
  std::vector<net::Ip> changed;
  std::set_symmetric_difference(addresses.begin(), addresses.end(), reserved_.begin(), reserved_.end(),
                                std::back_inserter(changed));
  reserved_ = std::move(addresses);
  return changed;
}

void SourceTable::set(EndpointId endpoint, const model::Pod* pod, const std::vector<net::Cidr>& prefixes) {
  if (prefixes.empty() && !has(endpoint)) return;
  const Given given{pod, outermost(prefixes)};
  const Entries entries = entries_of(given);
  std::vector<image::SourceKey> gone;
  const auto& table = writer_.sources.entries();
  for (auto at = table.lower_bound({endpoint, {}}); at != table.end() && at->first.endpoint == endpoint; ++at)
    if (!entries.contains(at->first.prefix)) gone.push_back(at->first);
  for (const image::SourceKey& key : gone) writer_.sources.set(key, std::nullopt);
  for (const auto& [prefix, value] : entries) writer_.sources.set({endpoint, prefix}, value);
  if (given.prefixes.empty())
    given_.erase(endpoint);
  else
    given_[endpoint] = given;
}

void SourceTable::write(const net::Ip& ip) {
  const net::Cidr host = net::Cidr::host(ip);
  for (const auto& [endpoint, given] : given_) {
    if (!any_holds(given.prefixes, ip)) continue;
    const bool is_prefix = std::binary_search(given.prefixes.begin(), given.prefixes.end(), host);
    std::optional<sluice_source_value> value;
    if (is_prefix) value = SLUICE_SOURCE_ALLOWED;
    if (is_foreign(given, ip)) value = SLUICE_SOURCE_FOREIGN;
    writer_.sources.set({endpoint, host}, value);
  }
}

}  // namespace sluice::compile
