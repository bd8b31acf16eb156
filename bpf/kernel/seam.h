/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The seam, kernel side: how the stages reach packet bytes, maps and the clock. agent/packet/seam.h is its
 * twin for user space; the stages include "seam.h" and the include path decides. Nothing else in bpf/ knows
 * which it is. */
#ifndef SLUICE_SEAM_H
#define SLUICE_SEAM_H

#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define SLUICE_SPIN_LOCK struct bpf_spin_lock
#include "sluice/event.h"
#include "sluice/maps.h"
#include "sluice/timeouts.h"

#define SLUICE_STAGE static __always_inline
#define SLUICE_COLD static __attribute__((noinline))
/* A function that the verifier looks at once, whoever calls it: it gets numbers, and gives one. */
#define SLUICE_SHARED __attribute__((noinline))
/* First in each: clang passes nothing where it sees that nothing is used, and the verifier wants a context. */
#define SLUICE_USE(ctx) asm volatile("" : : "r"(ctx))

typedef struct __sk_buff sluice_ctx;

#include "maps.h"

/* Written by the agent before load: seconds turned into jiffies. */
const volatile __u32 sluice_timeout_jiffies[SLUICE_TIMEOUT_COUNT];
const volatile __u32 sluice_second_jiffies = 250;
/* How many buckets the flow tables have, and of how many flows of each class an endpoint is sure. */
const volatile __u32 sluice_flow_bucket_count4 = SLUICE_FLOW_BUCKETS4(SLUICE_LEAST_FLOWS);
const volatile __u32 sluice_flow_bucket_count6 = SLUICE_FLOW_BUCKETS6(SLUICE_LEAST_FLOWS);
const volatile __u32 sluice_flow_share_count = SLUICE_LEAST_FLOWS / SLUICE_FLOW_SHARES;
/* How many a CPU has in sluice_recent_verdicts: a power of two. */
const volatile __u32 sluice_recent_verdict_count = SLUICE_RECENT_VERDICTS;
/* Parts of an endpoint's stats: a power of two. Do CPUs share one? */
const volatile __u32 sluice_stats_parts = 1;
const volatile __u32 sluice_stats_shared = 1;

#define sluice_lookup(ctx, name, key) ((void)(ctx), bpf_map_lookup_elem(&sluice_##name, key))
#define sluice_insert(ctx, name, key, value) \
  ((void)(ctx), bpf_map_update_elem(&sluice_##name, key, value, BPF_ANY))

#define sluice_ntohs(x) bpf_ntohs(x)
#define sluice_htons(x) bpf_htons(x)
#define sluice_htonl(x) bpf_htonl(x)
#define sluice_ntohl(x) bpf_ntohl(x)
#define sluice_ntohll(x) bpf_be64_to_cpu(x)
#define sluice_htonll(x) bpf_cpu_to_be64(x)

/* A word that others write and read meanwhile: whole, and each time anew. */
SLUICE_STAGE __u64 sluice_read(const __u64* word) {
  return *(const volatile __u64*)word;
}
SLUICE_STAGE __s64 sluice_read_count(const __s64* word) {
  return *(const volatile __s64*)word;
}
SLUICE_STAGE void sluice_write(__u64* word, __u64 value) {
  *(volatile __u64*)word = value;
}
SLUICE_STAGE void sluice_add_shared(__s64* counter, __s64 more) {
  __sync_fetch_and_add(counter, more);
}
/* Between the two no function may be called, and no other lock be taken. */
#define sluice_lock(lock) bpf_spin_lock(lock)
#define sluice_unlock(lock) bpf_spin_unlock(lock)
#define SLUICE_UNROLL _Pragma("unroll")
/* What the compiler may not reason about. */
#define SLUICE_OPAQUE(value) asm volatile("" : "+r"(value))

/* A line of the array that stands in `slot` of sluice_policy_tables. */
SLUICE_STAGE const __u64* sluice_table_line(sluice_ctx* ctx, __u32 slot, __u32 index) {
  (void)ctx;
  void* lines = bpf_map_lookup_elem(&sluice_policy_tables, &slot);
  const struct sluice_line* line = lines ? bpf_map_lookup_elem(lines, &index) : 0;
  return line ? line->word : 0;
}

SLUICE_STAGE __u32 sluice_flow_buckets(sluice_ctx* ctx, __u32 family) {
  (void)ctx;
  return family == 4 ? sluice_flow_bucket_count4 : sluice_flow_bucket_count6;
}
SLUICE_STAGE __u32 sluice_flow_share(sluice_ctx* ctx) {
  (void)ctx;
  return sluice_flow_share_count;
}

SLUICE_STAGE __u32 sluice_timeout(sluice_ctx* ctx, enum sluice_timeout which) {
  (void)ctx;
  return which < SLUICE_TIMEOUT_COUNT ? sluice_timeout_jiffies[which] : 0;
}
SLUICE_STAGE __u32 sluice_second(sluice_ctx* ctx) {
  (void)ctx;
  return sluice_second_jiffies;
}
/* Jiffies, low 32 bits: a load, where a clock read would cost more than a map lookup. */
SLUICE_STAGE __u32 sluice_now(sluice_ctx* ctx) {
  (void)ctx;
  return (__u32)bpf_jiffies64();
}
SLUICE_STAGE __u32 sluice_cpu(sluice_ctx* ctx) {
  (void)ctx;
  return bpf_get_smp_processor_id();
}
SLUICE_STAGE __u32 sluice_recent_verdict_entries(sluice_ctx* ctx) {
  (void)ctx;
  return sluice_recent_verdict_count;
}
SLUICE_STAGE __u32 sluice_stats_part(sluice_ctx* ctx) {
  return sluice_cpu(ctx) & (sluice_stats_parts - 1);
}
SLUICE_STAGE __u32 sluice_stats_index(sluice_ctx* ctx, __u32 endpoint) {
  return endpoint * sluice_stats_parts + sluice_stats_part(ctx);
}
/* Atomic only where it must be: the verifier leaves out the other way. */
SLUICE_STAGE void sluice_add(sluice_ctx* ctx, __u64* counter, __u64 more) {
  (void)ctx;
  if (sluice_stats_shared)
    __sync_fetch_and_add(counter, more);
  else
    *counter += more;
}
SLUICE_STAGE __u64 sluice_nanoseconds(sluice_ctx* ctx) {
  (void)ctx;
  return bpf_ktime_get_ns();
}
SLUICE_STAGE __u64 sluice_boot_nanoseconds(sluice_ctx* ctx) {
  (void)ctx;
  return bpf_ktime_get_boot_ns();
}
SLUICE_STAGE __u32 sluice_mark(sluice_ctx* ctx) {
  return ctx->mark;
}
SLUICE_STAGE __u32 sluice_length(sluice_ctx* ctx) {
  return ctx->len;
}
SLUICE_STAGE __u32 sluice_ifindex(sluice_ctx* ctx) {
  return ctx->ifindex;
}
SLUICE_STAGE __u32 sluice_gso_size(sluice_ctx* ctx) {
  return ctx->gso_size;
}
/* Several segments in one buffer: the length fields of its headers may be 0 (BIG TCP). */
SLUICE_STAGE bool sluice_is_gso(sluice_ctx* ctx) {
  return ctx->gso_size != 0;
}

/* Loads *to from offset; non-zero where the packet ends before. Linear data is read in place, by words:
 * headers begin at multiples of 4 behind the Ethernet header, which the kernel aligns so (NET_IP_ALIGN) where
 * its processor cares. Only the cold way makes a copy, so that a struct of which few fields are used stays in
 * registers. The asm makes an offset that is not constant one 64-bit value: else clang compares its low half
 * and adds the whole, and the verifiers of older kernels (6.1 is one) do not carry the bound over. */
#define sluice_load(ctx, offset, to)                                     \
  ({                                                                     \
    const __u8* start = (const __u8*)(long)(ctx)->data;                  \
    const __u8* end = (const __u8*)(long)(ctx)->data_end;                \
    __u64 at = (__u32)(offset);                                          \
    long missing = 0;                                                    \
    if (!__builtin_constant_p(at)) asm volatile("" : "+r"(at));          \
    if (at <= SLUICE_MOST_LINEAR && start + at + sizeof(*(to)) <= end) { \
      *(to) = *(const __typeof__(*(to))*)(start + at);                   \
    } else {                                                             \
      __typeof__(*(to)) copy;                                            \
      missing = bpf_skb_load_bytes(ctx, at, &copy, sizeof(copy));        \
      *(to) = copy;                                                      \
    }                                                                    \
    missing;                                                             \
  })
enum { SLUICE_MOST_LINEAR = 2048 }; /* offset up to which the verifier follows linear data */

/* The frame, where its first `bytes` (a constant) are linear; else NULL. */
SLUICE_STAGE const __u8* sluice_linear(sluice_ctx* ctx, __u32 bytes) {
  const __u8* start = (const __u8*)(long)ctx->data;
  return start + bytes <= (const __u8*)(long)ctx->data_end ? start : 0;
}

/* Memory of one run of a program, a CPU's own. */
#define SLUICE_SCRATCH(name, value_type, entries) \
  struct {                                        \
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);      \
    __type(key, __u32);                           \
    __type(value, value_type);                    \
    __uint(max_entries, entries);                 \
  } sluice_scratch_##name SEC(".maps");
#define sluice_scratch(ctx, name, index) ((void)(ctx), bpf_map_lookup_elem(&sluice_scratch_##name, index))

SLUICE_STAGE bool sluice_emit(sluice_ctx* ctx, const struct sluice_event* event) {
  (void)ctx;
  return bpf_ringbuf_output(&sluice_events, (void*)event, sizeof(*event), 0) == 0;
}

enum { SLUICE_LEAST_FRAME = 14 }; /* an Ethernet header */
/* An entry of the ring of DNS packets: the header and the whole frame, which has at most `room` bytes. The bounds are
 * asked for one after the other: clang makes one comparison of both, after which Linux 6.1 knows no lower one. */
#define SLUICE_EMIT_PACKET(ctx, entry, room)                                             \
  ({                                                                                     \
    __u64 bytes = (entry)->length;                                                       \
    __u8* to = bpf_ringbuf_reserve(&sluice_answers, sizeof(*(entry)) + (room), 0);       \
    bool copied = false;                                                                 \
    if (to) {                                                                            \
      SLUICE_OPAQUE(bytes);                                                              \
      __builtin_memcpy(to, entry, sizeof(*(entry)));                                     \
      if (bytes < (room)) {                                                              \
        SLUICE_OPAQUE(bytes);                                                            \
        if (bytes >= SLUICE_LEAST_FRAME)                                                 \
          copied = bpf_skb_load_bytes(ctx, 0, to + sizeof(*(entry)), (__u32)bytes) == 0; \
      }                                                                                  \
      if (copied)                                                                        \
        bpf_ringbuf_submit(to, 0);                                                       \
      else                                                                               \
        bpf_ringbuf_discard(to, 0);                                                      \
    }                                                                                    \
    copied;                                                                              \
  })

/* Is the packet, of which `entry` tells, in the ring? */
SLUICE_STAGE bool sluice_emit_packet(sluice_ctx* ctx, const struct sluice_dns_packet* entry) {
  if (entry->length < SLUICE_HELD_ANSWER_BYTES)
    return SLUICE_EMIT_PACKET(ctx, entry, SLUICE_HELD_ANSWER_BYTES);
  return entry->length < SLUICE_LONGEST_ANSWER_BYTES &&
         SLUICE_EMIT_PACKET(ctx, entry, SLUICE_LONGEST_ANSWER_BYTES);
}

#endif
