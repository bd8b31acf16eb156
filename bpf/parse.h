/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Parse: the frame's bytes to struct sluice_packet, or the reason why they make no sense. One header a layer:
 * link.h, ip.h with extensions.h, upper.h with icmp.h. */
#ifndef SLUICE_PARSE_H
#define SLUICE_PARSE_H

#include "ip.h"
#include "link.h"
#include "upper.h"

/* The whole frame. Both programs share one copy: the direction is data, and nearly every packet is plain. */
SLUICE_COLD enum sluice_reason sluice_parse(sluice_ctx* ctx, struct sluice_packet* packet) {
  __be16 type;
  enum sluice_reason reason;
  if (sluice_load(ctx, SLUICE_ETHERNET_BYTES - sizeof(type), &type)) return SLUICE_DENIED_TRUNCATED;
  if (type == sluice_htons(SLUICE_ETHERTYPE_IPV4)) {
    reason = sluice_parse_ipv4(ctx, SLUICE_ETHERNET_BYTES, packet);
  } else if (type == sluice_htons(SLUICE_ETHERTYPE_IPV6)) {
    reason = sluice_parse_ipv6(ctx, SLUICE_ETHERNET_BYTES, packet);
  } else if (type == sluice_htons(SLUICE_ETHERTYPE_ARP)) {
    packet->kind = SLUICE_KIND_NEIGHBOUR;
    return SLUICE_PARSED;
  } else {
    return SLUICE_DENIED_NOT_IP;
  }
  if (reason != SLUICE_PARSED) return reason;
  if (packet->upper + packet->upper_bytes > sluice_length(ctx)) return SLUICE_DENIED_TRUNCATED;
  if (packet->kind == SLUICE_KIND_LATER_FRAGMENT) return SLUICE_PARSED;
  return sluice_parse_upper(ctx, packet);
}

#endif
