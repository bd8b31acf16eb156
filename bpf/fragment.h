/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Fragment: later fragments follow the verdict of their first (semantics 26). Only allowed firsts are
 * remembered. */
#ifndef SLUICE_FRAGMENT_H
#define SLUICE_FRAGMENT_H

#include "packet.h"

SLUICE_STAGE struct sluice_fragment_key sluice_fragment_key_of(__u32 endpoint,
                                                               const struct sluice_packet* packet) {
  struct sluice_fragment_key key = {.endpoint = endpoint,
                                    .identification = packet->identification,
                                    .family = packet->family,
                                    .protocol = packet->family == SLUICE_IPV4 ? packet->protocol : 0,
                                    .direction = packet->direction};
  __builtin_memcpy(key.remote, &packet->remote, sizeof(key.remote));
  __builtin_memcpy(key.local, &packet->local, sizeof(key.local));
  return key;
}

SLUICE_COLD void sluice_remember_first(sluice_ctx* ctx, __u32 endpoint, const struct sluice_packet* packet) {
  struct sluice_fragment_key key = sluice_fragment_key_of(endpoint, packet);
  struct sluice_fragment fragment = {.seen = sluice_now(ctx)};
  sluice_insert(ctx, fragments, &key, &fragment);
}

SLUICE_COLD enum sluice_reason sluice_judge_later_fragment(sluice_ctx* ctx, __u32 endpoint,
                                                           const struct sluice_packet* packet) {
  struct sluice_fragment_key key = sluice_fragment_key_of(endpoint, packet);
  const struct sluice_fragment* first = sluice_lookup(ctx, fragments, &key);
  if (first && sluice_now(ctx) - first->seen <= sluice_timeout(ctx, SLUICE_TIMEOUT_FRAGMENT))
    return SLUICE_ALLOWED_FRAGMENT;
  return SLUICE_DENIED_FRAGMENT_WITHOUT_FIRST;
}

#endif
