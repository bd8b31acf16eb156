/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Link: what of Ethernet the stages read. Source: IEEE 802.3. */
#ifndef SLUICE_LINK_H
#define SLUICE_LINK_H

#define SLUICE_ETHERNET_BYTES 14
enum { SLUICE_ETHERTYPE_IPV4 = 0x0800, SLUICE_ETHERTYPE_ARP = 0x0806, SLUICE_ETHERTYPE_IPV6 = 0x86dd };

#endif
