/* Keys and values of the maps of names: part of layout.h, which includes it. Valid C11 and C++20. */
#ifndef SLUICE_NAMES_LAYOUT_H
#define SLUICE_NAMES_LAYOUT_H

#include "sluice/layout.h"

/* A name that was learnt has a number: its slot, from 1 on. Which rules name it is a fact of policy, a cell of
 * sluice_names; which addresses it has is one of the world, and stands in sluice_learnt.
 *
 * Laws:
 *  1 A cell's value is a name class: a 62-bit content id of the peer sets that match the name; 0: none does.
 *  2 What rules say of an address with an identity that has such a name stands in sluice_rules under
 *    SLUICE_NAMED_IDENTITY; of a Service's address under that of the Service's identity. Nothing there: nothing allows.
 *  3 An address opens connections by a name until that expires; what is open is judged by the name alone. */
#define SLUICE_NAMED_IDENTITY(identity, name_class) (((identity) ^ (name_class)) & SLUICE_IDENTITY_MASK)

enum {
  SLUICE_NAMES_OF_ADDRESS = 8,
  SLUICE_NAME_BITS = 14,
  SLUICE_NAME_MASK = (1 << 14) - 1,
  SLUICE_NAME_BYTES = 256
};

/* Also what names a believed DNS server; its port is in `port`, else 0. */
struct sluice_learnt_address {
  __be32 word[4]; /* as in a packet: IPv4 in the first, the rest 0 */
  __u8 family;    /* 4 or 6 */
  __u8 reserved;
  __be16 port;
};
SLUICE_LAYOUT(struct sluice_learnt_address, 20);
/* Of each name the CLOCK_BOOTTIME in nanoseconds at which it expires, its lowest SLUICE_NAME_BITS replaced by the slot;
 * 0: none. Each word is written at once. */
struct sluice_learnt_names {
  __u64 word[SLUICE_NAMES_OF_ADDRESS];
};
SLUICE_LAYOUT(struct sluice_learnt_names, 64);
#define SLUICE_LEARNT_WORD(until, slot) (((__u64)(until) & ~(__u64)SLUICE_NAME_MASK) | (slot))
/* The agent's own note: which name a slot stands for. Small letters, no dot at the end, the rest 0. */
struct sluice_name_text {
  char text[SLUICE_NAME_BYTES];
};
SLUICE_LAYOUT(struct sluice_name_text, 256);

/* The agent's own note: a question that a pod put and nobody has answered yet (agent/dns/exchanges.h). */
struct sluice_question_key {
  __u8 byte[28];
};
SLUICE_LAYOUT(struct sluice_question_key, 28);
struct sluice_question_value {
  __u8 byte[272];
};
SLUICE_LAYOUT(struct sluice_question_value, 272);

/* Between the agent that learns and the programs that hold answers for it. */
struct sluice_dns {
  __u64 heartbeat; /* CLOCK_BOOTTIME, nanoseconds, at which the agent last said that it is there */
  __u64 unheld;    /* answers that went on before they were learnt: no agent, or no room */
  __u32 mark;      /* of packets that the agent sends on: never held again. Random. */
  __u32 reserved;
};
SLUICE_LAYOUT(struct sluice_dns, 24);

/* A packet to or from a believed server, as it stands in sluice_answers: this, and the frame from its Ethernet header on.
 * Of questions a copy; an answer that is held is the agent's to send on. */
struct sluice_dns_packet {
  __u64 time; /* CLOCK_BOOTTIME, nanoseconds */
  __u32 ifindex;
  __u32 endpoint; /* sluice_endpoint.id */
  __u32 length;   /* of the frame, all of which follows */
  __u32 gso_size; /* of several segments in one buffer, else 0 */
  __u8 direction; /* enum sluice_direction */
  __u8 held;      /* 1: it waits for the agent */
  __u8 reserved[6];
};
SLUICE_LAYOUT(struct sluice_dns_packet, 32);

#endif
