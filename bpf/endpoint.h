/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Endpoint: from the interface to the pod, and to the policy that holds for it in this epoch. Array look-ups
 * by known index only; the hash is asked for interfaces whose slot another one took. */
#ifndef SLUICE_ENDPOINT_H
#define SLUICE_ENDPOINT_H

#include "packet.h"

struct sluice_pod {
  const struct sluice_endpoint* endpoint; /* NULL: the interface belongs to no known pod */
  const struct sluice_sides* policy;      /* NULL: its policies are not known in this epoch */
  __u64 epoch;                            /* the state that the packet sees */
  __u32 id;                               /* of the endpoint */
  __u32 index;                            /* of the endpoint, or SLUICE_NO_ENDPOINT */
};

SLUICE_STAGE const struct sluice_sides* sluice_policy_at(const struct sluice_endpoint* endpoint,
                                                         __u64 epoch) {
  const struct sluice_sides *first = &endpoint->policy[0], *second = &endpoint->policy[1];
  if (first->since > epoch) return second->since > epoch ? 0 : second;
  return second->since <= epoch && second->since > first->since ? second : first;
}

SLUICE_STAGE struct sluice_pod sluice_find_pod(sluice_ctx* ctx, __u64 epoch) {
  struct sluice_pod pod = {.epoch = epoch, .index = SLUICE_NO_ENDPOINT};
  __u32 ifindex = sluice_ifindex(ctx), slot = ifindex & (SLUICE_INTERFACE_SLOTS - 1);
  const struct sluice_interface* interface = sluice_lookup(ctx, interfaces, &slot);
  if (!interface) return pod;
  __u32 id = interface->endpoint;
  if (interface->ifindex != ifindex) {
    const __u32* more = sluice_lookup(ctx, interfaces_more, &ifindex);
    if (!more) return pod;
    id = *more;
  }
  __u32 index = SLUICE_ENDPOINT_INDEX(id);
  const struct sluice_endpoint* endpoint = sluice_lookup(ctx, endpoints, &index);
  if (!endpoint || !endpoint->pod) return pod;
  pod.id = id;
  pod.index = index;
  pod.endpoint = endpoint;
  pod.policy = sluice_policy_at(endpoint, epoch);
  return pod;
}

SLUICE_STAGE bool sluice_is_own(const struct sluice_sides* policy, __u8 family, const union sluice_ip* ip) {
  if (family == SLUICE_IPV4) return policy->address4 != 0 && ip->word[0] == policy->address4;
  const union sluice_ip* own = (const union sluice_ip*)policy->address6;
  return (own->word[0] ^ ip->word[0]) == 0 && (own->word[1] ^ ip->word[1]) == 0 &&
         (own->word[2] ^ ip->word[2]) == 0 && (own->word[3] ^ ip->word[3]) == 0 &&
         (own->word[0] | own->word[1] | own->word[2] | own->word[3]) != 0;
}

#endif
