#include "agent/image/ports.h"

#include <algorithm>

#include "agent/image/encode.h"

namespace sluice::image {

using base::done;
using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr uint32_t kWordBits = 64;

void set_bits(PortPage& page, uint32_t first, uint32_t last) {
  for (uint32_t bit = first; bit <= last; ++bit) page[bit / kWordBits] |= 1ULL << (bit % kWordBits);
}

// The part of `ranges` that falls into one page.
PortPage page_of(const std::vector<net::PortRange>& ranges, uint32_t number) {
  PortPage page{};
  uint32_t begin = number * SLUICE_PORTS_PER_PAGE, end = begin + SLUICE_PORTS_PER_PAGE - 1;
  for (const net::PortRange& range : ranges) {
    uint32_t first = std::max<uint32_t>(range.first.host(), begin),
             last = std::min<uint32_t>(range.last.host(), end);
    if (first <= last) set_bits(page, first - begin, last - begin);
  }
  return page;
}

bool is_all(const std::vector<net::PortRange>& ranges) {
  return ranges.size() == 1 && ranges[0] == net::PortRange::all();
}

PortPage full_page() {
  PortPage page;
  page.fill(~0ULL);
  return page;
}

template <typename Value>
void put_array(sluice_map map, uint32_t slot, const Value& value, Plan& plan) {
  std::vector<Batch> ignored;
  BatchBuilder builder(map);
  builder.put(slot, value);
  std::move(builder).finish(plan.prepare, ignored);
}

}  // namespace

Result<uint16_t> PortArrays::keep_page(const PortPage& page, Plan& plan) {
  if (page == PortPage{}) return uint16_t{SLUICE_PORTS_NONE};
  if (page == full_page()) return uint16_t{SLUICE_PORTS_ALL};
  auto [kept, is_new] = pages_.try_emplace(page);
  if (is_new) {
    auto slot = page_slots_.take();
    if (!slot) {
      pages_.erase(kept);
      return slot.error();
    }
    kept->second.slot = *slot;
    page_at_[*slot] = page;
    put_array(SLUICE_MAP_PORT_PAGES, *slot, page, plan);
  }
  ++kept->second.references;
  return static_cast<uint16_t>(kept->second.slot);
}

Result<uint16_t> PortArrays::keep_table(const std::vector<net::PortRange>& ranges, PortTable& table,
                                        Plan& plan) {
  table = {};
  if (ranges.empty()) return uint16_t{SLUICE_PORTS_NONE};
  if (is_all(ranges)) return uint16_t{SLUICE_PORTS_ALL};
  for (uint32_t number = 0; number < SLUICE_PAGES_PER_TABLE; ++number) {
    auto page = keep_page(page_of(ranges, number), plan);
    if (!page) return page.error();
    table[number] = *page;
  }
  auto [kept, is_new] = tables_.try_emplace(table);
  if (is_new) {
    auto slot = table_slots_.take();
    if (!slot) {
      tables_.erase(kept);
      return slot.error();
    }
    kept->second.slot = *slot;
    put_array(SLUICE_MAP_PORT_TABLES, *slot, table, plan);
  }
  ++kept->second.references;
  return static_cast<uint16_t>(kept->second.slot);
}

Status PortArrays::add(PortsetId id, const Portset& portset, Plan& plan) {
  Place place;
  for (size_t i = 0; i < place.tables.size(); ++i) {
    auto table = keep_table(portset.ranges[i], place.tables[i], plan);
    if (!table) return table.error();
    place.table_slots[i] = *table;
  }
  auto slot = portset_slots_.take();
  if (!slot) return slot.error();
  place.slot = *slot;
  sluice_portset value{};
  std::copy(place.table_slots.begin(), place.table_slots.end(), value.table);
  value.others = portset.others;
  put_array(SLUICE_MAP_PORTSETS, *slot, value, plan);
  portsets_[id] = place;
  return done();
}

void PortArrays::drop_table(const PortTable& table, Plan& plan) {
  for (uint16_t slot : table) {
    if (slot < SLUICE_PORTS_FIRST_FREE) continue;
    auto kept = pages_.find(page_at_.at(slot));
    if (--kept->second.references > 0) continue;
    plan.freed_pages.push_back(slot);
    pages_.erase(kept);
    page_at_.erase(slot);
  }
  auto kept = tables_.find(table);
  if (--kept->second.references > 0) return;
  plan.freed_tables.push_back(kept->second.slot);
  tables_.erase(kept);
}

void PortArrays::remove(PortsetId id, Plan& plan) {
  auto place = portsets_.find(id);
  if (place == portsets_.end()) return;
  for (size_t i = 0; i < place->second.tables.size(); ++i)
    if (place->second.table_slots[i] >= SLUICE_PORTS_FIRST_FREE) drop_table(place->second.tables[i], plan);
  plan.freed_portsets.push_back(place->second.slot);
  portsets_.erase(place);
}

void PortArrays::release_freed(const Plan& plan) {
  for (uint32_t slot : plan.freed_portsets) portset_slots_.give_back(slot);
  for (uint32_t slot : plan.freed_tables) table_slots_.give_back(slot);
  for (uint32_t slot : plan.freed_pages) page_slots_.give_back(slot);
}

Result<uint32_t> PortArrays::slot(PortsetId id) const {
  auto place = portsets_.find(id);
  if (place == portsets_.end())
    return Error("image: port set " + id.to_text() + " is referred to but not in the image");
  return place->second.slot;
}

namespace {

// The ranges that a page's bits stand for, joined to what precedes them.
void add_page(const PortPage& page, uint32_t number, net::Protocol protocol, Portset& portset) {
  auto port = [&](uint32_t bit) {
    return net::Port::from_host(static_cast<uint16_t>(number * SLUICE_PORTS_PER_PAGE + bit));
  };
  uint32_t bit = 0;
  auto is_set = [&] { return (page[bit / kWordBits] >> (bit % kWordBits) & 1) != 0; };
  while (bit < SLUICE_PORTS_PER_PAGE) {
    while (bit < SLUICE_PORTS_PER_PAGE && !is_set()) ++bit;
    uint32_t first = bit;
    while (bit < SLUICE_PORTS_PER_PAGE && is_set()) ++bit;
    if (first < bit) portset.add(protocol, {port(first), port(bit - 1)});
  }
}

Status read_table(uint16_t slot, const Contents& contents, PortTable& table) {
  if (slot >= contents.port_tables.size())
    return Error("port_tables: slot " + std::to_string(slot) + " is empty");
  std::copy_n(contents.port_tables[slot].page, SLUICE_PAGES_PER_TABLE, table.begin());
  return done();
}

Result<PortPage> read_page(uint16_t slot, const Contents& contents) {
  PortPage page{};
  if (slot == SLUICE_PORTS_NONE) return page;
  if (slot == SLUICE_PORTS_ALL) return full_page();
  if (slot >= contents.port_pages.size())
    return Error("port_pages: slot " + std::to_string(slot) + " is empty");
  std::copy_n(contents.port_pages[slot].bits, page.size(), page.begin());
  return page;
}

}  // namespace

Result<Portset> PortArrays::read(uint32_t slot, const Contents& contents) {
  if (slot >= contents.portsets.size()) return Error("portsets: slot " + std::to_string(slot) + " is empty");
  Portset portset;
  Place place;
  place.slot = slot;
  portset.others = contents.portsets[slot].others != 0;
  for (size_t i = 0; i < place.tables.size(); ++i) {
    const net::Protocol protocol = net::kPortProtocols[i];
    place.table_slots[i] = contents.portsets[slot].table[i];
    if (place.table_slots[i] == SLUICE_PORTS_NONE) continue;
    if (place.table_slots[i] == SLUICE_PORTS_ALL) {
      portset.add(protocol, net::PortRange::all());
      continue;
    }
    if (Status read = read_table(place.table_slots[i], contents, place.tables[i]); !read) return read.error();
    for (uint32_t number = 0; number < SLUICE_PAGES_PER_TABLE; ++number) {
      auto page = read_page(place.tables[i][number], contents);
      if (!page) return page.error();
      add_page(*page, number, protocol, portset);
    }
  }
  remember(place, portset.id(), contents);
  return portset;
}

void PortArrays::remember(const Place& place, PortsetId id, const Contents& contents) {
  portset_slots_.take_known(place.slot);
  if (!portsets_.emplace(id, place).second)
    return;  // held twice: the second copy's slot is never given out again
  for (size_t i = 0; i < place.tables.size(); ++i) {
    if (place.table_slots[i] < SLUICE_PORTS_FIRST_FREE) continue;
    table_slots_.take_known(place.table_slots[i]);
    Kept& table = tables_[place.tables[i]];
    table.slot = place.table_slots[i];
    ++table.references;
    for (uint16_t slot : place.tables[i]) {
      if (slot < SLUICE_PORTS_FIRST_FREE) continue;
      page_slots_.take_known(slot);
      PortPage page;
      std::copy_n(contents.port_pages[slot].bits, page.size(), page.begin());
      Kept& kept = pages_[page];
      kept.slot = slot;
      ++kept.references;
      page_at_[slot] = page;
    }
  }
}

}  // namespace sluice::image
