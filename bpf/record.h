/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Record: every denied packet is counted, the first ones of a burst are reported. The rate is an endpoint's
 * and a CPU's own, so that a flood from one pod neither costs the node nor hides another pod's drops. New allowed
 * connections are reported of pods that are observed, at a rate of their own. */
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

SLUICE_STAGE __u32 sluice_rate(enum sluice_report_kind kind) {
  return kind == SLUICE_REPORT_DENIED ? SLUICE_DENIED_REPORTS : SLUICE_ALLOWED_REPORTS;
}

SLUICE_STAGE enum sluice_report_kind sluice_kind_of(enum sluice_reason reason) {
  return sluice_is_denied(reason) ? SLUICE_REPORT_DENIED : SLUICE_REPORT_ALLOWED;
}

/* May one more of this kind be reported in this second? */
SLUICE_STAGE bool sluice_may_report(sluice_ctx* ctx, struct sluice_endpoint_stats* stats,
                                    enum sluice_report_kind kind) {
  __u32 now = sluice_now(ctx);
  if (now - stats->window >= sluice_second(ctx)) {
    stats->window = now;
    stats->in_window[SLUICE_REPORT_DENIED] = 0;
    stats->in_window[SLUICE_REPORT_ALLOWED] = 0;
  }
  if (stats->in_window[kind & 1] >= sluice_rate(kind)) return false;
  stats->in_window[kind & 1] += 1;
  return true;
}

/* An enum sluice_reason, and whether the packet passes all the same: one argument, of which five are all there are. */
enum sluice_outcome { SLUICE_OUTCOME_REASON = 255, SLUICE_OUTCOME_AUDITED = 256 };

SLUICE_COLD bool sluice_report(sluice_ctx* ctx, const struct sluice_packet* packet,
                               const struct sluice_pod* pod, const struct sluice_endpoint_stats* stats,
                               __u32 outcome) {
  enum sluice_reason reason = (enum sluice_reason)(outcome & SLUICE_OUTCOME_REASON);
  enum sluice_report_kind kind = sluice_kind_of(reason);
  struct sluice_event event = {.time = sluice_nanoseconds(ctx),
                               .pod = pod->endpoint ? pod->endpoint->pod : 0,
                               .epoch = pod->epoch,
                               .length = sluice_length(ctx),
                               .ifindex = sluice_ifindex(ctx),
                               .suppressed = (__u32)stats->suppressed[kind & 1],
                               .lost = (__u32)stats->lost,
                               .local_port = sluice_is_icmp(packet) ? 0 : packet->local_port,
                               .remote_port = sluice_is_icmp(packet) ? 0 : packet->remote_port,
                               .family = packet->family,
                               .protocol = packet->protocol,
                               .direction = packet->direction,
                               .reason = (__u8)reason,
                               .audit = (outcome & SLUICE_OUTCOME_AUDITED) != 0,
                               .against = packet->against,
                               .tcp_flags = packet->tcp_flags,
                               .part = (__u8)sluice_stats_part(ctx),
                               .last = stats->in_window[kind & 1] >= sluice_rate(kind)};
  if (packet->family) { /* else the addresses are those of a packet before */
    __builtin_memcpy(event.remote, &packet->remote, sizeof(event.remote));
    __builtin_memcpy(event.local, &packet->local, sizeof(event.local));
  }
  return sluice_emit(ctx, &event);
}

/* Does the packet, which passes for that reason, open a connection of a pod whose new connections are asked for? */
SLUICE_STAGE bool sluice_is_observed(const struct sluice_packet* packet, const struct sluice_pod* pod,
                                     enum sluice_reason reason) {
  if (!pod->endpoint || !(pod->endpoint->flags & SLUICE_ENDPOINT_OBSERVED)) return false;
  if (reason != SLUICE_ALLOWED_NOT_ISOLATED && reason != SLUICE_ALLOWED_POLICY &&
      reason != SLUICE_ALLOWED_OWN_NODE && reason != SLUICE_ALLOWED_SELF)
    return false;
  return packet->unreadable == SLUICE_PARSED &&
         (packet->kind == SLUICE_KIND_PLAIN || packet->kind == SLUICE_KIND_FIRST_FRAGMENT);
}

/* Of what is denied, `audit` or not, and of what is observed. */
SLUICE_STAGE void sluice_record(sluice_ctx* ctx, const struct sluice_packet* packet,
                                const struct sluice_pod* pod, enum sluice_reason reason, bool audit) {
  enum sluice_report_kind kind = sluice_kind_of(reason);
  __u32 index = sluice_stats_index(ctx, pod->index);
  struct sluice_endpoint_stats* stats = sluice_lookup(ctx, stats, &index);
  if (!stats) return;
  if (kind == SLUICE_REPORT_DENIED) {
    sluice_add(ctx, &stats->denied_packets[sluice_side_of(packet->direction)], 1);
    sluice_add(ctx, &stats->denied_bytes[sluice_side_of(packet->direction)], sluice_length(ctx));
  }
  __u32 outcome = (__u32)reason | (audit ? SLUICE_OUTCOME_AUDITED : 0);
  __u64* unsent = &stats->suppressed[kind & 1];
  if (sluice_may_report(ctx, stats, kind)) {
    if (sluice_report(ctx, packet, pod, stats, outcome)) return;
    if (kind == SLUICE_REPORT_DENIED) unsent = &stats->lost;
  }
  sluice_add(ctx, unsent, 1);
}

#endif
