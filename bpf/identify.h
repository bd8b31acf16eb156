/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Identify: remote address -> identity, and service address -> identity of the endpoints behind it. */
#ifndef SLUICE_IDENTIFY_H
#define SLUICE_IDENTIFY_H

#include "packet.h"

SLUICE_STAGE __u64 sluice_cell_at(const struct sluice_cell* cell, __u64 epoch) {
  return cell->since <= epoch ? cell->now : cell->before;
}

/* The identity that ipBlocks alone give an address; 0 where none names it. A trie is not asked while it is
 * empty. */
SLUICE_STAGE __u64 sluice_identify_by_prefix(sluice_ctx* ctx, const struct sluice_config* config, __u64 epoch,
                                             __u8 family, const union sluice_ip* ip) {
  const struct sluice_cell* cell = 0;
  if (family == SLUICE_IPV4 && (config->flags & SLUICE_CONFIG_PREFIXES4)) {
    struct sluice_prefix4 prefix = {32, ip->word[0]};
    cell = sluice_lookup(ctx, prefixes4, &prefix);
  } else if (family == SLUICE_IPV6 && (config->flags & SLUICE_CONFIG_PREFIXES6)) {
    struct sluice_prefix6 prefix = {.length = 128};
    __builtin_memcpy(prefix.address, ip, sizeof(prefix.address));
    cell = sluice_lookup(ctx, prefixes6, &prefix);
  }
  return cell ? sluice_cell_at(cell, epoch) : 0;
}

/* Identity and flags (SLUICE_IDENTITY_...) of this very address; SLUICE_IDENTITY_NONE where it has none. */
SLUICE_STAGE __u64 sluice_exact_identity(sluice_ctx* ctx, __u64 epoch, __u8 family,
                                         const union sluice_ip* ip) {
  const struct sluice_cell* cell;
  if (family == SLUICE_IPV4) {
    struct sluice_address4 address = {ip->word[0]};
    cell = sluice_lookup(ctx, addresses4, &address);
  } else {
    cell = sluice_lookup(ctx, addresses6, (const struct sluice_address6*)ip);
  }
  return cell ? sluice_cell_at(cell, epoch) : SLUICE_IDENTITY_NONE;
}

SLUICE_STAGE bool sluice_is_node_address(sluice_ctx* ctx, __u64 epoch, __u8 family,
                                         const union sluice_ip* ip) {
  __u64 value = sluice_exact_identity(ctx, epoch, family, ip);
  return value != SLUICE_IDENTITY_NONE && (value & SLUICE_IDENTITY_NODE) != 0;
}

/* Identity and SLUICE_IDENTITY_… flags of an address; 0 where no policy tells it apart. Exact addresses
 * first: the prefixes hold only what ipBlocks name. */
SLUICE_STAGE __u64 sluice_identify(sluice_ctx* ctx, const struct sluice_config* config, __u64 epoch,
                                   __u8 family, const union sluice_ip* ip) {
  __u64 value = sluice_exact_identity(ctx, epoch, family, ip);
  return value != SLUICE_IDENTITY_NONE ? value : sluice_identify_by_prefix(ctx, config, epoch, family, ip);
}

SLUICE_STAGE __u64 sluice_find_service(sluice_ctx* ctx, __u64 epoch, const struct sluice_service* key) {
  const struct sluice_cell* cell = sluice_lookup(ctx, services, key);
  return cell ? sluice_cell_at(cell, epoch) : 0;
}

/* Identity of the endpoints behind a service address; 0 where address and port are no Service's. `flags` are
 * those of the address's identity. port in network order. */
SLUICE_STAGE __u64 sluice_identify_service(sluice_ctx* ctx, __u64 epoch, const struct sluice_packet* packet,
                                           __u64 flags) {
  struct sluice_service key = {.port = packet->remote_port, .protocol = packet->protocol};
  if (flags & SLUICE_IDENTITY_SERVICE) {
    __builtin_memcpy(key.address, &packet->remote, sizeof(key.address));
    key.kind = packet->family == SLUICE_IPV4 ? SLUICE_SERVICE_IPV4 : SLUICE_SERVICE_IPV6;
    __u64 identity = sluice_find_service(ctx, epoch, &key);
    if (identity) return identity;
  }
  if (!(flags & SLUICE_IDENTITY_NODE)) return 0;
  __builtin_memset(key.address, 0, sizeof(key.address));
  key.kind = packet->family == SLUICE_IPV4 ? SLUICE_SERVICE_NODE_PORT4 : SLUICE_SERVICE_NODE_PORT6;
  return sluice_find_service(ctx, epoch, &key);
}

#endif
