/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Listen: what pods with rules that name domains ask DNS servers, and what these answer, goes to the agent.
 *
 * Laws:
 *  1 Only packets to and from believed servers, of pods that have such rules, and only what may pass.
 *  2 An answer is held: dropped here, and sent on by the agent once what it teaches is in force. So no connection
 *    that follows it can come too soon.
 *  3 What cannot be held goes on at once, and is counted: no agent was heard of lately, or the ring has no room. */
#ifndef SLUICE_LISTEN_H
#define SLUICE_LISTEN_H

#include "endpoint.h"
#include "upper.h"

SLUICE_STAGE bool sluice_is_believed(sluice_ctx* ctx, const struct sluice_packet* packet) {
  struct sluice_learnt_address server = {.family = packet->family, .port = packet->remote_port};
  for (int i = 0; i < 4; ++i) server.word[i] = packet->remote.word[i];
  return sluice_lookup(ctx, dns_servers, &server) != 0;
}

/* A segment of TCP that says nothing but what it acknowledges: nobody waits for it, whatever its order. */
SLUICE_STAGE bool sluice_is_lone_acknowledgement(sluice_ctx* ctx, const struct sluice_packet* packet) {
  struct sluice_tcp_header tcp;
  if (packet->protocol != SLUICE_TCP || sluice_load(ctx, packet->upper, &tcp)) return false;
  if (tcp.flags & (SLUICE_TCP_SYN | SLUICE_TCP_FIN | SLUICE_TCP_RST)) return false;
  return packet->upper + (tcp.words >> 4) * 4u >= sluice_length(ctx);
}

/* Is the agent to be asked about a packet that passes? Without a branch: else the verifier looks at the path twice. */
SLUICE_STAGE __u8 sluice_listens(const struct sluice_config* config, const struct sluice_packet* packet,
                                 const struct sluice_pod* pod) {
  __u64 names = pod->policy->flags / SLUICE_SIDES_NAMES & 1;
  __u64 other_ports = config->flags / SLUICE_CONFIG_DNS_PORTS & 1;
  __u64 difference = packet->remote_port ^ sluice_htons(SLUICE_DNS_PORT);
  return (__u8)(names & (other_ports | (difference - 1) >> 63));
}

/* 1 where the packet under way, which may pass and sluice_listens(), is the agent's now. Apart: the verifier looks at it once. */
SLUICE_SHARED __u32 sluice_listen(sluice_ctx* ctx) {
  SLUICE_USE(ctx);
  __u32 zero = 0, scratch = SLUICE_SCRATCH_PACKET;
  const struct sluice_packet* packet = sluice_scratch(ctx, packets, &scratch);
  struct sluice_dns* dns = sluice_lookup(ctx, dns, &zero);
  if (!packet || !dns) return 0;
  if (packet->protocol != SLUICE_UDP && packet->protocol != SLUICE_TCP) return 0;
  if (packet->unreadable != SLUICE_PARSED || packet->kind != SLUICE_KIND_PLAIN ||
      !sluice_is_believed(ctx, packet) || sluice_is_lone_acknowledgement(ctx, packet))
    return 0;
  const bool answer = packet->direction == SLUICE_INGRESS;
  if (answer && sluice_mark(ctx) == dns->mark) return 0;
  struct sluice_dns_packet entry = {.time = sluice_boot_nanoseconds(ctx),
                                    .ifindex = sluice_ifindex(ctx),
                                    .endpoint = packet->flow.endpoint,
                                    .length = sluice_length(ctx),
                                    .gso_size = sluice_gso_size(ctx),
                                    .direction = packet->direction};
  /* An agent may be a moment ahead: it writes while this packet is under way. */
  entry.held = answer && entry.time < sluice_read(&dns->heartbeat) + SLUICE_HEARTBEAT_NANOSECONDS;
  const bool taken = sluice_emit_packet(ctx, &entry);
  if (answer && !(taken && entry.held)) sluice_add_shared((__s64*)&dns->unheld, 1);
  return taken && entry.held;
}

#endif
