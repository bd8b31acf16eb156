/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The seam, user-space side: the twin of bpf/kernel/seam.h. Packet bytes, clock and maps are parameters in
 * struct sluice_user_ctx (agent/packet/user_ctx.h); nothing is global
 * but scratch memory, which is the thread's own and holds nothing from one packet to the next. */
#ifndef SLUICE_SEAM_H
#define SLUICE_SEAM_H

#include <string.h>

#include "agent/packet/user_ctx.h"
#include "sluice/event.h"
#include "sluice/maps.h"
#include "sluice/timeouts.h"

#define SLUICE_STAGE static inline
#define SLUICE_COLD static
#define SLUICE_SHARED static
#define SLUICE_USE(ctx) ((void)(ctx))

typedef struct sluice_user_ctx sluice_ctx;

#define SLUICE_LOOKUP_TYPE(NAME, name, type, key_type, value_type, entries, flags)                         \
  static inline value_type* sluice_lookup_##name(sluice_ctx* ctx, const key_type* key) {                   \
    return (value_type*)ctx->lookup(ctx->maps, SLUICE_MAP_##NAME, key);                                    \
  }                                                                                                        \
  static inline void sluice_insert_##name(sluice_ctx* ctx, const key_type* key, const value_type* value) { \
    ctx->insert(ctx->maps, SLUICE_MAP_##NAME, key, value);                                                 \
  }
SLUICE_MAPS(SLUICE_LOOKUP_TYPE)
#undef SLUICE_LOOKUP_TYPE

#define sluice_lookup(ctx, name, key) sluice_lookup_##name(ctx, key)
#define sluice_insert(ctx, name, key, value) sluice_insert_##name(ctx, key, value)

/* Memory of one run: the thread's own. */
#define SLUICE_SCRATCH(name, value_type, entries) \
  static _Thread_local value_type sluice_scratch_##name[entries];
#define sluice_scratch(ctx, name, index) ((void)(ctx), &sluice_scratch_##name[*(index)])

#define sluice_ntohs(x) __builtin_bswap16(x)
#define sluice_htons(x) __builtin_bswap16(x)
#define sluice_htonl(x) __builtin_bswap32(x)
#define sluice_ntohl(x) __builtin_bswap32(x)
#define sluice_ntohll(x) __builtin_bswap64(x)
#define sluice_htonll(x) __builtin_bswap64(x)

/* A word that others write and read meanwhile. */
SLUICE_STAGE __u64 sluice_read(const __u64* word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
SLUICE_STAGE __s64 sluice_read_count(const __s64* word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}
SLUICE_STAGE void sluice_write(__u64* word, __u64 value) {
  __atomic_store_n(word, value, __ATOMIC_RELAXED);
}
SLUICE_STAGE void sluice_add_shared(__s64* counter, __s64 more) {
  __atomic_fetch_add(counter, more, __ATOMIC_RELAXED);
}
SLUICE_STAGE void sluice_lock(struct sluice_spin_lock* lock) {
  while (__atomic_exchange_n(&lock->val, 1, __ATOMIC_ACQUIRE)) {
  }
}
SLUICE_STAGE void sluice_unlock(struct sluice_spin_lock* lock) {
  __atomic_store_n(&lock->val, 0, __ATOMIC_RELEASE);
}
#define SLUICE_UNROLL
#define SLUICE_OPAQUE(value) __asm__ volatile("" : "+r"(value))

SLUICE_STAGE const __u64* sluice_table_line(sluice_ctx* ctx, __u32 slot, __u32 index) {
  return ctx->table_line(ctx->maps, slot, index);
}

SLUICE_STAGE __u32 sluice_flow_buckets(sluice_ctx* ctx, __u32 family) {
  return family == 4 ? ctx->flow_buckets4 : ctx->flow_buckets6;
}
SLUICE_STAGE __u32 sluice_flow_share(sluice_ctx* ctx) {
  return ctx->flow_share;
}

/* The clock counts seconds here. */
SLUICE_STAGE __u32 sluice_timeout(sluice_ctx* ctx, enum sluice_timeout which) {
  static const __u32 seconds[] = {
#define SLUICE_SECONDS(NAME, seconds, text) seconds,
      SLUICE_TIMEOUTS(SLUICE_SECONDS)
#undef SLUICE_SECONDS
  };
  (void)ctx;
  return which < SLUICE_TIMEOUT_COUNT ? seconds[which] : 0;
}
SLUICE_STAGE __u32 sluice_second(sluice_ctx* ctx) {
  (void)ctx;
  return 1;
}
SLUICE_STAGE __u32 sluice_now(sluice_ctx* ctx) {
  return ctx->now;
}
SLUICE_STAGE __u32 sluice_cpu(sluice_ctx* ctx) {
  (void)ctx;
  return 0;
}
SLUICE_STAGE __u32 sluice_recent_verdict_entries(sluice_ctx* ctx) {
  (void)ctx;
  return SLUICE_RECENT_VERDICTS;
}
SLUICE_STAGE __u32 sluice_stats_part(sluice_ctx* ctx) {
  (void)ctx;
  return 0;
}
SLUICE_STAGE __u32 sluice_stats_index(sluice_ctx* ctx, __u32 endpoint) {
  (void)ctx;
  return endpoint;
}
SLUICE_STAGE void sluice_add(sluice_ctx* ctx, __u64* counter, __u64 more) {
  (void)ctx;
  *counter += more;
}
SLUICE_STAGE __u64 sluice_nanoseconds(sluice_ctx* ctx) {
  return ctx->now * 1000000000ULL;
}
SLUICE_STAGE __u64 sluice_boot_nanoseconds(sluice_ctx* ctx) {
  return sluice_nanoseconds(ctx);
}
SLUICE_STAGE __u32 sluice_mark(sluice_ctx* ctx) {
  return ctx->mark;
}
SLUICE_STAGE __u32 sluice_gso_size(sluice_ctx* ctx) {
  (void)ctx;
  return 0;
}
SLUICE_STAGE __u32 sluice_length(sluice_ctx* ctx) {
  return ctx->length;
}
SLUICE_STAGE __u32 sluice_ifindex(sluice_ctx* ctx) {
  return ctx->ifindex;
}
SLUICE_STAGE bool sluice_is_gso(sluice_ctx* ctx) {
  return ctx->gso;
}

SLUICE_STAGE long sluice_copy(sluice_ctx* ctx, __u32 offset, void* to, __u32 size) {
  if (offset > ctx->length || size > ctx->length - offset) return -1;
  memcpy(to, ctx->data + offset, size);
  return 0;
}
#define sluice_load(ctx, offset, to) sluice_copy(ctx, offset, to, sizeof(*(to)))

/* A copy that stands as the kernel lets a frame stand (NET_IP_ALIGN): with the IP header at a multiple of 4.
 */
SLUICE_STAGE const __u8* sluice_linear(sluice_ctx* ctx, __u32 bytes) {
  static _Thread_local __u32 words[32];
  __u8* frame = (__u8*)words + 2;
  if (bytes > ctx->length || bytes > sizeof(words) - 2) return 0;
  memcpy(frame, ctx->data, bytes);
  return frame;
}

SLUICE_STAGE bool sluice_emit(sluice_ctx* ctx, const struct sluice_event* event) {
  return ctx->emit(ctx->maps, event);
}
SLUICE_STAGE bool sluice_emit_packet(sluice_ctx* ctx, const struct sluice_dns_packet* entry) {
  return entry->length < SLUICE_LONGEST_ANSWER_BYTES && ctx->emit_packet(ctx->maps, entry, ctx->data);
}

#endif
