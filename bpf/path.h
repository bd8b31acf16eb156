/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The path of a packet, as a sentence: parse it, find its pod, find its flow, judge it, record it, act. One
 * exit records; one function turns a reason into a verdict. `ingress` and `egress` are the pod's. */
#ifndef SLUICE_PATH_H
#define SLUICE_PATH_H

#include "flow.h"
#include "fragment.h"
#include "icmp.h"
#include "judge.h"
#include "listen.h"
#include "parse.h"
#include "plain.h"
#include "quoted.h"
#include "recent.h"
#include "record.h"
#include "source.h"

/* What the flow table does not settle: a new connection, or a flow whose epoch has passed, which is judged as
 * the connection it was opened as. A flow that passes because the agent only audits is judged at every packet:
 * it ends with that. What policies in audit would deny is allowed, and judged as often as what else is. */
SLUICE_STAGE enum sluice_reason sluice_judge_connection(sluice_ctx* ctx,
                                                        const struct sluice_question* question,
                                                        struct sluice_packet* packet,
                                                        const struct sluice_flow* flow, bool stands) {
  __u32 now = sluice_now(ctx), epoch = (__u32)question->pod->epoch;
  enum sluice_reason reason = sluice_note(packet, sluice_judge_cached(ctx, question));
  bool denied = sluice_is_denied(reason);
  if (denied && !(question->config->flags & SLUICE_CONFIG_AUDIT)) return reason;
  if (!stands) {
    sluice_open_flow(ctx, packet, now, denied ? 0 : epoch);
    return reason;
  }
  sluice_touch_flow(ctx, flow, packet, now);
  if (denied) return reason;
  sluice_set_judged(flow, &packet->flow, epoch);
  return reason == SLUICE_ALLOWED_AUDIT ? reason : SLUICE_ALLOWED_FLOW;
}

/* Is the packet part of a flow that stands, or does it open one? A SYN opens one whatever the table says. */
SLUICE_STAGE enum sluice_reason sluice_judge_flow(sluice_ctx* ctx, const struct sluice_config* config,
                                                  struct sluice_packet* packet,
                                                  const struct sluice_pod* pod) {
  __u32 now = sluice_now(ctx);
  sluice_make_flow_key(ctx, config, pod->id, packet);
  struct sluice_flow flow = {0};
  if (!sluice_opens(packet)) flow = sluice_find_flow(ctx, packet);
  bool stands = sluice_flow_stands(ctx, &flow, now);
  if (stands && sluice_flow_is_judged(&flow, pod->epoch)) {
    sluice_touch_flow(ctx, &flow, packet, now);
    return SLUICE_ALLOWED_FLOW;
  }
  struct sluice_question question = {
      config,
      packet,
      pod,
      stands ? sluice_flow_opener(SLUICE_FLOW_BITS(flow.state)) : packet->direction,
      SLUICE_SCRATCH_PACKET,
      false};
  packet->flow.found = SLUICE_FLOW_BITS(flow.state);
  packet->flow.name = stands ? SLUICE_FLOW_NAME(flow.judged) : 0;
  packet->against = question.opener != packet->direction;
  return sluice_judge_connection(ctx, &question, packet, &flow, stands);
}

/* The flow that the packet belongs to, if one stands. */
SLUICE_STAGE struct sluice_flow sluice_standing_flow(sluice_ctx* ctx, const struct sluice_config* config,
                                                     struct sluice_packet* packet,
                                                     const struct sluice_pod* pod) {
  sluice_make_flow_key(ctx, config, pod->id, packet);
  struct sluice_flow flow = sluice_find_flow(ctx, packet);
  if (!sluice_flow_stands(ctx, &flow, sluice_now(ctx))) flow.bucket = 0;
  return flow;
}

/* An echo reply to a request that nobody is known to have made is ICMP as any other (semantics 28). */
SLUICE_COLD void sluice_settle_echo(sluice_ctx* ctx, const struct sluice_config* config,
                                    struct sluice_packet* packet, const struct sluice_pod* pod) {
  if (!sluice_is_echo_reply(packet)) return;
  if (!sluice_standing_flow(ctx, config, packet, pod).bucket) packet->ports = 0;
}

/* The flow of the packet that an ICMP error quotes, as it stands. */
enum sluice_quoted_flow { SLUICE_QUOTED_UNKNOWN, SLUICE_QUOTED_ALLOWED, SLUICE_QUOTED_OUTDATED };

/* Parses the quoted packet into its scratch memory, and notes in its flow's bits who opened that. */
SLUICE_COLD enum sluice_quoted_flow sluice_find_quoted_flow(sluice_ctx* ctx,
                                                            const struct sluice_config* config,
                                                            const struct sluice_packet* error,
                                                            const struct sluice_pod* pod) {
  enum sluice_direction against = error->direction == SLUICE_INGRESS ? SLUICE_EGRESS : SLUICE_INGRESS;
  struct sluice_packet* quoted = sluice_new_packet(ctx, SLUICE_SCRATCH_QUOTED, against);
  if (!quoted || sluice_parse_quoted(ctx, error, quoted) != SLUICE_PARSED) return SLUICE_QUOTED_UNKNOWN;
  if (!pod->endpoint || !pod->policy || !sluice_is_source(ctx, quoted, pod)) return SLUICE_QUOTED_UNKNOWN;
  sluice_settle_echo(ctx, config, quoted, pod);
  struct sluice_flow flow = sluice_standing_flow(ctx, config, quoted, pod);
  if (!flow.bucket) return SLUICE_QUOTED_UNKNOWN;
  quoted->flow.bits = SLUICE_FLOW_BITS(flow.state);
  quoted->flow.name = SLUICE_FLOW_NAME(flow.judged);
  return sluice_flow_is_judged(&flow, pod->epoch) ? SLUICE_QUOTED_ALLOWED : SLUICE_QUOTED_OUTDATED;
}

/* Judges the quoted packet's connection as it was opened. Apart from the function before: each adds to the
 * stack, of which all that call one another have 512 bytes. */
SLUICE_COLD enum sluice_reason sluice_judge_quoted(sluice_ctx* ctx, const struct sluice_config* config,
                                                   const struct sluice_pod* pod) {
  __u32 index = SLUICE_SCRATCH_QUOTED;
  struct sluice_packet* quoted = sluice_scratch(ctx, packets, &index);
  if (!quoted || !pod->policy) return SLUICE_DENIED_NO_RULE;
  struct sluice_question question = {
      config, quoted, pod, sluice_flow_opener((__u8)quoted->flow.bits), SLUICE_SCRATCH_QUOTED, false};
  /* What it would be with policies in audit is no matter of an error. */
  if (!sluice_side_asked(&question)->ruleset) return SLUICE_ALLOWED_NOT_ISOLATED;
  return sluice_judge(ctx, &question);
}

/* An ICMP error passes with the connection that the packet it quotes belongs to. */
SLUICE_STAGE bool sluice_error_passes(sluice_ctx* ctx, const struct sluice_config* config,
                                      const struct sluice_packet* error, const struct sluice_pod* pod) {
  enum sluice_quoted_flow quoted = sluice_find_quoted_flow(ctx, config, error, pod);
  if (quoted != SLUICE_QUOTED_OUTDATED) return quoted == SLUICE_QUOTED_ALLOWED;
  return !sluice_is_denied(sluice_judge_quoted(ctx, config, pod));
}

/* The verdict on a packet of a pod whose policies are known. */
SLUICE_STAGE enum sluice_reason sluice_decide(sluice_ctx* ctx, const struct sluice_config* config,
                                              struct sluice_packet* packet, const struct sluice_pod* pod) {
  __u32 direction = sluice_side_of(packet->direction);
  bool isolated = pod->policy->side[direction].ruleset != 0;
  if (packet->unreadable != SLUICE_PARSED && isolated) return packet->unreadable;
  /* Without a family it has no source: ARP, or no IP at all. */
  if (packet->direction == SLUICE_EGRESS && packet->family && !sluice_is_source(ctx, packet, pod))
    return SLUICE_DENIED_SOURCE_NOT_OWN;
  if (packet->unreadable != SLUICE_PARSED)
    return sluice_note(
        packet, pod->policy->audited[direction].ruleset ? SLUICE_ALLOWED_AUDIT : SLUICE_ALLOWED_NOT_ISOLATED);
  if (packet->kind == SLUICE_KIND_NEIGHBOUR) return SLUICE_ALLOWED_NEIGHBOUR;
  if (packet->kind == SLUICE_KIND_LATER_FRAGMENT)
    return isolated ? sluice_judge_later_fragment(ctx, pod->id, packet) : SLUICE_ALLOWED_NOT_ISOLATED;
  if (packet->kind == SLUICE_KIND_ICMP_ERROR && sluice_error_passes(ctx, config, packet, pod))
    return SLUICE_ALLOWED_ICMP_ERROR;
  if (sluice_is_echo(packet)) sluice_settle_echo(ctx, config, packet, pod);
  enum sluice_reason reason = sluice_judge_flow(ctx, config, packet, pod);
  if (packet->kind == SLUICE_KIND_FIRST_FRAGMENT && !sluice_is_denied(reason))
    sluice_remember_first(ctx, pod->id, packet);
  return reason;
}

enum sluice_action { SLUICE_PASS, SLUICE_DROP };

/* Records the reason and says what to do. The only place where a reason becomes an action. */
SLUICE_STAGE enum sluice_action sluice_conclude(sluice_ctx* ctx, const struct sluice_config* config,
                                                const struct sluice_packet* packet,
                                                const struct sluice_pod* pod, enum sluice_reason reason) {
  if (reason == SLUICE_ALLOWED_FLOW) return SLUICE_PASS;
  bool denied = sluice_is_denied(reason), audit = (config->flags & SLUICE_CONFIG_AUDIT) != 0;
  sluice_count(ctx, packet->direction, reason);
  if (denied || packet->judged == SLUICE_ALLOWED_AUDIT || sluice_is_observed(packet, pod, reason))
    sluice_record(ctx, packet, pod, reason, denied && audit);
  return denied && !audit ? SLUICE_DROP : SLUICE_PASS;
}

SLUICE_STAGE enum sluice_action sluice_path(sluice_ctx* ctx, enum sluice_direction direction) {
  const struct sluice_config* config = sluice_config_of(ctx);
  if (!config) return SLUICE_DROP;
  __u64 epoch = *(const volatile __u64*)&config->epoch;
  /* The last look-up before the packet is read: the compiler still knows its direction in the plain way. */
  struct sluice_packet* packet = sluice_new_packet(ctx, SLUICE_SCRATCH_PACKET, direction);
  if (!packet) return SLUICE_DROP;
  if (!sluice_parse_plain(ctx, packet)) packet->unreadable = (__u8)sluice_parse(ctx, packet);
  struct sluice_pod pod = sluice_find_pod(ctx, epoch);
  enum sluice_reason reason;
  if (pod.policy) packet->listens = sluice_listens(config, packet, &pod);
  if (pod.policy)
    reason = sluice_decide(ctx, config, packet, &pod);
  else if (packet->unreadable == SLUICE_PARSED && packet->kind == SLUICE_KIND_NEIGHBOUR)
    reason = SLUICE_ALLOWED_NEIGHBOUR;
  else
    reason = config->flags & SLUICE_CONFIG_PERMISSIVE ? SLUICE_ALLOWED_PERMISSIVE : SLUICE_DENIED_NOT_READY;
  enum sluice_action action = sluice_conclude(ctx, config, packet, &pod, reason);
  return action == SLUICE_PASS && packet->listens && sluice_listen(ctx) ? SLUICE_DROP : action;
}

#endif
