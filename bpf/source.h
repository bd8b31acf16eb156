/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Source: may the pod send from this address (semantics 38)? Its own two are compared; everything else is
 * rare, and asked apart from the path of the others.
 *
 * Laws:
 *  1 A link-local source speaks to its link alone.
 *  2 No pod sends from an address of the node, whatever prefixes it was given: policy always lets the node's
 *    addresses through (semantics 17). */
#ifndef SLUICE_SOURCE_H
#define SLUICE_SOURCE_H

#include "endpoint.h"
#include "identify.h"

#define SLUICE_DHCP_CLIENT 68 /* RFC 2131 4.1 */
#define SLUICE_DHCP_SERVER 67

/* RFC 4291 2.5.6 */
SLUICE_STAGE bool sluice_is_link_local(const union sluice_ip* ip) {
  return (ip->word[0] & sluice_htonl(0xffc00000)) == sluice_htonl(0xfe800000);
}

/* What no router forwards: link-local addresses, and multicast of link scope (RFC 4291 2.7). */
SLUICE_STAGE bool sluice_is_on_link(const union sluice_ip* ip) {
  return sluice_is_link_local(ip) || (ip->word[0] & sluice_htonl(0xff0f0000)) == sluice_htonl(0xff020000);
}

SLUICE_STAGE bool sluice_is_unspecified(const union sluice_ip* ip) {
  return (ip->word[0] | ip->word[1] | ip->word[2] | ip->word[3]) == 0;
}

/* A pod that has no address yet asks for one. */
SLUICE_STAGE bool sluice_asks_for_address(const struct sluice_packet* packet) {
  if (packet->family == SLUICE_IPV6) return packet->kind == SLUICE_KIND_NEIGHBOUR;
  return packet->protocol == SLUICE_UDP && packet->remote.word[0] == sluice_htonl(0xffffffff) &&
         packet->local_port == sluice_htons(SLUICE_DHCP_CLIENT) &&
         packet->remote_port == sluice_htons(SLUICE_DHCP_SERVER);
}

SLUICE_STAGE bool sluice_is_given_source(sluice_ctx* ctx, const struct sluice_packet* packet,
                                         const struct sluice_pod* pod) {
  if (!(pod->policy->flags & SLUICE_SIDES_SOURCES)) return false;
  struct sluice_source key = {
      .length = SLUICE_SOURCE_BITS + (packet->family == SLUICE_IPV4 ? 32 : 128),
      .endpoint = pod->id,
      .family = packet->family,
  };
  __builtin_memcpy(key.address, &packet->local, sizeof(key.address));
  const struct sluice_cell* cell = sluice_lookup(ctx, sources, &key);
  return cell && (cell->since <= pod->epoch ? cell->now : cell->before) == SLUICE_SOURCE_ALLOWED;
}

SLUICE_COLD bool sluice_is_other_source(sluice_ctx* ctx, const struct sluice_packet* packet,
                                        const struct sluice_pod* pod) {
  if (!pod->policy) return false;
  if (sluice_is_unspecified(&packet->local)) return sluice_asks_for_address(packet);
  if (sluice_is_node_address(ctx, pod->epoch, packet->family, &packet->local)) return false;
  if (packet->family == SLUICE_IPV6 && sluice_is_link_local(&packet->local))
    return packet->kind == SLUICE_KIND_NEIGHBOUR || sluice_is_on_link(&packet->remote);
  return sluice_is_given_source(ctx, packet, pod);
}

/* Of a packet that leaves the pod. */
SLUICE_STAGE bool sluice_is_source(sluice_ctx* ctx, const struct sluice_packet* packet,
                                   const struct sluice_pod* pod) {
  return sluice_is_own(pod->policy, packet->family, &packet->local) ||
         sluice_is_other_source(ctx, packet, pod);
}

#endif
