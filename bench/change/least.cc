#include "bench/change/least.h"

#include <algorithm>
#include <set>
#include <utility>

#include "sluice/limits.h"

namespace sluice::bench {
namespace {

using PortNumbers = std::vector<net::PortRange>;  // of one protocol

struct PortParts {
  std::set<PortNumbers> tables;
  std::set<PortNumbers> pages;
};

PortNumbers page_of(const PortNumbers& numbers, uint32_t page) {
  const uint32_t begin = page * SLUICE_PORTS_PER_PAGE, end = begin + SLUICE_PORTS_PER_PAGE - 1;
  PortNumbers cut;
  for (const net::PortRange& range : numbers) {
    const uint32_t first = std::max<uint32_t>(range.first.host(), begin);
    const uint32_t last = std::min<uint32_t>(range.last.host(), end);
    if (first <= last)
      cut.push_back({net::Port::from_host(static_cast<uint16_t>(first - begin)),
                     net::Port::from_host(static_cast<uint16_t>(last - begin))});
  }
  return cut;
}

// Nothing and everything need no page of their own.
bool is_plain(const PortNumbers& page) {
  return page.empty() ||
         (page.size() == 1 && page[0].first.host() == 0 && page[0].last.host() == SLUICE_PORTS_PER_PAGE - 1);
}

PortParts parts_of(const Portsets& portsets) {
  PortParts parts;
  for (const auto& [id, portset] : portsets)
    for (const PortNumbers& numbers : portset.ranges) {
      if (numbers.empty() || numbers == PortNumbers{net::PortRange::all()}) continue;
      parts.tables.insert(numbers);
      for (uint32_t page = 0; page < SLUICE_PAGES_PER_TABLE; ++page)
        if (PortNumbers cut = page_of(numbers, page); !is_plain(cut)) parts.pages.insert(std::move(cut));
    }
  return parts;
}

size_t new_ones(const std::set<PortNumbers>& before, const std::set<PortNumbers>& after) {
  size_t count = 0;
  for (const PortNumbers& one : after) count += !before.contains(one);
  return count;
}

}  // namespace

size_t least_writes(const image::Difference& difference, const Portsets& before, const Portsets& after) {
  size_t writes = difference.addresses.size() + difference.prefixes.size() + difference.sources.size() +
                  difference.services.size() + difference.rules.size() + difference.endpoints.size() + 1;
  for (const auto& [id, change] : difference.endpoints) {
    const uint32_t old_interface = change.before ? change.before->ifindex : 0;
    writes += old_interface != (change.after ? change.after->ifindex : 0);
  }
  for (const auto& [id, change] : difference.portsets) writes += change.after.has_value();
  if (difference.portsets.empty()) return writes;
  const PortParts old_parts = parts_of(before), new_parts = parts_of(after);
  return writes + new_ones(old_parts.tables, new_parts.tables) + new_ones(old_parts.pages, new_parts.pages);
}

}  // namespace sluice::bench
