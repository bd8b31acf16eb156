// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
/* The driver: one object a contender. Each run takes the next tuple, writes it into the frame and goes on in
 * the measured program by a tail call, which the JIT turns into a jump. Its own cost is that of the same
 * driver before an empty program. Of the programs, one a shape, only the contender's is loaded. */
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

#include "bench/packet/shapes.h"
#include "sluice/layout.h"

/* Written before load. */
const volatile __u32 bench_last_tuple = BENCH_MAX_TUPLES - 1; /* their number, a power of two, minus one */
const volatile __u32 bench_reports_of = 0; /* the endpoint whose report window each packet opens; 0: none */

__u32 bench_next = 0; /* the tuple that comes next */

struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, 128); /* the shape's bytes, set before load */
  __uint(max_entries, BENCH_MAX_TUPLES);
  __uint(map_flags, BPF_F_MMAPABLE);
} bench_tuples SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_PROG_ARRAY);
  __uint(key_size, sizeof(__u32));
  __uint(value_size, sizeof(__u32));
  __uint(max_entries, 1);
} bench_target SEC(".maps");

/* sluice_stats of the measured programs, where bench_reports_of is set. */
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __type(key, __u32);
  __type(value, struct sluice_endpoint_stats);
  __uint(max_entries, 1);
} bench_stats SEC(".maps");

static __always_inline void open_report_window(void) {
  __u32 endpoint = bench_reports_of;
  struct sluice_endpoint_stats* stats = bpf_map_lookup_elem(&bench_stats, &endpoint);
  if (stats) stats->in_window[SLUICE_REPORT_DENIED] = 0;
}

static __always_inline int drive(struct __sk_buff* skb, const __u32 offset, const __u32 bytes) {
  __u32 at = bench_next & bench_last_tuple;
  bench_next = at + 1;
  const __u32* tuple = bpf_map_lookup_elem(&bench_tuples, &at);
  __u8* data = (__u8*)(long)skb->data;
  if (!tuple || data + offset + bytes > (__u8*)(long)skb->data_end) return BENCH_LOST;
  __u32* to = (__u32*)(data + offset);
#pragma unroll
  for (__u32 word = 0; word < bytes / 4; ++word) to[word] = tuple[word];
  if (bench_reports_of) open_report_window();
  bpf_tail_call(skb, &bench_target, 0);
  return BENCH_LOST;
}

#define BENCH_DRIVE(name, offset, bytes)    \
  SEC("tc")                                 \
  int drive_##name(struct __sk_buff* skb) { \
    return drive(skb, offset, bytes);       \
  }
BENCH_SHAPES(BENCH_DRIVE)

char _license[] SEC("license") = "Dual BSD/GPL";
