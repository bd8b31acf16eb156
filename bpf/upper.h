/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Upper: ports, TCP flags and ICMP types. A cut-off header denies, in a first fragment too (RFC 1858).
 * Sources: RFC 9293 (TCP), RFC 768 (UDP), RFC 9260 (SCTP), and those of icmp.h. */
#ifndef SLUICE_UPPER_H
#define SLUICE_UPPER_H

#include "icmp.h"
#include "packet.h"

struct sluice_tcp_header {
  __u32 ports; /* source, destination */
  __be32 sequence, acknowledged;
  __u8 words, flags;
  __be16 window;
};

/* `ports` are source and destination as they stand in the header. */
SLUICE_STAGE void sluice_set_ports(struct sluice_packet* packet, __u32 ports) {
  packet->ports = sluice_leaves_pod(packet) ? ports : ports << 16 | ports >> 16;
}

/* Ports, flags and ICMP types of a packet whose upper layer is here. */
SLUICE_STAGE enum sluice_reason sluice_parse_upper(sluice_ctx* ctx, struct sluice_packet* packet) {
  struct sluice_tcp_header tcp;
  __u32 ports;
  struct sluice_icmp_header icmp;
  switch (packet->protocol) {
    case SLUICE_TCP:
      if (packet->upper_bytes < 20 || sluice_load(ctx, packet->upper, &tcp)) return SLUICE_DENIED_TRUNCATED;
      if (tcp.words >> 4 < 5 || (tcp.words >> 4) * 4u > packet->upper_bytes) return SLUICE_DENIED_MALFORMED;
      packet->tcp_flags = tcp.flags;
      sluice_set_ports(packet, tcp.ports);
      return SLUICE_PARSED;
    case SLUICE_UDP:
    case SLUICE_SCTP:
      if (packet->upper_bytes < (packet->protocol == SLUICE_UDP ? 8 : 12) ||
          sluice_load(ctx, packet->upper, &ports))
        return SLUICE_DENIED_TRUNCATED;
      sluice_set_ports(packet, ports);
      return SLUICE_PARSED;
    case SLUICE_ICMP:
    case SLUICE_ICMPV6:
      if (!sluice_is_icmp(packet)) return SLUICE_PARSED;
      if (packet->upper_bytes < 8 || sluice_load(ctx, packet->upper, &icmp)) return SLUICE_DENIED_TRUNCATED;
      if (packet->family == SLUICE_IPV6 && sluice_is_neighbour(icmp.type, packet->hop_limit))
        packet->kind = SLUICE_KIND_NEIGHBOUR;
      else if (packet->kind == SLUICE_KIND_PLAIN && sluice_is_icmp_error(packet->family, icmp.type)) {
        packet->kind = SLUICE_KIND_ICMP_ERROR;
        packet->inner = packet->upper + sizeof(icmp);
      } else {
        sluice_set_echo(packet, &icmp);
      }
      return SLUICE_PARSED;
  }
  return SLUICE_PARSED;
}

#endif
