/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* What the stages know of a parsed packet, as seen from the pod: ingress and egress are data. */
#ifndef SLUICE_PACKET_H
#define SLUICE_PACKET_H

#include "seam.h"

enum { SLUICE_IPV4 = 4, SLUICE_IPV6 = 6 };
enum { SLUICE_ICMP = 1, SLUICE_TCP = 6, SLUICE_UDP = 17, SLUICE_ICMPV6 = 58, SLUICE_SCTP = 132 };

enum sluice_kind {
  SLUICE_KIND_PLAIN,          /* complete headers */
  SLUICE_KIND_FIRST_FRAGMENT, /* complete headers, more fragments follow */
  SLUICE_KIND_LATER_FRAGMENT, /* no ports */
  SLUICE_KIND_ICMP_ERROR,     /* quotes another packet at `inner` */
  SLUICE_KIND_NEIGHBOUR,      /* ARP, neighbour and router discovery, MLD: always allowed */
};

enum { SLUICE_TCP_FIN = 1, SLUICE_TCP_SYN = 2, SLUICE_TCP_RST = 4, SLUICE_TCP_ACK = 16 };

/* In place of a reason that denies: the packet makes sense. 0, as it stands in a new packet. */
#define SLUICE_PARSED ((enum sluice_reason)0)

union sluice_ip {
  __be32 word[4]; /* IPv4: word[0], the rest zero */
  __u8 byte[16];
};

/* An entry of the flow tables that a new flow may take. */
struct sluice_flow_place {
  __u64 state;    /* what must still stand there */
  __u64 rank;     /* how gladly it is given */
  __u32 endpoint; /* whose it is */
  __u32 bucket;
  __u32 way;       /* SLUICE_FLOW_WAYS: none */
  __u32 displaces; /* a flow that nobody had forgotten yet */
};

/* What names the packet's flow in the flow tables (flow_table.h), and what is to be done there. */
struct sluice_flow_key {
  __u64 word[SLUICE_FLOW6_KEY_WORDS]; /* as in an entry, the proof 0 */
  __u32 home, alternate;              /* buckets */
  __u32 mark;                         /* a state word from SLUICE_FLOW_MARK_SHIFT on */
  __u32 tag;                          /* SLUICE_FLOW_TAG of a judged word */
  __u32 endpoint;
  __u32 now, seen; /* jiffies, low 32 bits */
  __u32 epoch;     /* low 32 bits */
  __u32 bits;      /* enum sluice_flow_bit */
  __u32 found;     /* of the flow as it was found; 0: it was not */
  __u32 timeout;   /* enum sluice_timeout */
  __u32 change;    /* enum sluice_flow_change */
  __u32 name;      /* slot of the name by which it is allowed; 0: of none */
  __u64 state;     /* of these */
  struct sluice_flow_place place;
};

/* Stands in sluice_scratch_packets, not on the stack: what the verifier reads back from a map it knows
 * nothing of, so that the many shapes of a packet meet as one state after parsing. */
struct sluice_packet {
  union sluice_ip local, remote; /* the pod's end and the other end */
  union {
    struct {
      /* 0 for protocols without ports; of an ICMP echo its identifier and enum sluice_echo (layout.h) */
      __be16 local_port, remote_port;
    };
    __u32 ports; /* both, as they stand in a flow's key */
  };
  __u8 family;          /* SLUICE_IPV4, SLUICE_IPV6, 0: neither */
  __u8 protocol;        /* of the upper layer */
  __u8 direction;       /* enum sluice_direction */
  __u8 kind;            /* enum sluice_kind */
  __u32 upper;          /* offset of the upper layer */
  __u32 upper_bytes;    /* its length as the IP header promises it */
  __u32 identification; /* of a fragment, as on the wire */
  __u32 inner;          /* offset of the packet that an ICMP error quotes */
  __u8 hop_limit;
  __u8 tcp_flags;
  __u8 unreadable; /* enum sluice_reason: SLUICE_PARSED, or why it makes no sense */
  __u8 against;    /* 1: judged as its connection was opened, the other way */
  __u8 judged;     /* enum sluice_reason, of what is judged by the policies of its pod */
  __u8 listens;    /* 1: its pod has rules that name domains */
  __u8 reserved[2];
  __u64 identity;              /* of the Service, else of the address, that rules were asked about */
  struct sluice_flow_key flow; /* written before it is read, by sluice_make_flow_key() */
} __attribute__((aligned(8)));

/* The packet under way, the one that it quotes if it is an ICMP error, and what the agent edits. tc programs run with bottom halves
 * off, so that none is interrupted by another of its CPU; where that would not hold, on a PREEMPT_RT kernel,
 * the agent loads nothing (check_kernel() in agent/kernel/loader.h). */
enum sluice_scratch {
  SLUICE_SCRATCH_PACKET,
  SLUICE_SCRATCH_QUOTED,
  SLUICE_SCRATCH_EDIT,
  SLUICE_SCRATCH_COUNT
};

SLUICE_SCRATCH(packets, struct sluice_packet, SLUICE_SCRATCH_COUNT)

SLUICE_STAGE struct sluice_packet* sluice_new_packet(sluice_ctx* ctx, enum sluice_scratch which,
                                                     enum sluice_direction direction) {
  __u32 index = which;
  struct sluice_packet* packet = sluice_scratch(ctx, packets, &index);
  if (!packet) return 0;
  /* The addresses are read only where there is a family, and written with it. */
  __builtin_memset(
      &packet->ports, 0,
      __builtin_offsetof(struct sluice_packet, flow) - __builtin_offsetof(struct sluice_packet, ports));
  packet->direction = (__u8)direction;
  return packet;
}

/* The reason, noted in the packet. Read back from a map, so that the verifier looks at what follows once, not once for
 * each reason. */
SLUICE_STAGE enum sluice_reason sluice_note(struct sluice_packet* packet, enum sluice_reason reason) {
  volatile __u8* judged = &packet->judged;
  *judged = (__u8)reason;
  return (enum sluice_reason) * judged;
}

SLUICE_STAGE __u64 sluice_pair(__u32 high, __u32 low) {
  return (__u64)high << 32 | low;
}

/* The pod's end of it is its source. */
SLUICE_STAGE bool sluice_leaves_pod(const struct sluice_packet* packet) {
  return packet->direction == SLUICE_EGRESS;
}

/* The index of a direction in an array of two. The verifier takes a direction read from memory for any
 * number: the mask proves to it that the index stays inside the array. */
SLUICE_STAGE __u32 sluice_side_of(enum sluice_direction direction) {
  return direction & 1;
}

#endif
