/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Edit: what the agent adds to the flow tables, or takes out of them, goes through the packets' own code and
 * locks. The agent runs the program sluice_edit_flow with the edit behind an Ethernet header's room. */
#ifndef SLUICE_EDIT_H
#define SLUICE_EDIT_H

#include "flow_place.h"

SLUICE_STAGE void sluice_edit(sluice_ctx* ctx, const struct sluice_flow_edit* edit) {
  __u32 zero = 0;
  const struct sluice_config* config = sluice_lookup(ctx, config, &zero);
  struct sluice_packet* packet = sluice_new_packet(ctx, SLUICE_SCRATCH_EDIT, SLUICE_INGRESS);
  if (!config || !packet) return;
  for (int i = 0; i < 4; ++i) packet->remote.word[i] = edit->remote[i];
  packet->family = edit->family;
  packet->protocol = edit->protocol;
  packet->ports = edit->ports;
  sluice_make_flow_key(ctx, config, edit->endpoint, packet);
  packet->flow.now = sluice_now(ctx);
  packet->flow.seen = edit->seen;
  packet->flow.epoch = edit->epoch;
  packet->flow.bits = edit->bits;
  packet->flow.name = edit->name & SLUICE_NAME_MASK;
  packet->flow.change = edit->kind == SLUICE_FLOW_COPY ? SLUICE_FLOW_COPIED : SLUICE_FLOW_LEAVE;
  struct sluice_flow flow = sluice_find_flow(ctx, packet);
  if (edit->kind == SLUICE_FLOW_DROP && flow.bucket)
    sluice_change_flow(ctx, packet, &flow, SLUICE_FLOW_FREE);
  else if ((edit->kind == SLUICE_FLOW_ADD || edit->kind == SLUICE_FLOW_COPY) && !flow.bucket)
    sluice_keep_flow(ctx, packet);
}

#endif
