/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Recent: how this CPU judged a moment ago, in an array of its own: a read in place of hash look-ups.
 *
 * Laws:
 *  1 A verdict answers for the maps in the epoch in which they gave it: there they say nothing else. What hangs on
 *    names, which come and go within an epoch, is not kept.
 *  2 Which entry replaces which is chance. The maps are asked for whatever is not here.
 *  3 There is no lock: tc programs run with bottom halves off, and none touches another CPU's part. */
#ifndef SLUICE_RECENT_H
#define SLUICE_RECENT_H

#include "flow_key.h"
#include "judge.h"

/* Where among `entries` of this CPU (a power of two) what is known by these words stands. */
SLUICE_STAGE __u32 sluice_recent_index(sluice_ctx* ctx, const union sluice_ip* remote, __u64 words,
                                       __u32 entries) {
  /* Odd numbers with bits all over, of which the product's upper half depends on every bit. */
  __u64 mixed = words * 0x9e3779b97f4a7c15ULL ^
                sluice_pair(remote->word[0], remote->word[1]) * 0xc2b2ae3d27d4eb4fULL ^
                sluice_pair(remote->word[2], remote->word[3]) * 0x165667b19e3779f9ULL;
  mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ULL;
  return sluice_cpu(ctx) * entries + ((__u32)(mixed >> 32) & (entries - 1));
}

SLUICE_STAGE bool sluice_is_remote(const __be32* word, const union sluice_ip* ip) {
  return ((word[0] ^ ip->word[0]) | (word[1] ^ ip->word[1]) | (word[2] ^ ip->word[2]) |
          (word[3] ^ ip->word[3])) == 0;
}

SLUICE_STAGE void sluice_set_remote(__be32* word, const union sluice_ip* ip) {
  for (int i = 0; i < 4; ++i) word[i] = ip->word[i];
}

SLUICE_STAGE __be16 sluice_asked_port(const struct sluice_question* question) {
  return question->opener == SLUICE_EGRESS ? question->packet->remote_port : question->packet->local_port;
}

SLUICE_STAGE struct sluice_recent_verdict* sluice_recent_verdict_of(sluice_ctx* ctx,
                                                                    const struct sluice_question* question) {
  const struct sluice_packet* packet = question->packet;
  __u32 port = (__u32)packet->protocol << 16 | sluice_asked_port(question);
  __u32 index = sluice_recent_index(ctx, &packet->remote, sluice_pair(question->pod->id, port),
                                    sluice_recent_verdict_entries(ctx));
  return sluice_lookup(ctx, recent_verdicts, &index);
}

SLUICE_STAGE bool sluice_recent_verdict_answers(const struct sluice_recent_verdict* recent,
                                                const struct sluice_question* question) {
  const struct sluice_packet* packet = question->packet;
  return recent->endpoint == question->pod->id && recent->epoch == question->pod->epoch &&
         recent->port == sluice_asked_port(question) && recent->protocol == packet->protocol &&
         recent->family == packet->family && recent->opener == question->opener &&
         sluice_is_remote(recent->remote, &packet->remote);
}

/* What sluice_judge_with_audit() says, asked of the maps only where this CPU has not just done so. */
SLUICE_STAGE enum sluice_reason sluice_judge_cached(sluice_ctx* ctx, const struct sluice_question* question) {
  __u32 direction = sluice_side_of(question->opener);
  const struct sluice_sides* policy = question->pod->policy;
  if (!policy->side[direction].ruleset && !policy->audited[direction].ruleset)
    return SLUICE_ALLOWED_NOT_ISOLATED;
  struct sluice_recent_verdict* recent = sluice_recent_verdict_of(ctx, question);
  if (recent && sluice_recent_verdict_answers(recent, question)) return recent->reason;
  enum sluice_reason reason = sluice_judge_with_audit(ctx, question);
  /* What names decide holds for a time of their own, in audit too. */
  __u32 by_name = sluice_is_denied(reason) | (question->packet->flow.name != 0) |
                  (policy->audited[direction].ruleset != 0);
  if (!recent || (policy->flags & (by_name * SLUICE_SIDES_NAMES))) return reason;
  sluice_set_remote(recent->remote, &question->packet->remote);
  recent->endpoint = question->pod->id;
  recent->port = sluice_asked_port(question);
  recent->protocol = question->packet->protocol;
  recent->family = question->packet->family;
  recent->opener = (__u8)question->opener;
  recent->reason = (__u8)reason;
  recent->epoch = question->pod->epoch;
  return reason;
}

#endif
