/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Judge: may this connection be opened? Everything is asked of one epoch. Costs an address look-up, a rule
 * look-up and three array reads whatever the number of policies; where only an ipBlock can name the address, a
 * look-up for each length of prefix that there is near it. */
#ifndef SLUICE_JUDGE_H
#define SLUICE_JUDGE_H

#include "endpoint.h"
#include "identify.h"
#include "names.h"

/* One question: the packet, the pod, and the direction in which the connection was (or is being) opened,
 * which for a reply under a new policy is not the packet's own. */
struct sluice_question {
  const struct sluice_config* config;
  struct sluice_packet* packet; /* gets what the judgement finds */
  const struct sluice_pod* pod;
  enum sluice_direction opener;
  __u32 scratch; /* enum sluice_scratch: where `packet` stands */
  bool audited;  /* what would be, were the policies in audit in force? */
};

SLUICE_STAGE const struct sluice_side* sluice_side_asked(const struct sluice_question* question) {
  __u32 direction = sluice_side_of(question->opener);
  const struct sluice_sides* policy = question->pod->policy;
  return question->audited ? &policy->audited[direction] : &policy->side[direction];
}

/* 1 where rules say all, of the own node and of Services too; else 0. Without a branch, which the verifier would follow
 * to the end of everything. */
SLUICE_STAGE __u64 sluice_side_is_whole(const struct sluice_question* question) {
  __u64 flags = question->pod->policy->flags;
  __u64 whole = question->audited ? flags / SLUICE_SIDES_AUDITED_WHOLE : flags / SLUICE_SIDES_WHOLE;
  return whole & sluice_side_of(question->opener); /* SLUICE_EGRESS is 1 */
}

SLUICE_STAGE __u64 sluice_find_rule(sluice_ctx* ctx, __u64 epoch, __u64 ruleset, __u64 identity) {
  __u64 ref =
      identity ? sluice_table_value2(ctx, SLUICE_TABLE_RULES, ruleset, identity, epoch) : SLUICE_ABSENT;
  return ref == SLUICE_ABSENT ? SLUICE_REF(SLUICE_REF_NONE, 0) : ref;
}

/* Do the rules allow every endpoint behind the Service? `as_written`: they allow its own address and port, which
 * is enough where they say nothing else of it. */
SLUICE_STAGE enum sluice_reason sluice_judge_service(sluice_ctx* ctx, const struct sluice_question* question,
                                                     __u64 ruleset, __u64 service, bool as_written) {
  __u64 ref = sluice_find_rule(ctx, question->pod->epoch, ruleset, service);
  __u32 kind = SLUICE_REF_KIND(ref);
  if (kind == SLUICE_REF_NONE && as_written) return SLUICE_ALLOWED_POLICY;
  if (kind == SLUICE_REF_ALL) return SLUICE_ALLOWED_POLICY;
  if ((kind == SLUICE_REF_SELF_ELSE_PARTIAL || kind == SLUICE_REF_SELF_ELSE_NONE) &&
      SLUICE_REF_ARGUMENT(ref) == question->pod->index)
    return SLUICE_ALLOWED_SELF;
  return kind == SLUICE_REF_PARTIAL || kind == SLUICE_REF_SELF_ELSE_PARTIAL ? SLUICE_DENIED_SERVICE_PARTIAL
                                                                            : SLUICE_DENIED_NO_RULE;
}

/* By everything but names, of a pod that is isolated, or would be, in the direction of the question. */
SLUICE_COLD enum sluice_reason sluice_judge_by_address(sluice_ctx* ctx,
                                                       const struct sluice_question* question) {
  struct sluice_packet* packet = question->packet;
  __u64 identity =
      sluice_identify(ctx, question->config, question->pod->epoch, packet->family, &packet->remote);
  __u64 flags = identity & ~SLUICE_IDENTITY_MASK, service = 0;
  identity &= SLUICE_IDENTITY_MASK;
  if (flags && question->opener == SLUICE_EGRESS)
    service = sluice_identify_service(ctx, question->pod->epoch, packet, flags);
  /* A Service's address as it stands is no pod, even where a pod has it too (semantics 21). */
  if (service)
    identity = sluice_identify_by_prefix(ctx, question->config, question->pod->epoch, packet->family,
                                         &packet->remote);
  __u64 whole = sluice_side_is_whole(question);
  SLUICE_OPAQUE(whole);
  if (!service && (flags & ~(whole * SLUICE_IDENTITY_NODE) & SLUICE_IDENTITY_NODE))
    return SLUICE_ALLOWED_OWN_NODE;
  if (!service && sluice_is_own(question->pod->policy, packet->family, &packet->remote))
    return SLUICE_ALLOWED_SELF;

  __u16 port = sluice_ntohs(question->opener == SLUICE_EGRESS ? packet->remote_port : packet->local_port);
  const struct sluice_side* side = sluice_side_asked(question);
  __u64 ref = sluice_find_rule(ctx, question->pod->epoch, side->ruleset, identity);
  if (SLUICE_REF_KIND(ref) == SLUICE_REF_NONE) ref = side->default_ref;
  bool allows = sluice_ref_allows(ctx, ref, packet->protocol, port);
  packet->identity = service ? service : identity;
  if (!service) return allows ? SLUICE_ALLOWED_POLICY : SLUICE_DENIED_NO_RULE;
  /* Asked again: what is kept meanwhile is stack, of which Linux 6.1 has 512 bytes for all that call one another. */
  if (allows && !sluice_side_is_whole(question)) return SLUICE_ALLOWED_POLICY;
  return sluice_judge_service(ctx, question, sluice_side_asked(question)->ruleset, service, allows);
}

SLUICE_STAGE enum sluice_reason sluice_judge(sluice_ctx* ctx, const struct sluice_question* question) {
  struct sluice_packet* packet = question->packet;
  enum sluice_reason reason = sluice_note(packet, sluice_judge_by_address(ctx, question));
  __u32 names = question->pod->policy->flags & SLUICE_SIDES_NAMES;
  if (!sluice_is_denied(reason) || !names || question->opener != SLUICE_EGRESS) return reason;
  __u32 name =
      sluice_allowing_name(ctx, sluice_pair(question->audited, question->scratch),
                           sluice_side_asked(question)->ruleset, packet->identity, question->pod->epoch);
  if (!name) return reason;
  if (!question->audited) packet->flow.name = name;
  return sluice_note(packet, SLUICE_ALLOWED_POLICY);
}

/* What would be, were the policies in audit in force. From numbers, and apart: the verifier looks at it once. */
SLUICE_SHARED __u32 sluice_judge_audited(sluice_ctx* ctx, __u32 scratch, __u32 index, __u64 epoch,
                                         __u32 opener) {
  SLUICE_USE(ctx);
  const struct sluice_config* config = sluice_config_of(ctx);
  struct sluice_packet* packet = sluice_scratch(ctx, packets, &scratch);
  const struct sluice_endpoint* endpoint = sluice_lookup(ctx, endpoints, &index);
  if (!config || !packet || !endpoint) return SLUICE_DENIED_NO_RULE;
  struct sluice_pod pod = {endpoint, sluice_policy_at(endpoint, epoch), epoch, endpoint->id, index};
  struct sluice_question question = {config,  packet, &pod, (enum sluice_direction)(opener & 1),
                                     scratch, true};
  return pod.policy ? sluice_judge(ctx, &question) : SLUICE_DENIED_NO_RULE;
}

/* What is in force decides; what that allows is asked again where policies in audit concern the pod. */
SLUICE_STAGE enum sluice_reason sluice_judge_with_audit(sluice_ctx* ctx,
                                                        const struct sluice_question* question) {
  const struct sluice_pod* pod = question->pod;
  __u32 direction = sluice_side_of(question->opener);
  enum sluice_reason reason =
      pod->policy->side[direction].ruleset ? sluice_judge(ctx, question) : SLUICE_ALLOWED_NOT_ISOLATED;
  if (!pod->policy->audited[direction].ruleset || sluice_is_denied(reason)) return reason;
  __u32 audited = sluice_judge_audited(ctx, question->scratch, pod->index, pod->epoch, question->opener);
  return sluice_is_denied((enum sluice_reason)audited) ? SLUICE_ALLOWED_AUDIT : reason;
}

#endif
