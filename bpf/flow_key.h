/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flow key: what names a packet's flow, and where in the flow tables it stands. Nobody can aim at a bucket:
 * the hash is NH (RFC 4418 5.2) with a seed drawn when the maps are made. */
#ifndef SLUICE_FLOW_KEY_H
#define SLUICE_FLOW_KEY_H

#include "packet.h"
#include "sluice/hash.h"

SLUICE_STAGE __u32 sluice_flow_key_words(__u32 family) {
  return family == SLUICE_IPV4 ? SLUICE_FLOW4_KEY_WORDS : SLUICE_FLOW6_KEY_WORDS;
}

SLUICE_STAGE __u32 sluice_scale(__u32 hash, __u32 entries) {
  return (__u32)((__u64)hash * entries >> 32);
}

/* Spreads an NH value. */
SLUICE_STAGE void sluice_place_key(struct sluice_flow_key* key, __u64 hash, __u32 buckets) {
  hash = sluice_spread_twice(hash);
  key->home = sluice_scale((__u32)(hash >> 32), buckets);
  hash = sluice_spread(hash);
  key->alternate = sluice_scale((__u32)(hash >> 32), buckets);
  hash = sluice_spread(hash);
  key->tag = SLUICE_FLOW_TAG(hash);
  key->name = 0;
  key->mark = ((__u32)(hash >> 9) & SLUICE_FLOW_MARK_MASK) | 1;
}

SLUICE_STAGE void sluice_make_flow_key(sluice_ctx* ctx, const struct sluice_config* config, __u32 endpoint,
                                       struct sluice_packet* packet) {
  const union sluice_ip* remote = &packet->remote;
  const __u32* seed = config->flow_seed;
  struct sluice_flow_key* key = &packet->flow;
  __u64 hash;
  key->endpoint = endpoint;
  if (packet->family == SLUICE_IPV4) {
    key->word[0] = sluice_pair(endpoint, remote->word[0]);
    key->word[1] = sluice_pair(packet->ports, (__u32)SLUICE_FLOW_LAST(packet->protocol));
    hash = sluice_hash_part(key->word[0], seed) + sluice_hash_part(key->word[1], seed + 2);
  } else {
    key->word[0] = sluice_pair(remote->word[0], remote->word[1]);
    key->word[1] = sluice_pair(remote->word[2], remote->word[3]);
    key->word[2] = sluice_pair(endpoint, packet->ports);
    key->word[3] = SLUICE_FLOW_LAST(packet->protocol);
    hash = sluice_hash_part(key->word[0], seed) + sluice_hash_part(key->word[1], seed + 2) +
           sluice_hash_part(key->word[2], seed + 4) + sluice_hash_part(key->word[3], seed + 6);
  }
  sluice_place_key(key, hash, sluice_flow_buckets(ctx, packet->family));
}

#endif
