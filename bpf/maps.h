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

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, SLUICE_EVENT_RING_BYTES);
} sluice_events SEC(".maps");

#endif
