/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Prefix: the longest prefix that there is of an address. A table of prefixes is asked for each length that
 * some prefix near the address has (sluice_lengths4, sluice_lengths6), the longest first: nearly always one
 * or two. A length that is noted in vain costs time, one that is not noted would be a hole: it is noted before
 * the first entry and struck after the last. */
#ifndef SLUICE_PREFIX_H
#define SLUICE_PREFIX_H

#include "table.h"

/* The number of the lowest bit that is set, of which one is: by a de Bruijn sequence, without a branch. */
SLUICE_STAGE __u32 sluice_lowest_of_64(__u64 bits) {
  static const __u8 number[64] = {0,  1,  2,  53, 3,  7,  54, 27, 4,  38, 41, 8,  34, 55, 48, 28,
                                  62, 5,  39, 46, 44, 42, 22, 9,  24, 35, 59, 56, 49, 18, 29, 11,
                                  63, 52, 6,  26, 37, 40, 33, 47, 61, 45, 43, 21, 23, 58, 17, 10,
                                  51, 25, 36, 32, 60, 20, 57, 16, 50, 31, 19, 15, 30, 14, 13, 12};
  return number[(bits & -bits) * 0x022fdd63cc95386dULL >> 58];
}

/* `address` as on the wire. */
SLUICE_SHARED __u64 sluice_longest_prefix4(sluice_ctx* ctx, __be32 address, __u64 epoch) {
  SLUICE_USE(ctx);
  __u32 host = sluice_ntohl(address), near = host >> 16;
  const struct sluice_lengths4* lengths = sluice_lookup(ctx, prefix_lengths4, &near);
  __u64 bits = lengths ? sluice_read(&lengths->bits) : 0;
  for (int i = 0; i <= 32 && bits; ++i, bits &= bits - 1) {
    __u32 host_bits = sluice_lowest_of_64(bits) & 63;
    __u32 base = host & (__u32)(0xffffffffULL << host_bits);
    __u64 value = sluice_table_value1(ctx, SLUICE_TABLE_PREFIXES4,
                                      SLUICE_TABLE_KEY4(sluice_htonl(base), 32 - host_bits), epoch);
    if (value != SLUICE_ABSENT) return value;
  }
  return SLUICE_ABSENT;
}

/* The lengths of one word: those above 64 with `longer`, else those from 1 to 64. Words as on the wire. */
SLUICE_SHARED __u64 sluice_longest_of_lengths6(sluice_ctx* ctx, __u64 first, __u64 second, bool longer,
                                               __u64 epoch) {
  SLUICE_USE(ctx);
  __u32 near = sluice_ntohs((__u16)first);
  const struct sluice_lengths6* lengths = sluice_lookup(ctx, prefix_lengths6, &near);
  if (!lengths) return SLUICE_ABSENT;
  __u64 bits = sluice_read(longer ? &lengths->longer : &lengths->shorter);
  __u64 cut = sluice_ntohll(longer ? second : first);
  for (int i = 0; i < 64 && bits; ++i, bits &= bits - 1) {
    __u32 host_bits = sluice_lowest_of_64(bits) & 63;
    __u64 base = sluice_htonll(cut & (~0ULL << host_bits));
    __u64 value = sluice_table_value3(ctx, longer ? first : base, longer ? base : 0,
                                      SLUICE_PREFIX6_KEY((longer ? 128 : 64) - host_bits), epoch);
    if (value != SLUICE_ABSENT) return value;
  }
  return SLUICE_ABSENT;
}

/* The address as two words, as on the wire. */
SLUICE_STAGE __u64 sluice_longest_prefix6(sluice_ctx* ctx, __u64 first, __u64 second, __u64 epoch) {
  __u64 value = sluice_longest_of_lengths6(ctx, first, second, true, epoch);
  if (value == SLUICE_ABSENT) value = sluice_longest_of_lengths6(ctx, first, second, false, epoch);
  return value == SLUICE_ABSENT ? sluice_table_value3(ctx, 0, 0, SLUICE_PREFIX6_KEY(0), epoch) : value;
}

#endif
