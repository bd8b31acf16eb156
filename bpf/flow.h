/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Flow: is the packet part of a connection that was allowed? One look-up answers for both directions.
 *
 * Laws:
 *  1 A flow allowed in an earlier epoch is judged again at its next packet, as it was opened.
 *  2 A flow no longer allowed stays in the table until it is idle: else its replies would open it anew.
 *  3 A SYN is judged anew whatever the table says.
 *  4 Flows are kept for isolated pods and others alike. */
#ifndef SLUICE_FLOW_H
#define SLUICE_FLOW_H

#include "flow_place.h"

/* The flow still stands: not idle for too long. */
SLUICE_STAGE bool sluice_flow_stands(sluice_ctx* ctx, const struct sluice_flow* flow, __u32 now) {
  return flow->bucket && !sluice_is_forgotten(ctx, flow->state, now);
}

/* Allowed in the epoch that the packet sees. */
SLUICE_STAGE bool sluice_flow_is_judged(const struct sluice_flow* flow, __u64 epoch) {
  return sluice_flow_epoch(flow) == (__u32)epoch && sluice_flow_epoch(flow) != 0;
}

/* Remembers a connection that begins with this packet, in place of what the table holds for it. `epoch` 0: it would
 * be denied, and passes in audit. */
SLUICE_STAGE void sluice_open_flow(sluice_ctx* ctx, struct sluice_packet* packet, __u32 now, __u32 epoch) {
  packet->flow.now = packet->flow.seen = now;
  packet->flow.epoch = epoch;
  packet->flow.change = SLUICE_FLOW_REOPEN;
  packet->flow.bits = sluice_leaves_pod(packet) ? SLUICE_FLOW_BY_POD : 0;
  sluice_keep_flow(ctx, packet);
}

#endif
