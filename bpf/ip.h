/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* IP: addresses, upper layer and fragments of an IPv4 or IPv6 packet, which may be the frame's own or one
 * that an ICMP error quotes. Sources: RFC 791, RFC 8200. */
#ifndef SLUICE_IP_H
#define SLUICE_IP_H

#include "extensions.h"
#include "packet.h"

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

SLUICE_STAGE void sluice_set_ip4(union sluice_ip* ip, __be32 address) {
  ip->word[0] = address;
  ip->word[1] = ip->word[2] = ip->word[3] = 0;
}

SLUICE_STAGE enum sluice_reason sluice_parse_ipv4(sluice_ctx* ctx, __u32 offset,
                                                  struct sluice_packet* packet) {
  struct sluice_ipv4_header header;
  if (sluice_load(ctx, offset, &header)) return SLUICE_DENIED_TRUNCATED;
  __u32 header_bytes = (header.version_words & 15) * 4;
  __u32 total = sluice_ntohs(header.total_length);
  if (header.version_words >> 4 != 4 || header_bytes < sizeof(header)) return SLUICE_DENIED_MALFORMED;
  if (total == 0 && sluice_is_gso(ctx)) total = sluice_length(ctx) - offset;
  if (total < header_bytes) return SLUICE_DENIED_MALFORMED;

  packet->family = SLUICE_IPV4;
  packet->protocol = header.protocol;
  sluice_set_ip4(&packet->local, sluice_leaves_pod(packet) ? header.source : header.destination);
  sluice_set_ip4(&packet->remote, sluice_leaves_pod(packet) ? header.destination : header.source);
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

SLUICE_STAGE enum sluice_reason sluice_parse_ipv6(sluice_ctx* ctx, __u32 offset,
                                                  struct sluice_packet* packet) {
  struct sluice_ipv6_header header;
  __u32 addresses = offset + sizeof(header), upper = addresses + 2 * sizeof(union sluice_ip);
  if (sluice_load(ctx, offset, &header) ||
      sluice_load(ctx, addresses, sluice_leaves_pod(packet) ? &packet->local : &packet->remote) ||
      sluice_load(ctx, addresses + sizeof(union sluice_ip),
                  sluice_leaves_pod(packet) ? &packet->remote : &packet->local))
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

#endif
