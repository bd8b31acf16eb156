// PortArrays: where port sets stand in sluice_portsets, sluice_port_tables and sluice_port_pages.
// A port set is three tables (one a protocol) and one word for all others, a table is 64 pages, a page is 1,024 ports.
//
// Laws:
//  1. Equal tables and equal pages are kept once.
//  2. add() writes only slots that nothing reads.
//  3. remove() frees slots through the plan; they are given out again only after
//     Placement::release_freed().
//
// Not thread-safe.
#pragma once

#include <array>
#include <map>
#include <set>

#include "agent/image/contents.h"
#include "agent/image/image.h"
#include "agent/image/plan.h"
#include "agent/image/slots.h"

namespace sluice::image {

using PortTable = std::array<uint16_t, SLUICE_PAGES_PER_TABLE>;
using PortPage = std::array<uint64_t, SLUICE_PORTS_PER_PAGE / 64>;

class PortArrays {
 public:
  // Gives the set its slots and adds what must be written for it to plan.prepare.
  base::Status add(PortsetId id, const Portset& portset, Plan& plan);
  void remove(PortsetId id, Plan& plan);
  void release_freed(const Plan& plan);

  // The slot of a set that was added; an error says which is missing.
  base::Result<uint32_t> slot(PortsetId id) const;

  // The set at a slot as the maps hold it; remembers its slots as taken.
  base::Result<Portset> read(uint32_t slot, const Contents& contents);

  uint32_t portsets_used() const { return portset_slots_.used(); }
  uint32_t tables_used() const { return table_slots_.used(); }
  uint32_t pages_used() const { return page_slots_.used(); }

 private:
  // Something kept once in an array: its slot, and how many refer to it.
  struct Kept {
    uint32_t slot = 0, references = 0;
  };
  struct Place {
    uint32_t slot = 0;
    std::array<PortTable, SLUICE_PORT_PROTOCOLS> tables;
    std::array<uint16_t, SLUICE_PORT_PROTOCOLS> table_slots;
  };
  base::Result<uint16_t> keep_table(const std::vector<net::PortRange>& ranges, PortTable& table, Plan& plan);
  base::Result<uint16_t> keep_page(const PortPage& page, Plan& plan);
  void drop_table(const PortTable& table, Plan& plan);
  void remember(const Place& place, PortsetId id, const Contents& contents);

  std::map<PortsetId, Place> portsets_;
  std::map<PortTable, Kept> tables_;
  std::map<PortPage, Kept> pages_;
  std::map<uint32_t, PortPage> page_at_;  // of the pages in pages_
  Slots portset_slots_{SLUICE_MAX_PORTSETS, "portsets"};
  Slots table_slots_{SLUICE_MAX_PORT_TABLES, "port_tables", SLUICE_PORTS_FIRST_FREE};
  Slots page_slots_{SLUICE_MAX_PORT_PAGES, "port_pages", SLUICE_PORTS_FIRST_FREE};
};

}  // namespace sluice::image
