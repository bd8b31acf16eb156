/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Parse: bytes to struct sluice_packet, or the reason why they make no sense. Bounds:
 * SLUICE_MAX_EXTENSION_HEADERS. Sources: RFC 791, RFC 8200, RFC 9293, RFC 792, RFC 4443, RFC 4861, RFC 3810,
 * RFC 1858 (tiny fragments). */
#ifndef SLUICE_PARSE_H
#define SLUICE_PARSE_H

#include "packet.h"

enum { SLUICE_PARSED = 0 }; /* otherwise an enum sluice_reason that denies */

#define SLUICE_ETHERNET_BYTES 14
enum { SLUICE_ETHERTYPE_IPV4 = 0x0800, SLUICE_ETHERTYPE_ARP = 0x0806, SLUICE_ETHERTYPE_IPV6 = 0x86dd };

struct sluice_ipv4_header {
  __u8 version_words, tos;
  __be16 total_length, identification, fragment;
  __u8 ttl, protocol;
  __be16 checksum;
  __be32 source, destination;
};

struct sluice_ipv6_header {
  __be32 version_flow;
  __be16 payload_length;
  __u8 next_header, hop_limit;
}; /* the source and destination addresses follow */

struct sluice_tcp_header {
  __u32 ports; /* source, destination */
  __be32 sequence, acknowledged;
  __u8 words, flags;
  __be16 window;
};

SLUICE_STAGE void sluice_set_ip4(union sluice_ip* ip, __be32 address) {
  ip->word[0] = address;
  ip->word[1] = ip->word[2] = ip->word[3] = 0;
}

SLUICE_STAGE int sluice_parse_ipv4(sluice_ctx* ctx, __u32 offset, struct sluice_packet* packet, int leaves) {
  struct sluice_ipv4_header header;
  if (sluice_load(ctx, offset, &header)) return SLUICE_DENIED_TRUNCATED;
  __u32 header_bytes = (header.version_words & 15) * 4;
  __u32 total = sluice_ntohs(header.total_length);
  if (header.version_words >> 4 != 4 || header_bytes < sizeof(header)) return SLUICE_DENIED_MALFORMED;
  if (total == 0 && sluice_is_gso(ctx)) total = sluice_length(ctx) - offset;
  if (total < header_bytes) return SLUICE_DENIED_MALFORMED;

  packet->family = SLUICE_IPV4;
  packet->protocol = header.protocol;
  sluice_set_ip4(&packet->local, leaves ? header.source : header.destination);
  sluice_set_ip4(&packet->remote, leaves ? header.destination : header.source);
  packet->upper = offset + header_bytes;
  packet->upper_bytes = total - header_bytes;
  packet->hop_limit = header.ttl;

  __u16 fragment = sluice_ntohs(header.fragment);
  packet->identification = header.identification;
  if (fragment & 0x1fff)
    packet->kind = SLUICE_KIND_LATER_FRAGMENT;
  else if (fragment & 0x2000)
    packet->kind = SLUICE_KIND_FIRST_FRAGMENT;
  return SLUICE_PARSED;
}

enum {
  SLUICE_EXT_HOP_BY_HOP = 0,
  SLUICE_EXT_ROUTING = 43,
  SLUICE_EXT_FRAGMENT = 44,
  SLUICE_EXT_AUTHENTICATION = 51,
  SLUICE_EXT_DESTINATION = 60,
  SLUICE_EXT_MOBILITY = 135,
  SLUICE_EXT_HIP = 139,
  SLUICE_EXT_SHIM6 = 140,
};

SLUICE_STAGE int sluice_is_extension(__u8 next_header) {
  switch (next_header) {
    case SLUICE_EXT_HOP_BY_HOP:
    case SLUICE_EXT_ROUTING:
    case SLUICE_EXT_FRAGMENT:
    case SLUICE_EXT_AUTHENTICATION:
    case SLUICE_EXT_DESTINATION:
    case SLUICE_EXT_MOBILITY:
    case SLUICE_EXT_HIP:
    case SLUICE_EXT_SHIM6:
      return 1;
  }
  return 0;
}

/* Follows the extension headers from packet->upper; packet->protocol is the next header on entry and the
 * upper layer's on success. Stops at a later fragment: what follows it are not headers. */
SLUICE_COLD int sluice_parse_extensions(sluice_ctx* ctx, struct sluice_packet* packet) {
  for (int i = 0; i < SLUICE_MAX_EXTENSION_HEADERS; ++i) {
    struct {
      __u8 next_header, length;
      __be16 fragment;
      __be32 identification;
    } extension;
    if (!sluice_is_extension(packet->protocol)) return SLUICE_PARSED;
    if (packet->protocol == SLUICE_EXT_HOP_BY_HOP && i > 0) return SLUICE_DENIED_MALFORMED; /* RFC 8200 4.1 */
    if (sluice_load(ctx, packet->upper, &extension)) return SLUICE_DENIED_TRUNCATED;
    __u32 bytes = (extension.length + 1u) * 8;
    if (packet->protocol == SLUICE_EXT_AUTHENTICATION) bytes = (extension.length + 2u) * 4; /* RFC 4302 2.2 */
    if (packet->protocol == SLUICE_EXT_FRAGMENT) bytes = 8;
    if (packet->upper_bytes < bytes) return SLUICE_DENIED_TRUNCATED;
    __u8 was_fragment = packet->protocol == SLUICE_EXT_FRAGMENT;
    packet->protocol = extension.next_header;
    packet->upper += bytes;
    packet->upper_bytes -= bytes;
    if (!was_fragment) continue;
    if (packet->kind != SLUICE_KIND_PLAIN) return SLUICE_DENIED_MALFORMED; /* two fragment headers */
    __u16 fragment = sluice_ntohs(extension.fragment);
    packet->identification = extension.identification;
    if (fragment & 0xfff8) {
      packet->kind = SLUICE_KIND_LATER_FRAGMENT;
      return SLUICE_PARSED;
    }
    if (fragment & 1) packet->kind = SLUICE_KIND_FIRST_FRAGMENT;
  }
  return sluice_is_extension(packet->protocol) ? SLUICE_DENIED_EXTENSION_CHAIN : SLUICE_PARSED;
}

SLUICE_STAGE int sluice_parse_ipv6(sluice_ctx* ctx, __u32 offset, struct sluice_packet* packet, int leaves) {
  struct sluice_ipv6_header header;
  __u32 addresses = offset + sizeof(header), upper = addresses + 2 * sizeof(union sluice_ip);
  if (sluice_load(ctx, offset, &header) ||
      sluice_load(ctx, addresses, leaves ? &packet->local : &packet->remote) ||
      sluice_load(ctx, addresses + sizeof(union sluice_ip), leaves ? &packet->remote : &packet->local))
    return SLUICE_DENIED_TRUNCATED;
  if ((header.version_flow & sluice_htonl(0xf0000000)) != sluice_htonl(0x60000000))
    return SLUICE_DENIED_MALFORMED;
  packet->family = SLUICE_IPV6;
  packet->protocol = header.next_header;
  packet->upper = upper;
  packet->upper_bytes = sluice_ntohs(header.payload_length);
  packet->hop_limit = header.hop_limit;
  if (packet->upper_bytes == 0 && sluice_is_gso(ctx))
    packet->upper_bytes = sluice_length(ctx) - packet->upper;
  return sluice_is_extension(header.next_header) ? sluice_parse_extensions(ctx, packet) : SLUICE_PARSED;
}

/* ports: source and destination as they stand in the header. */
SLUICE_STAGE void sluice_set_ports(struct sluice_packet* packet, int leaves, __u32 ports) {
  packet->ports = leaves ? ports : ports << 16 | ports >> 16;
}

SLUICE_STAGE int sluice_is_icmp_error(__u8 family, __u8 type) {
  if (family == SLUICE_IPV6)
    return type >= 1 && type <= 4;              /* RFC 4443 2.1: unreachable, too big, time, parameter */
  return type == 3 || type == 11 || type == 12; /* RFC 792: unreachable, time exceeded, parameter */
}

/* ICMP's first words: of an echo, or what stands in their place. */
struct sluice_icmp_header {
  __u8 type, code;
  __be16 checksum;
  __be16 identifier, sequence;
};

/* An echo's identifier and who asked, in place of ports (enum sluice_echo). Source: RFC 792, RFC 4443 4. */
SLUICE_STAGE void sluice_set_echo(struct sluice_packet* packet, int leaves,
                                  const struct sluice_icmp_header* icmp) {
  int v4 = packet->family == SLUICE_IPV4;
  int asks = icmp->type == (v4 ? 8 : 128), answers = icmp->type == (v4 ? 0 : 129);
  if (!asks && !answers) return;
  packet->local_port = icmp->identifier;
  packet->remote_port = sluice_htons(asks == (leaves != 0) ? SLUICE_ECHO_BY_POD : SLUICE_ECHO_BY_OTHER);
}

SLUICE_STAGE int sluice_is_icmp(const struct sluice_packet* packet) {
  return packet->protocol == (packet->family == SLUICE_IPV4 ? SLUICE_ICMP : SLUICE_ICMPV6);
}

SLUICE_STAGE int sluice_is_echo(const struct sluice_packet* packet) {
  return sluice_is_icmp(packet) && packet->remote_port != SLUICE_ECHO_NONE;
}

/* It answers what the other end of its way asked. */
SLUICE_STAGE int sluice_is_echo_reply(const struct sluice_packet* packet) {
  __u16 asker = packet->direction == SLUICE_INGRESS ? SLUICE_ECHO_BY_POD : SLUICE_ECHO_BY_OTHER;
  return sluice_is_icmp(packet) && packet->remote_port == sluice_htons(asker);
}

/* Neighbour and router discovery count only with hop limit 255 (RFC 4861 6.1, 7.1): nobody off the link sent
 * them. MLD counts only with hop limit 1: it goes nowhere off the link. */
SLUICE_STAGE int sluice_is_neighbour(__u8 type, __u8 hop_limit) {
  if (type >= 133 && type <= 137) return hop_limit == 255;
  return hop_limit == 1 && ((type >= 130 && type <= 132) || type == 143); /* RFC 2710 3, RFC 3810 5 */
}

/* Ports, flags and ICMP types of a packet whose upper layer is here. */
SLUICE_STAGE int sluice_parse_upper(sluice_ctx* ctx, struct sluice_packet* packet, int leaves) {
  struct sluice_tcp_header tcp;
  __u32 ports;
  struct sluice_icmp_header icmp;
  switch (packet->protocol) {
    case SLUICE_TCP:
      if (packet->upper_bytes < 20 || sluice_load(ctx, packet->upper, &tcp)) return SLUICE_DENIED_TRUNCATED;
      if (tcp.words >> 4 < 5 || (tcp.words >> 4) * 4u > packet->upper_bytes) return SLUICE_DENIED_MALFORMED;
      packet->tcp_flags = tcp.flags;
      sluice_set_ports(packet, leaves, tcp.ports);
      return SLUICE_PARSED;
    case SLUICE_UDP:
    case SLUICE_SCTP:
      if (packet->upper_bytes < (packet->protocol == SLUICE_UDP ? 8 : 12) ||
          sluice_load(ctx, packet->upper, &ports))
        return SLUICE_DENIED_TRUNCATED;
      sluice_set_ports(packet, leaves, ports);
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
        sluice_set_echo(packet, leaves, &icmp);
      }
      return SLUICE_PARSED;
  }
  return SLUICE_PARSED;
}

/* The whole frame. `leaves`: it leaves the pod, so that its source is the pod's end. */
SLUICE_STAGE int sluice_parse(sluice_ctx* ctx, struct sluice_packet* packet, int leaves) {
  __be16 type;
  int reason;
  if (sluice_load(ctx, SLUICE_ETHERNET_BYTES - sizeof(type), &type)) return SLUICE_DENIED_TRUNCATED;
  if (type == sluice_htons(SLUICE_ETHERTYPE_IPV4)) {
    reason = sluice_parse_ipv4(ctx, SLUICE_ETHERNET_BYTES, packet, leaves);
  } else if (type == sluice_htons(SLUICE_ETHERTYPE_IPV6)) {
    reason = sluice_parse_ipv6(ctx, SLUICE_ETHERNET_BYTES, packet, leaves);
  } else if (type == sluice_htons(SLUICE_ETHERTYPE_ARP)) {
    packet->kind = SLUICE_KIND_NEIGHBOUR;
    return SLUICE_PARSED;
  } else {
    return SLUICE_DENIED_NOT_IP;
  }
  if (reason != SLUICE_PARSED) return reason;
  if (packet->upper + packet->upper_bytes > sluice_length(ctx)) return SLUICE_DENIED_TRUNCATED;
  if (packet->kind == SLUICE_KIND_LATER_FRAGMENT) return SLUICE_PARSED;
  return sluice_parse_upper(ctx, packet, leaves);
}

/* The packet that an ICMP error quotes, seen from the pod: the error travels against it, so what the pod sent
 * comes back inside an ingress error. Only its addresses, protocol and ports count; it may be cut off after
 * them. */
SLUICE_COLD int sluice_parse_quoted(sluice_ctx* ctx, const struct sluice_packet* error,
                                    struct sluice_packet* quoted) {
  __u32 ports;
  struct sluice_icmp_header icmp;
  int leaves = error->direction == SLUICE_INGRESS;
  int reason = error->family == SLUICE_IPV4 ? sluice_parse_ipv4(ctx, error->inner, quoted, leaves)
                                            : sluice_parse_ipv6(ctx, error->inner, quoted, leaves);
  if (reason != SLUICE_PARSED) return reason;
  if (quoted->kind == SLUICE_KIND_LATER_FRAGMENT) return SLUICE_DENIED_FRAGMENT_WITHOUT_FIRST;
  if (sluice_is_icmp(quoted)) {
    if (sluice_load(ctx, quoted->upper, &icmp)) return SLUICE_DENIED_TRUNCATED;
    sluice_set_echo(quoted, leaves, &icmp);
    return SLUICE_PARSED;
  }
  if (quoted->protocol != SLUICE_TCP && quoted->protocol != SLUICE_UDP && quoted->protocol != SLUICE_SCTP)
    return SLUICE_PARSED;
  if (sluice_load(ctx, quoted->upper, &ports)) return SLUICE_DENIED_TRUNCATED;
  sluice_set_ports(quoted, leaves, ports);
  return SLUICE_PARSED;
}

#endif
