/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Policy table: a key -> a fact, in an array of buckets that one agent writes and every packet reads.
 *
 * Laws of reading:
 *  1 A look-up takes no lock. It asks the key's first bucket, and another one only while entries went past
 *    that (SLUICE_BUCKET_PASSED): nearly always one cache line, also for what is not there.
 *  2 A packet sees what holds in the epoch that it read. Nothing that is written before the next epoch is in
 *    force changes that: the next value goes where no packet of this epoch looks, and one word says from when
 *    on it holds.
 * Laws of writing (agent/table/table.h):
 *  3 An entry never moves. What is removed is free again when no packet that could have seen it is under way.
 *  4 An entry counts once its state says so; that is written last.
 *  5 Nobody can aim at a bucket: the hash is NH with the seed of the flow tables. */
#ifndef SLUICE_TABLE_H
#define SLUICE_TABLE_H

#include "packet.h"
#include "sluice/hash.h"

/* No entry in this epoch: no value of any table. */
#define SLUICE_ABSENT (~0ULL)

SLUICE_STAGE __u64 sluice_fact_at(const struct sluice_fact* fact, __u64 epoch) {
  __u64 side = sluice_fact_side(sluice_read(&fact->last), epoch);
  SLUICE_OPAQUE(side); /* older verifiers know nothing of what an exclusive or gives */
  return sluice_read(fact->value + (side & 1));
}

SLUICE_STAGE const struct sluice_config* sluice_config_of(sluice_ctx* ctx) {
  __u32 zero = 0;
  return sluice_lookup(ctx, config, &zero);
}

/* The word that says which array is in force; 0: none is. One 64-bit number that the compiler cannot divide:
 * of a bound on its half older verifiers make nothing. */
SLUICE_STAGE __u64 sluice_table_shape(const struct sluice_config* config, __u64 table) {
  SLUICE_OPAQUE(table);
  return table < SLUICE_TABLE_COUNT ? sluice_read(config->table + table) : 0;
}

/* What a table says of a key of one word in `epoch`; SLUICE_ABSENT where nothing. */
SLUICE_SHARED __u64 sluice_table_value1(sluice_ctx* ctx, enum sluice_table table, __u64 key, __u64 epoch) {
  SLUICE_USE(ctx);
  const struct sluice_config* config = sluice_config_of(ctx);
  if (!config) return SLUICE_ABSENT;
  __u64 shape = sluice_table_shape(config, table);
  __u64 hash = sluice_table_hash1(config->flow_seed, key);
  for (__u32 attempt = 0; attempt < SLUICE_TABLE_PROBES; ++attempt) {
    __u32 at = sluice_probe_bucket(hash, shape, attempt);
    const __u64* line = sluice_table_line(ctx, SLUICE_TABLE_SLOT(table, shape), at / 2);
    if (!line) return SLUICE_ABSENT;
    const struct sluice_bucket1* bucket =
        (const struct sluice_bucket1*)(line + (at & 1) * SLUICE_BUCKET1_WORDS);
    __u64 first = sluice_read(&bucket->way[0].key);
    __u64 wanted = key | SLUICE_WAY_VALID;
    if ((first & ~0xfff0ULL) == wanted) return sluice_fact_at(&bucket->way[0].fact, epoch);
    if (sluice_read(&bucket->way[1].key) == wanted) return sluice_fact_at(&bucket->way[1].fact, epoch);
    if (!SLUICE_BUCKET1_PASSED(first)) return SLUICE_ABSENT;
  }
  return SLUICE_ABSENT;
}

SLUICE_SHARED __u64 sluice_table_value2(sluice_ctx* ctx, enum sluice_table table, __u64 first, __u64 second,
                                        __u64 epoch) {
  SLUICE_USE(ctx);
  const struct sluice_config* config = sluice_config_of(ctx);
  if (!config) return SLUICE_ABSENT;
  __u64 shape = sluice_table_shape(config, table);
  __u64 hash = sluice_table_hash2(config->flow_seed, first, second);
  for (__u32 attempt = 0; attempt < SLUICE_TABLE_PROBES; ++attempt) {
    __u32 at = sluice_probe_bucket(hash, shape, attempt);
    const struct sluice_bucket2* bucket =
        (const struct sluice_bucket2*)sluice_table_line(ctx, SLUICE_TABLE_SLOT(table, shape), at);
    if (!bucket) return SLUICE_ABSENT;
    __u64 head = sluice_read(&bucket->head);
    SLUICE_UNROLL
    for (int way = 0; way < SLUICE_TABLE2_WAYS; ++way) {
      __u64 differs = (sluice_read(bucket->key[way]) ^ first) | (sluice_read(bucket->key[way] + 1) ^ second) |
                      (SLUICE_BUCKET_STATE(head, way) ^ SLUICE_WAY_VALID);
      if (!differs) return sluice_fact_at(bucket->fact + way, epoch);
    }
    if (!SLUICE_BUCKET_PASSED(head)) return SLUICE_ABSENT;
  }
  return SLUICE_ABSENT;
}

/* Its tables share their keys' words: the upper half of the third says which of them is asked. */
SLUICE_SHARED __u64 sluice_table_value3(sluice_ctx* ctx, __u64 first, __u64 second, __u64 third,
                                        __u64 epoch) {
  SLUICE_USE(ctx);
  const struct sluice_config* config = sluice_config_of(ctx);
  const __u32 table = (__u32)(third >> 32);
  if (!config) return SLUICE_ABSENT;
  __u64 shape = sluice_table_shape(config, table);
  __u64 hash = sluice_table_hash3(config->flow_seed, first, second, third);
  for (__u32 attempt = 0; attempt < SLUICE_TABLE_PROBES; ++attempt) {
    __u32 at = sluice_probe_bucket(hash, shape, attempt);
    const struct sluice_bucket3* bucket =
        (const struct sluice_bucket3*)sluice_table_line(ctx, SLUICE_TABLE_SLOT(table, shape), at);
    if (!bucket) return SLUICE_ABSENT;
    __u64 head = sluice_read(&bucket->head);
    SLUICE_UNROLL
    for (int way = 0; way < SLUICE_TABLE3_WAYS; ++way) {
      __u64 differs = (sluice_read(bucket->key[way]) ^ first) | (sluice_read(bucket->key[way] + 1) ^ second) |
                      (sluice_read(bucket->key[way] + 2) ^ third) |
                      (SLUICE_BUCKET_STATE(head, way) ^ SLUICE_WAY_VALID);
      if (!differs) return sluice_fact_at(bucket->fact + way, epoch);
    }
    if (!SLUICE_BUCKET_PASSED(head)) return SLUICE_ABSENT;
  }
  return SLUICE_ABSENT;
}

#endif
