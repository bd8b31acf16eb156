/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flow key: what names a packet's flow, and where in the flow tables it stands. Nobody can aim at a bucket:
 * the hash is NH (RFC 4418 5.2) with a seed drawn when the maps are made. */
#ifndef SLUICE_FLOW_KEY_H
#define SLUICE_FLOW_KEY_H

#include "packet.h"

SLUICE_STAGE __u32 sluice_flow_key_words(__u32 family) {
  return family == SLUICE_IPV4 ? SLUICE_FLOW4_KEY_WORDS : SLUICE_FLOW6_KEY_WORDS;
}

SLUICE_STAGE __u64 sluice_pair(__u32 high, __u32 low) {
  return (__u64)high << 32 | low;
}

/* NH of two words of a key. */
SLUICE_STAGE __u64 sluice_hash_part(__u64 word, const __u32* seed) {
  return (__u64)((__u32)word + seed[0]) * (__u32)((__u32)(word >> 32) + seed[1]);
}

SLUICE_STAGE __u32 sluice_scale(__u32 hash, __u32 entries) {
  return (__u32)((__u64)hash * entries >> 32);
}

/* One step of spreading: the upper half of a product with an odd number depends on all bits, and folded into
 * the lower half it is spread by the next. */
SLUICE_STAGE __u64 sluice_spread(__u64 hash) {
  return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ULL;
}

/* Spreads an NH value, in which only all bits together tell two keys apart. The first product alone would
 * place keys that differ by steps as evenly spaced buckets, or as few. */
SLUICE_STAGE void sluice_place_key(struct sluice_flow_key* key, __u64 hash, __u32 buckets) {
  hash = sluice_spread(hash * 0xd6e8feb86659fd93ULL);
  key->home = sluice_scale((__u32)(hash >> 32), buckets);
  hash = sluice_spread(hash);
  key->alternate = sluice_scale((__u32)(hash >> 32), buckets);
  hash = sluice_spread(hash);
  key->tag = (__u32)(hash >> 32);
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
