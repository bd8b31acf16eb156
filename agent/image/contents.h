// Contents: what the kernel's maps hold, read back as plain values. Slots, indices and epochs are
// as they stand; agent/image/placement.h says what they mean.
//
// Laws:
//  1. Tables are sorted by the bytes of their keys; arrays are indexed as in the map and end
//     after the last entry that is not all zero.
//  2. Flows, fragments and counters are not part of it: they are the programs' own.
//
// A value; any thread.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "sluice/layout.h"

namespace sluice::image {

template <typename Key, typename Value>
using Table = std::vector<std::pair<Key, Value>>;

struct Contents {
  sluice_config config{};
  Table<uint32_t, uint32_t>
      interfaces;  // ifindex -> sluice_endpoint.id; direct slots and interfaces_more together
  std::vector<sluice_endpoint> endpoints;
  Table<sluice_address4, sluice_cell> addresses4;
  Table<sluice_address6, sluice_cell> addresses6;
  Table<sluice_prefix4, sluice_cell> prefixes4;
  Table<sluice_prefix6, sluice_cell> prefixes6;
  Table<sluice_source, sluice_cell> sources;
  Table<sluice_service, sluice_cell> services;
  Table<uint32_t, sluice_cell> names;
  Table<sluice_rule, sluice_cell> rules;
  std::vector<sluice_portset> portsets;
  std::vector<sluice_port_table> port_tables;
  std::vector<sluice_port_page> port_pages;
};

}  // namespace sluice::image
