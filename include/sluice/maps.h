/* Every map, once. X(NAME, name, type, key, value, entries, flags); pinned as <bpffs>/v<layout
 * version>/<name>. The rings (events, answers) are not in the list: they have neither key nor value. Nor are the arrays of the
 * policy tables (sluice/tables.h), which come and go: they are pinned as <name>_0 and <name>_1.
 *
 * MMAP  shared with the agent by mmap: its words are stored atomically, never copied over (docs/design.md).
 * GROW  memory is taken as entries come, not up front.
 * The stats have `entries` for each of up to SLUICE_STATS_PARTS parts, those of an endpoint side by side.
 * The recent ones have `entries` for each of up to SLUICE_RECENT_CPUS CPUs; the agent says how many in all.
 * Valid C11 and C++20. */
#ifndef SLUICE_MAPS_H
#define SLUICE_MAPS_H

#include "sluice/layout.h"
#include "sluice/reasons.h"

#define SLUICE_MAP_MMAP (1U << 10) /* BPF_F_MMAPABLE */
#define SLUICE_MAP_GROW (1U << 0)  /* BPF_F_NO_PREALLOC */

#define SLUICE_MAPS(X)                                                                                      \
  X(CONFIG, config, ARRAY, __u32, struct sluice_config, 1, SLUICE_MAP_MMAP)                                 \
  X(INTERFACES, interfaces, ARRAY, __u32, struct sluice_interface, SLUICE_INTERFACE_SLOTS, SLUICE_MAP_MMAP) \
  X(INTERFACES_MORE, interfaces_more, HASH, __u32, __u32, SLUICE_MAX_ENDPOINTS, SLUICE_MAP_GROW)            \
  X(ENDPOINTS, endpoints, ARRAY, __u32, struct sluice_endpoint, SLUICE_MAX_ENDPOINTS, SLUICE_MAP_MMAP)      \
  X(PREFIX_LENGTHS4, prefix_lengths4, ARRAY, __u32, struct sluice_lengths4, SLUICE_LENGTH_SLOTS,            \
    SLUICE_MAP_MMAP)                                                                                        \
  X(PREFIX_LENGTHS6, prefix_lengths6, ARRAY, __u32, struct sluice_lengths6, SLUICE_LENGTH_SLOTS,            \
    SLUICE_MAP_MMAP)                                                                                        \
  X(SOURCES, sources, LPM_TRIE, struct sluice_source, struct sluice_cell, SLUICE_MAX_SOURCES,               \
    SLUICE_MAP_GROW)                                                                                        \
  X(PORTSETS, portsets, ARRAY, __u32, struct sluice_portset, SLUICE_MAX_PORTSETS, SLUICE_MAP_MMAP)          \
  X(PORT_TABLES, port_tables, ARRAY, __u32, struct sluice_port_table, SLUICE_MAX_PORT_TABLES,               \
    SLUICE_MAP_MMAP)                                                                                        \
  X(PORT_PAGES, port_pages, ARRAY, __u32, struct sluice_port_page, SLUICE_MAX_PORT_PAGES, SLUICE_MAP_MMAP)  \
  X(FLOWS4, flows4, ARRAY, __u32, struct sluice_flows4, SLUICE_FLOW_BUCKETS4(SLUICE_LEAST_FLOWS),           \
    SLUICE_MAP_MMAP)                                                                                        \
  X(FLOWS6, flows6, ARRAY, __u32, struct sluice_flows6, SLUICE_FLOW_BUCKETS6(SLUICE_LEAST_FLOWS),           \
    SLUICE_MAP_MMAP)                                                                                        \
  X(FLOW_LOCKS, flow_locks, ARRAY, __u32, struct sluice_flow_lock, SLUICE_FLOW_LOCKS, 0)                    \
  X(FLOW_COUNTS, flow_counts, ARRAY, __u32, struct sluice_flow_counts, SLUICE_MAX_ENDPOINTS,                \
    SLUICE_MAP_MMAP)                                                                                        \
  X(RECENT_VERDICTS, recent_verdicts, ARRAY, __u32, struct sluice_recent_verdict, SLUICE_RECENT_VERDICTS,   \
    SLUICE_MAP_MMAP)                                                                                        \
  X(FRAGMENTS, fragments, LRU_HASH, struct sluice_fragment_key, struct sluice_fragment,                     \
    SLUICE_MAX_FRAGMENTS, 0)                                                                                \
  X(NAMES, names, HASH, __u32, struct sluice_cell, SLUICE_MAX_NAMES, SLUICE_MAP_GROW)                       \
  X(NAME_TEXTS, name_texts, HASH, __u32, struct sluice_name_text, SLUICE_MAX_NAMES, SLUICE_MAP_GROW)        \
  X(LEARNT, learnt, HASH, struct sluice_learnt_address, struct sluice_learnt_names, SLUICE_MAX_LEARNT,      \
    SLUICE_MAP_GROW)                                                                                        \
  X(DNS_SERVERS, dns_servers, HASH, struct sluice_learnt_address, __u32, SLUICE_MAX_DNS_SERVERS,            \
    SLUICE_MAP_GROW)                                                                                        \
  X(QUESTIONS, questions, HASH, struct sluice_question_key, struct sluice_question_value,                   \
    SLUICE_MAX_QUESTIONS, SLUICE_MAP_GROW)                                                                  \
  X(DNS, dns, ARRAY, __u32, struct sluice_dns, 1, SLUICE_MAP_MMAP)                                          \
  X(COUNTERS, counters, PERCPU_ARRAY, __u32, struct sluice_counter, SLUICE_REASON_COUNT * 2, 0)             \
  X(STATS, stats, ARRAY, __u32, struct sluice_endpoint_stats, SLUICE_MAX_ENDPOINTS, SLUICE_MAP_MMAP)

enum sluice_map {
#define SLUICE_ENUM(NAME, name, type, key, value, entries, flags) SLUICE_MAP_##NAME,
  SLUICE_MAPS(SLUICE_ENUM)
#undef SLUICE_ENUM
/* The policy tables are named as maps are, and behind them. */
#define SLUICE_ENUM(NAME, name, key, words, entries) SLUICE_MAP_##NAME,
      SLUICE_TABLES(SLUICE_ENUM)
#undef SLUICE_ENUM
          SLUICE_MAP_COUNT,
  SLUICE_FIRST_TABLE = SLUICE_MAP_COUNT - SLUICE_TABLE_COUNT
};

#endif
