/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Ports: does a port set hold a port? Three array reads for one port or sixty thousand. */
#ifndef SLUICE_PORTS_H
#define SLUICE_PORTS_H

#include "packet.h"

/* port in host order. Of protocols without ports a set has all or none. */
SLUICE_STAGE bool sluice_portset_holds(sluice_ctx* ctx, __u32 portset, __u8 protocol, __u16 port) {
  const struct sluice_portset* set = sluice_lookup(ctx, portsets, &portset);
  if (!set) return false;
  __u32 table_index;
  switch (protocol) {
    case SLUICE_TCP:
      table_index = set->table[0];
      break;
    case SLUICE_UDP:
      table_index = set->table[1];
      break;
    case SLUICE_SCTP:
      table_index = set->table[2];
      break;
    default:
      return set->others != 0;
  }
  const struct sluice_port_table* table = sluice_lookup(ctx, port_tables, &table_index);
  if (!table) return false;
  __u32 page_index = table->page[port / SLUICE_PORTS_PER_PAGE];
  const struct sluice_port_page* page = sluice_lookup(ctx, port_pages, &page_index);
  if (!page) return false;
  __u32 bit = port % SLUICE_PORTS_PER_PAGE;
  return page->bits[bit / 64] >> (bit % 64) & 1;
}

#endif
