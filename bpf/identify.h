/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Identify: remote address -> identity, and service address -> identity of the endpoints behind it. */
#ifndef SLUICE_IDENTIFY_H
#define SLUICE_IDENTIFY_H

#include "prefix.h"

/* The identity that ipBlocks alone give an address; 0 where none names it. Nothing is asked while there are
 * none. */
SLUICE_STAGE __u64 sluice_identify_by_prefix(sluice_ctx* ctx, const struct sluice_config* config, __u64 epoch,
                                             __u8 family, const union sluice_ip* ip) {
  __u64 value = SLUICE_ABSENT;
  if (family == SLUICE_IPV4 && (config->flags & SLUICE_CONFIG_PREFIXES4))
    value = sluice_longest_prefix4(ctx, ip->word[0], epoch);
  else if (family == SLUICE_IPV6 && (config->flags & SLUICE_CONFIG_PREFIXES6))
    value = sluice_longest_prefix6(ctx, sluice_pair(ip->word[1], ip->word[0]),
                                   sluice_pair(ip->word[3], ip->word[2]), epoch);
  return value == SLUICE_ABSENT ? 0 : value;
}

/* Identity and flags (SLUICE_IDENTITY_...) of this very address; SLUICE_IDENTITY_NONE where it has none. */
SLUICE_STAGE __u64 sluice_exact_identity(sluice_ctx* ctx, __u64 epoch, __u8 family,
                                         const union sluice_ip* ip) {
  if (family == SLUICE_IPV4)
    return sluice_table_value1(ctx, SLUICE_TABLE_ADDRESSES4, SLUICE_TABLE_KEY4(ip->word[0], 0), epoch);
  return sluice_table_value2(ctx, SLUICE_TABLE_ADDRESSES6, sluice_pair(ip->word[1], ip->word[0]),
                             sluice_pair(ip->word[3], ip->word[2]), epoch);
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

/* Identity of the endpoints behind an address (as two words, 0 for any of the node) and the packet's port. */
SLUICE_STAGE __u64 sluice_find_service(sluice_ctx* ctx, __u64 epoch, const struct sluice_packet* packet,
                                       enum sluice_service_kind kind, __u64 first, __u64 second) {
  struct sluice_service key = {.port = packet->remote_port, .protocol = packet->protocol, .kind = (__u8)kind};
  __u64 value = sluice_table_value3(ctx, first, second, SLUICE_SERVICE_KEY(key), epoch);
  return value == SLUICE_ABSENT ? 0 : value;
}

/* Identity of the endpoints behind a service address; 0 where address and port are no Service's. `flags` are
 * those of the address's identity. port in network order. */
SLUICE_STAGE __u64 sluice_identify_service(sluice_ctx* ctx, __u64 epoch, const struct sluice_packet* packet,
                                           __u64 flags) {
  const bool ipv4 = packet->family == SLUICE_IPV4;
  const union sluice_ip* ip = &packet->remote;
  if (flags & SLUICE_IDENTITY_SERVICE) {
    __u64 identity =
        sluice_find_service(ctx, epoch, packet, ipv4 ? SLUICE_SERVICE_IPV4 : SLUICE_SERVICE_IPV6,
                            sluice_pair(ip->word[1], ip->word[0]), sluice_pair(ip->word[3], ip->word[2]));
    if (identity) return identity;
  }
  if (!(flags & SLUICE_IDENTITY_NODE)) return 0;
  return sluice_find_service(ctx, epoch, packet, ipv4 ? SLUICE_SERVICE_NODE_PORT4 : SLUICE_SERVICE_NODE_PORT6,
                             0, 0);
}

#endif
