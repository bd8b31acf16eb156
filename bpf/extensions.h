/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Extensions: the IPv6 headers between the first and the upper layer. Bound: SLUICE_MAX_EXTENSION_HEADERS.
 * Sources: RFC 8200 4, RFC 4302, RFC 6275, RFC 7401, RFC 5533. */
#ifndef SLUICE_EXTENSIONS_H
#define SLUICE_EXTENSIONS_H

#include "packet.h"

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

SLUICE_STAGE bool sluice_is_extension(__u8 next_header) {
  switch (next_header) {
    case SLUICE_EXT_HOP_BY_HOP:
    case SLUICE_EXT_ROUTING:
    case SLUICE_EXT_FRAGMENT:
    case SLUICE_EXT_AUTHENTICATION:
    case SLUICE_EXT_DESTINATION:
    case SLUICE_EXT_MOBILITY:
    case SLUICE_EXT_HIP:
    case SLUICE_EXT_SHIM6:
      return true;
  }
  return false;
}

/* Follows the extension headers from packet->upper; packet->protocol is the next header on entry and the
 * upper layer's on success. Stops at a later fragment: what follows it are not headers. */
SLUICE_COLD enum sluice_reason sluice_parse_extensions(sluice_ctx* ctx, struct sluice_packet* packet) {
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
    bool was_fragment = packet->protocol == SLUICE_EXT_FRAGMENT;
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

#endif
