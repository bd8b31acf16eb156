/* Sizes and bounds of the kernel contract. Each is the most that fits, never a place where something is cut
 * off: what does not fit is an error that leaves the previous state standing (docs/design.md, "The law of
 * change"). Valid C11 and C++20. */
#ifndef SLUICE_LIMITS_H
#define SLUICE_LIMITS_H

#define SLUICE_LAYOUT_VERSION 5 /* part of the pinned path; raised when any struct below changes */

#define SLUICE_MAX_ENDPOINTS 4096    /* pods on this node; power of two */
#define SLUICE_INTERFACE_SLOTS 65536 /* direct slots by ifindex % slots; power of two */
#define SLUICE_MAX_ADDRESSES 4194304 /* exact addresses a family */
#define SLUICE_MAX_PREFIXES 1048576  /* CIDRs and excepts a family */
#define SLUICE_MAX_SOURCES \
  262144 /* source prefixes of this node's pods, and the addresses in them that other pods have */
#define SLUICE_MAX_SERVICES 1048576  /* service addresses x ports */
#define SLUICE_MAX_RULES 4194304     /* (rule set, identity) pairs that allow something */
#define SLUICE_MAX_PORTSETS 65536    /* distinct port sets */
#define SLUICE_MAX_PORT_TABLES 16384 /* distinct single-protocol port tables */
#define SLUICE_MAX_PORT_PAGES 32768  /* distinct 1,024-port bitmaps */
#define SLUICE_MAX_FRAGMENTS 16384   /* fragmented datagrams under way */
#define SLUICE_EVENT_RING_BYTES 1048576
#define SLUICE_MAX_NAMES 16384           /* names that were learnt, slot 0 included */
#define SLUICE_MAX_LEARNT 65536          /* addresses that have one */
#define SLUICE_MAX_DNS_SERVERS 1024      /* believed, by address and port */
#define SLUICE_MAX_QUESTIONS 65536       /* that nobody has answered yet */
#define SLUICE_ANSWER_RING_BYTES 2097152 /* DNS packets that wait for the agent */
#define SLUICE_DNS_PORT 53
#define SLUICE_HELD_ANSWER_BYTES 1536     /* of a frame in a short entry of that ring; longer ones, up to */
#define SLUICE_LONGEST_ANSWER_BYTES 65664 /* this, take a long one; what is longer still is not held */
/* An agent that has not been heard of for so long is not waited for. */
#define SLUICE_HEARTBEAT_NANOSECONDS 250000000ULL

/* Flows: the agent says how many (--flows); IPv6 has room for half as many as IPv4. There are two entries for
 * each flow, so that even at the last one nearly every key finds a free place in one of its two buckets. */
#define SLUICE_LEAST_FLOWS 262144
#define SLUICE_MOST_FLOWS 16777216
#define SLUICE_FLOW_BUCKETS4(flows) ((flows) / 2)
#define SLUICE_FLOW_BUCKETS6(flows) ((flows) / 4)
#define SLUICE_FLOW_LOCKS 4096 /* power of two; by bucket */
#define SLUICE_FLOW_SEEDS 8
#define SLUICE_FLOW_SHARES 10 /* an endpoint is sure of this part of the flows */
/* What a CPU remembers of what it just found. Powers of two; where a node has more CPUs than
 * SLUICE_RECENT_CPUS, each has less, so that all have no more than these many CPUs would. */
#define SLUICE_RECENT_VERDICTS 4096 /* verdicts on new connections */
#define SLUICE_RECENT_CPUS 32
/* An endpoint's counters stand in parts, one a CPU; where a node has more CPUs, several share one. */
#define SLUICE_STATS_PARTS 32 /* power of two */

#define SLUICE_PORTS_PER_PAGE 1024 /* bits in one page */
#define SLUICE_PAGES_PER_TABLE 64  /* 65536 / SLUICE_PORTS_PER_PAGE */
#define SLUICE_PORT_PROTOCOLS 3    /* TCP, UDP, SCTP */

#define SLUICE_MAX_EXTENSION_HEADERS \
  8 /* IPv6 extension headers followed before the packet counts as malformed */

/* Reports an endpoint, a CPU and a second. */
#define SLUICE_DENIED_REPORTS 16
#define SLUICE_ALLOWED_REPORTS 128 /* of those that are observed */

#endif
