/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Every map of the programs, generated from the one list in include/sluice/maps.h, which says what each
 * holds. */
#ifndef SLUICE_BPF_MAPS_H
#define SLUICE_BPF_MAPS_H

#define SLUICE_DEFINE(NAME, name, map_type, key_type, value_type, entries, flags) \
  struct {                                                                        \
    __uint(type, BPF_MAP_TYPE_##map_type);                                        \
    __type(key, key_type);                                                        \
    __type(value, value_type);                                                    \
    __uint(max_entries, entries);                                                 \
    __uint(map_flags, flags);                                                     \
  } sluice_##name SEC(".maps");
SLUICE_MAPS(SLUICE_DEFINE)
#undef SLUICE_DEFINE

/* The arrays of the policy tables, by SLUICE_TABLE_SLOT. Each is as long as it needs to be
 * (BPF_F_INNER_MAP). */
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
  __type(key, __u32);
  __type(value, __u32);
  __uint(max_entries, SLUICE_TABLE_COUNT * 2);
  __array(
      values, struct {
        __uint(type, BPF_MAP_TYPE_ARRAY);
        __uint(key_size, sizeof(__u32)); /* sizes: clang says nothing of types this far down */
        __uint(value_size, sizeof(struct sluice_line));
        __uint(max_entries, 1);
        __uint(map_flags, BPF_F_MMAPABLE | BPF_F_INNER_MAP);
      });
} sluice_policy_tables SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, SLUICE_EVENT_RING_BYTES);
} sluice_events SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, SLUICE_ANSWER_RING_BYTES);
} sluice_answers SEC(".maps");

#endif
