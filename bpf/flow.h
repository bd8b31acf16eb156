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

#include "packet.h"

/* Both ports of a key in one store. */
#define SLUICE_COPY_PORTS(key, packet)                                                                \
  __builtin_memcpy((__u8*)&(key) + __builtin_offsetof(__typeof__(key), local_port), &(packet)->ports, \
                   sizeof((packet)->ports))

SLUICE_STAGE struct sluice_flow4_key sluice_flow4_key_of(__u32 endpoint, const struct sluice_packet* packet) {
  struct sluice_flow4_key key = {
      .endpoint = endpoint, .remote = packet->remote.word[0], .protocol = packet->protocol};
  SLUICE_COPY_PORTS(key, packet);
  return key;
}

SLUICE_STAGE struct sluice_flow6_key sluice_flow6_key_of(__u32 endpoint, const struct sluice_packet* packet) {
  struct sluice_flow6_key key = {.endpoint = endpoint, .protocol = packet->protocol};
  __builtin_memcpy(key.remote, &packet->remote, sizeof(key.remote));
  SLUICE_COPY_PORTS(key, packet);
  return key;
}

SLUICE_STAGE struct sluice_flow* sluice_find_flow(sluice_ctx* ctx, __u32 endpoint,
                                                  const struct sluice_packet* packet) {
  if (packet->family == SLUICE_IPV4) {
    struct sluice_flow4_key key = sluice_flow4_key_of(endpoint, packet);
    return sluice_lookup(ctx, flows4, &key);
  }
  struct sluice_flow6_key key = sluice_flow6_key_of(endpoint, packet);
  return sluice_lookup(ctx, flows6, &key);
}

SLUICE_STAGE void sluice_insert_flow(sluice_ctx* ctx, __u32 endpoint, const struct sluice_packet* packet,
                                     const struct sluice_flow* flow) {
  if (packet->family == SLUICE_IPV4) {
    struct sluice_flow4_key key = sluice_flow4_key_of(endpoint, packet);
    sluice_insert(ctx, flows4, &key, flow);
  } else {
    struct sluice_flow6_key key = sluice_flow6_key_of(endpoint, packet);
    sluice_insert(ctx, flows6, &key, flow);
  }
}

/* Which of the timeouts applies to a flow in this state. */
SLUICE_STAGE enum sluice_timeout sluice_flow_timeout(__u8 protocol, __u8 state) {
  const __u8 closed = SLUICE_FLOW_FIN_OPENER | SLUICE_FLOW_FIN_OTHER;
  if (protocol == SLUICE_TCP) {
    if ((state & SLUICE_FLOW_RESET) || (state & closed) == closed) return SLUICE_TIMEOUT_TCP_CLOSING;
    return state & SLUICE_FLOW_ANSWERED ? SLUICE_TIMEOUT_TCP_ANSWERED : SLUICE_TIMEOUT_TCP_UNANSWERED;
  }
  if (protocol == SLUICE_UDP)
    return state & SLUICE_FLOW_ANSWERED ? SLUICE_TIMEOUT_UDP_ANSWERED : SLUICE_TIMEOUT_UDP_UNANSWERED;
  return state & SLUICE_FLOW_ANSWERED ? SLUICE_TIMEOUT_OTHER_ANSWERED : SLUICE_TIMEOUT_OTHER_UNANSWERED;
}

SLUICE_STAGE bool sluice_opens(const struct sluice_packet* packet) {
  return packet->protocol == SLUICE_TCP &&
         (packet->tcp_flags & (SLUICE_TCP_SYN | SLUICE_TCP_ACK)) == SLUICE_TCP_SYN;
}

/* The flow still stands: not idle for too long. */
SLUICE_STAGE bool sluice_flow_stands(sluice_ctx* ctx, const struct sluice_flow* flow,
                                     const struct sluice_packet* packet, __u32 now) {
  __u32 idle = now - flow->seen;
  return idle <= sluice_timeout(ctx, SLUICE_TIMEOUT_SHORTEST) ||
         idle <= sluice_timeout(ctx, sluice_flow_timeout(packet->protocol, flow->state));
}

/* The state of a flow opened in direction `opener` after an allowed packet. */
SLUICE_STAGE __u8 sluice_state_after(__u8 state, enum sluice_direction opener,
                                     const struct sluice_packet* packet) {
  bool from_opener = packet->direction == opener;
  if (!from_opener) state |= SLUICE_FLOW_ANSWERED;
  if (packet->protocol != SLUICE_TCP) return state;
  if (packet->tcp_flags & SLUICE_TCP_RST) state |= SLUICE_FLOW_RESET;
  if (packet->tcp_flags & SLUICE_TCP_FIN)
    state |= from_opener ? SLUICE_FLOW_FIN_OPENER : SLUICE_FLOW_FIN_OTHER;
  return state;
}

/* Notes an allowed packet. Writes only what changed, the time once a second: a busy line stays clean. */
SLUICE_STAGE void sluice_touch_flow(sluice_ctx* ctx, struct sluice_flow* flow,
                                    const struct sluice_packet* packet, __u32 now) {
  __u8 state = sluice_state_after(flow->state, flow->opener, packet);
  if (state != flow->state) flow->state = state;
  if (now - flow->seen >= sluice_second(ctx)) flow->seen = now;
}

#endif
