/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Record: every denied packet is counted, the first ones of a burst are reported. The rate is an endpoint's
 * and a CPU's own, so that a flood from one pod neither costs the node nor hides another pod's drops. */
#ifndef SLUICE_RECORD_H
#define SLUICE_RECORD_H

#include "endpoint.h"
#include "icmp.h"

SLUICE_STAGE void sluice_count(sluice_ctx* ctx, enum sluice_direction direction, enum sluice_reason reason) {
  __u32 index = SLUICE_COUNTER((__u32)reason, sluice_side_of(direction));
  struct sluice_counter* counter = sluice_lookup(ctx, counters, &index);
  if (!counter) return;
  counter->packets += 1;
  counter->bytes += sluice_length(ctx);
}

/* May one more report be sent in this window? */
SLUICE_STAGE bool sluice_may_report(sluice_ctx* ctx, struct sluice_endpoint_stats* stats) {
  __u32 now = sluice_now(ctx);
  if (now - stats->window >= sluice_second(ctx)) {
    stats->window = now;
    stats->in_window = 0;
  }
  if (stats->in_window >= SLUICE_REPORTS_PER_WINDOW) {
    sluice_add(ctx, &stats->suppressed, 1);
    return false;
  }
  stats->in_window += 1;
  return true;
}

SLUICE_COLD bool sluice_report(sluice_ctx* ctx, const struct sluice_packet* packet,
                               const struct sluice_pod* pod, enum sluice_reason reason, bool audit) {
  struct sluice_event event = {.time = sluice_nanoseconds(ctx),
                               .pod = pod->endpoint ? pod->endpoint->pod : 0,
                               .epoch = pod->epoch,
                               .length = sluice_length(ctx),
                               .ifindex = sluice_ifindex(ctx),
                               .local_port = sluice_is_icmp(packet) ? 0 : packet->local_port,
                               .remote_port = sluice_is_icmp(packet) ? 0 : packet->remote_port,
                               .family = packet->family,
                               .protocol = packet->protocol,
                               .direction = packet->direction,
                               .reason = (__u8)reason,
                               .audit = audit};
  if (packet->family) { /* else the addresses are those of a packet before */
    __builtin_memcpy(event.remote, &packet->remote, sizeof(event.remote));
    __builtin_memcpy(event.local, &packet->local, sizeof(event.local));
  }
  return sluice_emit(ctx, &event);
}

SLUICE_STAGE void sluice_record_denied(sluice_ctx* ctx, const struct sluice_packet* packet,
                                       const struct sluice_pod* pod, enum sluice_reason reason, bool audit) {
  __u32 index = sluice_stats_index(ctx, pod->index);
  struct sluice_endpoint_stats* stats = sluice_lookup(ctx, stats, &index);
  sluice_count(ctx, packet->direction, reason);
  if (!stats) return;
  sluice_add(ctx, &stats->denied_packets[sluice_side_of(packet->direction)], 1);
  sluice_add(ctx, &stats->denied_bytes[sluice_side_of(packet->direction)], sluice_length(ctx));
  if (!sluice_may_report(ctx, stats)) return;
  bool sent = sluice_report(ctx, packet, pod, reason, audit);
  sluice_add(ctx, sent ? &stats->reports : &stats->lost, 1);
}

#endif
