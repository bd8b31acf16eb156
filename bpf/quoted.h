/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Quoted: the packet inside an ICMP error. Sources: RFC 792, RFC 4443 2.4. */
#ifndef SLUICE_QUOTED_H
#define SLUICE_QUOTED_H

#include "icmp.h"
#include "ip.h"
#include "upper.h"

/* `quoted` is the packet seen from the pod. The error travels against it: what the pod sent comes back inside
 * an ingress error. Only addresses, protocol and ports count; the quotation may be cut off after them. */
SLUICE_COLD enum sluice_reason sluice_parse_quoted(sluice_ctx* ctx, const struct sluice_packet* error,
                                                   struct sluice_packet* quoted) {
  __u32 ports;
  struct sluice_icmp_header icmp;
  enum sluice_reason reason = error->family == SLUICE_IPV4 ? sluice_parse_ipv4(ctx, error->inner, quoted)
                                                           : sluice_parse_ipv6(ctx, error->inner, quoted);
  if (reason != SLUICE_PARSED) return reason;
  if (quoted->kind == SLUICE_KIND_LATER_FRAGMENT) return SLUICE_DENIED_FRAGMENT_WITHOUT_FIRST;
  if (sluice_is_icmp(quoted)) {
    if (sluice_load(ctx, quoted->upper, &icmp)) return SLUICE_DENIED_TRUNCATED;
    sluice_set_echo(quoted, &icmp);
    return SLUICE_PARSED;
  }
  if (quoted->protocol != SLUICE_TCP && quoted->protocol != SLUICE_UDP && quoted->protocol != SLUICE_SCTP)
    return SLUICE_PARSED;
  if (sluice_load(ctx, quoted->upper, &ports)) return SLUICE_DENIED_TRUNCATED;
  sluice_set_ports(quoted, ports);
  return SLUICE_PARSED;
}

#endif
