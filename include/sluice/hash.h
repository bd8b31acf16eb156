/* Where a key stands in the tables of our own: what programs and agent must reckon alike. The hash is NH
 * (RFC 4418 5.2) with the seed of sluice_config. Valid C11 and C++20. */
#ifndef SLUICE_HASH_H
#define SLUICE_HASH_H

#include <linux/types.h>

#include "sluice/tables.h"

#define SLUICE_PURE static inline __attribute__((always_inline))

/* NH of two words of a key. */
SLUICE_PURE __u64 sluice_hash_part(__u64 word, const __u32* seed) {
  return (__u64)((__u32)word + seed[0]) * (__u32)((__u32)(word >> 32) + seed[1]);
}

/* One step of spreading: the upper half of a product with an odd number depends on all bits, and folded into
 * the lower half it is spread by the next. */
SLUICE_PURE __u64 sluice_spread(__u64 hash) {
  return (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ULL;
}

/* Two steps of spreading an NH value, in which only all bits together tell two keys apart. The first product
 * alone would place keys that differ by steps as evenly spaced buckets, or as few. */
SLUICE_PURE __u64 sluice_spread_twice(__u64 hash) {
  return sluice_spread(hash * 0xd6e8feb86659fd93ULL);
}

/* ---- the policy tables: a key's words to a hash, spread twice */

SLUICE_PURE __u64 sluice_table_hash1(const __u32* seed, __u64 key) {
  return sluice_spread_twice(sluice_hash_part(key, seed));
}
SLUICE_PURE __u64 sluice_table_hash2(const __u32* seed, __u64 first, __u64 second) {
  return sluice_spread_twice(sluice_hash_part(first, seed) + sluice_hash_part(second, seed + 2));
}
SLUICE_PURE __u64 sluice_table_hash3(const __u32* seed, __u64 first, __u64 second, __u64 third) {
  return sluice_spread_twice(sluice_hash_part(first, seed) + sluice_hash_part(second, seed + 2) +
                             sluice_hash_part(third, seed + 4));
}

/* The bucket that a key is looked for in the `attempt`th time, from 0 on: an odd step further each time. `hash`
 * was spread twice. */
SLUICE_PURE __u32 sluice_probe_bucket(__u64 hash, __u64 shape, __u32 attempt) {
  return ((__u32)(hash >> 32) + attempt * ((__u32)hash | 1)) & SLUICE_TABLE_MASK(shape);
}

/* Which of a fact's two values a packet of `epoch` sees. */
SLUICE_PURE __u32 sluice_fact_side(__u64 last, __u64 epoch) {
  return (__u32)(last ^ (epoch - (last >> 1)) >> 63) & 1;
}

#endif
