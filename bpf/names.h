/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Names: does a rule allow it by a name that its address was learnt for? Asked only of sides with such rules, and
 * only once everything else says no. sluice/names.h has the laws. */
#ifndef SLUICE_NAMES_H
#define SLUICE_NAMES_H

#include "ports.h"
#include "table.h"

/* What the rule set says of an identity that has the name; SLUICE_ABSENT: nothing. */
SLUICE_STAGE __u64 sluice_named_ref(sluice_ctx* ctx, __u64 ruleset, __u64 identity, __u32 name, __u64 epoch) {
  const struct sluice_cell* cell = sluice_lookup(ctx, names, &name);
  if (!cell) return SLUICE_ABSENT;
  __u64 name_class = cell->since > epoch ? cell->before : cell->now;
  if (!name_class) return SLUICE_ABSENT;
  return sluice_table_value2(ctx, SLUICE_TABLE_RULES, ruleset, SLUICE_NAMED_IDENTITY(identity, name_class),
                             epoch);
}

SLUICE_STAGE bool sluice_ref_allows(sluice_ctx* ctx, __u64 ref, __u8 protocol, __u16 port) {
  if (SLUICE_REF_KIND(ref) == SLUICE_REF_ALL) return true;
  if (SLUICE_REF_KIND(ref) != SLUICE_REF_PORTS) return false;
  return sluice_portset_holds(ctx, SLUICE_REF_ARGUMENT(ref), protocol, port);
}

/* May a pod with the rule set open the connection of a packet (enum sluice_scratch) because of this name? */
SLUICE_SHARED __u32 sluice_name_allows(sluice_ctx* ctx, __u64 scratch_and_name, __u64 ruleset, __u64 identity,
                                       __u64 epoch) {
  SLUICE_USE(ctx);
  __u32 scratch = (__u32)(scratch_and_name >> 32), name = (__u32)scratch_and_name;
  const struct sluice_packet* packet = sluice_scratch(ctx, packets, &scratch);
  if (!packet) return 0;
  __u64 ref = sluice_named_ref(ctx, ruleset, identity, name, epoch);
  return ref != SLUICE_ABSENT &&
         sluice_ref_allows(ctx, ref, packet->protocol, sluice_ntohs(packet->remote_port));
}

/* The slot of a name by which the pod may open the connection, which is of egress; 0: there is none. A flow that was
 * opened by a name is judged by that one, else each counts that its address has now. In audit both count: the name that
 * would have opened it need not be the one that did. */
SLUICE_SHARED __u32 sluice_allowing_name(sluice_ctx* ctx, __u64 audited_and_scratch, __u64 ruleset,
                                         __u64 identity, __u64 epoch) {
  SLUICE_USE(ctx);
  __u32 scratch = (__u32)audited_and_scratch;
  const struct sluice_packet* packet = sluice_scratch(ctx, packets, &scratch);
  if (!packet) return 0;
  const __u64 which = sluice_pair(scratch, 0);
  const __u32 name = packet->flow.name;
  if (name && sluice_name_allows(ctx, which | name, ruleset, identity, epoch)) return name;
  if (name && !(audited_and_scratch >> 32)) return 0;
  struct sluice_learnt_address key = {.family = packet->family};
  for (int i = 0; i < 4; ++i) key.word[i] = packet->remote.word[i];
  const struct sluice_learnt_names* learnt = sluice_lookup(ctx, learnt, &key);
  if (!learnt) return 0;
  const __u64 now = sluice_boot_nanoseconds(ctx);
  for (int i = 0; i < SLUICE_NAMES_OF_ADDRESS; ++i) {
    __u64 word = sluice_read(learnt->word + i);
    if (word > now && sluice_name_allows(ctx, which | (word & SLUICE_NAME_MASK), ruleset, identity, epoch))
      return word & SLUICE_NAME_MASK;
  }
  return 0;
}

#endif
