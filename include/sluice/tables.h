/* The policy tables: what packets ask of addresses, prefixes, services and rules. Each is an array of lines
 * that the agent writes by mmap and packets read without a lock; bpf/table.h has its laws. The array in force
 * is named by a word of sluice_config, so that a table grows by being written anew beside the old one.
 * Valid C11 and C++20. */
#ifndef SLUICE_TABLES_H
#define SLUICE_TABLES_H

#include <linux/types.h>

#include "sluice/limits.h"

/* X(NAME, name, key, words, entries): the contract's key, the words that it takes in a bucket, and how many
 * entries the agent lets a table have. */
#define SLUICE_TABLES(X)                                                     \
  X(ADDRESSES4, addresses4, struct sluice_address4, 1, SLUICE_MAX_ADDRESSES) \
  X(ADDRESSES6, addresses6, struct sluice_address6, 2, SLUICE_MAX_ADDRESSES) \
  X(PREFIXES4, prefixes4, struct sluice_prefix4, 1, SLUICE_MAX_PREFIXES)     \
  X(PREFIXES6, prefixes6, struct sluice_prefix6, 3, SLUICE_MAX_PREFIXES)     \
  X(SERVICES, services, struct sluice_service, 3, SLUICE_MAX_SERVICES)       \
  X(RULES, rules, struct sluice_rule, 2, SLUICE_MAX_RULES)

enum sluice_table {
#define SLUICE_TABLE_ENUM(NAME, name, key, words, entries) SLUICE_TABLE_##NAME,
  SLUICE_TABLES(SLUICE_TABLE_ENUM)
#undef SLUICE_TABLE_ENUM
      SLUICE_TABLE_COUNT
};

/* sluice_config.table: which of a table's two arrays is in force, and its buckets less one (a power of two
 * less one). */
#define SLUICE_TABLE_SHAPE(array, buckets) ((__u64)(array) << 32 | ((__u32)(buckets)-1))
#define SLUICE_TABLE_MASK(shape) ((__u32)(shape))
/* Index into sluice_policy_tables, an array of arrays. */
#define SLUICE_TABLE_SLOT(table, shape) ((__u32)(table)*2 + (__u32)((__u64)(shape) >> 32))

/* A fact as packets of two epochs see it: bit 0 of `last` says which value holds from the epoch in its other
 * bits on; the other one holds before. */
struct sluice_fact {
  __u64 last; /* epoch << 1 | which */
  __u64 value[2];
};

/* An entry's state. TAKEN: no packet sees it, and nothing else may be written there yet. */
enum { SLUICE_WAY_FREE = 0, SLUICE_WAY_TAKEN = 1, SLUICE_WAY_VALID = 3 };

/* A bucket of a table of one-word keys. A key has its lowest 16 bits free. */
enum { SLUICE_TABLE1_WAYS = 2, SLUICE_TABLE2_WAYS = 3, SLUICE_TABLE3_WAYS = 2 };
struct sluice_way1 {
  __u64 key; /* bits 0 and 1: its state; of the first way, bits 4 to 15: how many entries went past */
  struct sluice_fact fact;
};
struct sluice_bucket1 {
  struct sluice_way1 way[SLUICE_TABLE1_WAYS];
};
/* Buckets of tables of two- and three-word keys. */
struct sluice_bucket2 {
  __u64 head; /* two bits a way: its state; from bit 16 on, how many entries went past */
  __u64 key[SLUICE_TABLE2_WAYS][2];
  struct sluice_fact fact[SLUICE_TABLE2_WAYS];
};
struct sluice_bucket3 {
  __u64 head; /* as above */
  __u64 key[SLUICE_TABLE3_WAYS][3];
  struct sluice_fact fact[SLUICE_TABLE3_WAYS];
  __u64 reserved[3];
};

/* One element of the arrays: two buckets of one-word keys, or one of the others. */
enum { SLUICE_LINE_WORDS = 16, SLUICE_BUCKET1_WORDS = 8 };
struct sluice_line {
  __u64 word[SLUICE_LINE_WORDS];
};

#define SLUICE_TABLE_KEY4(address, length) ((__u64)(address) << 32 | (__u64)(length) << 16)
#define SLUICE_BUCKET1_STATE(word) ((word)&3)
#define SLUICE_BUCKET1_PASSED(word) ((__u32)(word) >> 4 & 0xfff)
#define SLUICE_BUCKET1_KEY(word) ((word) & ~0xffffULL)
#define SLUICE_BUCKET_STATE(head, way) ((head) >> 2 * (way)&3)
#define SLUICE_BUCKET_PASSED(head) ((head) >> 16)

/* How many buckets a key may stand in. An entry that finds no place in them makes the table grow. */
enum { SLUICE_TABLE_PROBES = 8 };

/* Which lengths of prefixes there are below the first 16 bits of an address: none is asked for in vain, or
 * nearly. Bit 32 - length. */
enum { SLUICE_LENGTH_SLOTS = 65536 };
struct sluice_lengths4 {
  __u64 bits;
};
struct sluice_lengths6 {
  __u64 longer;  /* bit 128 - length, of lengths above 64 */
  __u64 shorter; /* bit 64 - length, of lengths from 1 on */
};

#endif
