/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Plain: the short way for what nearly every packet is, TCP or UDP behind an IP header without options,
 * extension headers or fragments. It says of such a packet what sluice_parse() says, and leaves everything
 * else, all that makes no sense included, to that. */
#ifndef SLUICE_PLAIN_H
#define SLUICE_PLAIN_H

#include "ip.h"
#include "link.h"
#include "upper.h"

/* TCP or UDP at offset `at` (a constant), `bytes` long as the IP header promises it. */
SLUICE_STAGE bool sluice_parse_plain_upper(sluice_ctx* ctx, struct sluice_packet* packet, __u32 at,
                                           __u32 bytes) {
  if (at + bytes > sluice_length(ctx)) return false;
  if (packet->protocol == SLUICE_TCP) {
    const __u8* frame = sluice_linear(ctx, at + sizeof(struct sluice_tcp_header));
    if (!frame) return false;
    const struct sluice_tcp_header* tcp = (const struct sluice_tcp_header*)(frame + at);
    __u32 header_bytes = (tcp->words >> 4) * 4u;
    if (header_bytes < 20 || header_bytes > bytes) return false;
    packet->tcp_flags = tcp->flags;
    packet->upper = at;
    sluice_set_ports(packet, tcp->ports);
    return true;
  }
  const __u8* frame = sluice_linear(ctx, at + sizeof(__u32));
  if (packet->protocol != SLUICE_UDP || bytes < 8 || !frame) return false;
  sluice_set_ports(packet, *(const __u32*)(frame + at));
  return true;
}

SLUICE_STAGE bool sluice_parse_plain_ipv4(sluice_ctx* ctx, struct sluice_packet* packet,
                                          const struct sluice_ipv4_header* header) {
  __u32 total = sluice_ntohs(header->total_length);
  if (header->version_words != 0x45 || (header->fragment & sluice_htons(0x3fff)) || total < sizeof(*header))
    return false;
  packet->family = SLUICE_IPV4;
  packet->protocol = header->protocol;
  sluice_set_ip4(&packet->local, sluice_leaves_pod(packet) ? header->source : header->destination);
  sluice_set_ip4(&packet->remote, sluice_leaves_pod(packet) ? header->destination : header->source);
  return sluice_parse_plain_upper(ctx, packet, SLUICE_ETHERNET_BYTES + sizeof(*header),
                                  total - (__u32)sizeof(*header));
}

SLUICE_STAGE bool sluice_parse_plain_ipv6(sluice_ctx* ctx, struct sluice_packet* packet) {
  struct sluice_plain6 {
    struct sluice_ipv6_header header;
    union sluice_ip source, destination;
  };
  const __u8* frame = sluice_linear(ctx, SLUICE_ETHERNET_BYTES + sizeof(struct sluice_plain6));
  if (!frame) return false;
  const struct sluice_plain6* ip = (const struct sluice_plain6*)(frame + SLUICE_ETHERNET_BYTES);
  if ((ip->header.version_flow & sluice_htonl(0xf0000000)) != sluice_htonl(0x60000000)) return false;
  packet->family = SLUICE_IPV6;
  packet->protocol = ip->header.next_header;
  packet->local = sluice_leaves_pod(packet) ? ip->source : ip->destination;
  packet->remote = sluice_leaves_pod(packet) ? ip->destination : ip->source;
  return sluice_parse_plain_upper(ctx, packet, SLUICE_ETHERNET_BYTES + sizeof(*ip),
                                  sluice_ntohs(ip->header.payload_length));
}

/* True where that was all; else sluice_parse() is to be asked, of a packet that may have been written to. */
SLUICE_STAGE bool sluice_parse_plain(sluice_ctx* ctx, struct sluice_packet* packet) {
  const __u8* frame = sluice_linear(ctx, SLUICE_ETHERNET_BYTES + sizeof(struct sluice_ipv4_header));
  if (!frame) return false;
  __be16 type = *(const __be16*)(frame + SLUICE_ETHERNET_BYTES - sizeof(type));
  if (type == sluice_htons(SLUICE_ETHERTYPE_IPV4))
    return sluice_parse_plain_ipv4(ctx, packet,
                                   (const struct sluice_ipv4_header*)(frame + SLUICE_ETHERNET_BYTES));
  return type == sluice_htons(SLUICE_ETHERTYPE_IPV6) && sluice_parse_plain_ipv6(ctx, packet);
}

#endif
