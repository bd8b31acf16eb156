/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* ICMP: which messages the stages tell apart: errors, echoes, neighbour discovery and MLD. Sources: RFC 792,
 * RFC 4443, RFC 4861, RFC 2710, RFC 3810. */
#ifndef SLUICE_ICMP_H
#define SLUICE_ICMP_H

#include "packet.h"

/* ICMP's first words: of an echo, or what stands in their place. */
struct sluice_icmp_header {
  __u8 type, code;
  __be16 checksum;
  __be16 identifier, sequence;
};

SLUICE_STAGE bool sluice_is_icmp_error(__u8 family, __u8 type) {
  if (family == SLUICE_IPV6)
    return type >= 1 && type <= 4;              /* RFC 4443 2.1: unreachable, too big, time, parameter */
  return type == 3 || type == 11 || type == 12; /* RFC 792: unreachable, time exceeded, parameter */
}

/* An echo's identifier and who asked, in place of ports (enum sluice_echo). Source: RFC 792, RFC 4443 4. */
SLUICE_STAGE void sluice_set_echo(struct sluice_packet* packet, const struct sluice_icmp_header* icmp) {
  bool v4 = packet->family == SLUICE_IPV4;
  bool asks = icmp->type == (v4 ? 8 : 128), answers = icmp->type == (v4 ? 0 : 129);
  if (!asks && !answers) return;
  packet->local_port = icmp->identifier;
  packet->remote_port =
      sluice_htons(asks == sluice_leaves_pod(packet) ? SLUICE_ECHO_BY_POD : SLUICE_ECHO_BY_OTHER);
}

SLUICE_STAGE bool sluice_is_icmp(const struct sluice_packet* packet) {
  return packet->protocol == (packet->family == SLUICE_IPV4 ? SLUICE_ICMP : SLUICE_ICMPV6);
}

SLUICE_STAGE bool sluice_is_echo(const struct sluice_packet* packet) {
  return sluice_is_icmp(packet) && packet->remote_port != SLUICE_ECHO_NONE;
}

/* It answers what the other end of its way asked. */
SLUICE_STAGE bool sluice_is_echo_reply(const struct sluice_packet* packet) {
  __u16 asker = packet->direction == SLUICE_INGRESS ? SLUICE_ECHO_BY_POD : SLUICE_ECHO_BY_OTHER;
  return sluice_is_icmp(packet) && packet->remote_port == sluice_htons(asker);
}

/* Neighbour and router discovery count only with hop limit 255 (RFC 4861 6.1, 7.1): nobody off the link sent
 * them. MLD counts only with hop limit 1: it goes nowhere off the link. */
SLUICE_STAGE bool sluice_is_neighbour(__u8 type, __u8 hop_limit) {
  if (type >= 133 && type <= 137) return hop_limit == 255;
  return hop_limit == 1 && ((type >= 130 && type <= 132) || type == 143); /* RFC 2710 3, RFC 3810 5 */
}

#endif
