/* Keys and values of every map. Valid C11 and C++20.
 *
 * Laws:
 *  1 Nothing has hidden padding: garbage in a key would be a missed look-up. SLUICE_LAYOUT proves it.
 *  2 Fields of a type __be... and addresses in bytes are as on the wire; everything else is the host's. */
#ifndef SLUICE_LAYOUT_H
#define SLUICE_LAYOUT_H

#include <linux/types.h>

#include "sluice/limits.h"
#include "sluice/tables.h"

#ifdef __cplusplus
#include <type_traits>
#define SLUICE_LAYOUT(type, size) \
  static_assert(sizeof(type) == (size) && std::has_unique_object_representations_v<type>)
#else
#define SLUICE_LAYOUT(type, size) _Static_assert(sizeof(type) == (size), #type)
#endif

enum sluice_direction { SLUICE_INGRESS = 0, SLUICE_EGRESS = 1 }; /* as policy means it: seen from the pod */

/* ---- change: one epoch for the node ---- */

/* Laws:
 *  1 Every fact that may change is a cell: the value before an epoch, and the value from it on.
 *  2 A packet reads the epoch once and sees one state throughout.
 *  3 The agent writes the next epoch into sluice_config: that flip brings a whole change into force for every
 *    pod at the same instant. */
struct sluice_cell {
  __u64 since;  /* epoch from which `now` holds */
  __u64 before; /* what holds in earlier epochs */
  __u64 now;
};
SLUICE_LAYOUT(struct sluice_cell, 24);

#define SLUICE_NEVER (~0ULL) /* an epoch that never comes */

struct sluice_config {
  __u64 epoch;            /* the state in force; starts at 1 */
  __u64 flags;            /* enum sluice_config_flag */
  __u64 next_endpoint_id; /* how many ids were given out, and one; the agent's own note */
  /* Random, drawn when the maps are made: nobody can say which keys share a bucket of any table. */
  __u32 flow_seed[SLUICE_FLOW_SEEDS];
  __u64 table[SLUICE_TABLE_COUNT]; /* SLUICE_TABLE_SHAPE of each policy table */
};
SLUICE_LAYOUT(struct sluice_config, 104);

enum sluice_config_flag {
  SLUICE_CONFIG_AUDIT = 1,      /* report what would be denied, let it pass */
  SLUICE_CONFIG_PERMISSIVE = 2, /* pods whose policies are not known yet are open */
  SLUICE_CONFIG_PREFIXES4 = 4,  /* the table prefixes4 is not empty: it must be asked */
  SLUICE_CONFIG_PREFIXES6 = 8,
  SLUICE_CONFIG_DNS_PORTS = 16, /* some believed server listens at another port than SLUICE_DNS_PORT */
};

SLUICE_LAYOUT(struct sluice_fact, 24);
SLUICE_LAYOUT(struct sluice_bucket1, 64);
SLUICE_LAYOUT(struct sluice_bucket2, 128);
SLUICE_LAYOUT(struct sluice_bucket3, 128);
SLUICE_LAYOUT(struct sluice_line, 128);
SLUICE_LAYOUT(struct sluice_lengths4, 8);
SLUICE_LAYOUT(struct sluice_lengths6, 16);

/* ---- endpoints ---- */

struct sluice_interface {
  __u32 ifindex;  /* 0: empty slot */
  __u32 endpoint; /* sluice_endpoint.id: known before the endpoint itself is read */
};
SLUICE_LAYOUT(struct sluice_interface, 8);

/* An endpoint's id says where the endpoint stands in sluice_endpoints. No other pod gets the same id before
 * 2^32 / SLUICE_MAX_ENDPOINTS others were given out: by then nothing of the old pod's flows is left. */
#define SLUICE_ENDPOINT_ID(count, index) ((__u32)(count)*SLUICE_MAX_ENDPOINTS + (index))
#define SLUICE_ENDPOINT_INDEX(id) ((id) & (SLUICE_MAX_ENDPOINTS - 1u))

/* No pod has this entry of sluice_endpoints. Its statistics are those of interfaces without an endpoint. */
enum { SLUICE_NO_ENDPOINT = 0, SLUICE_FIRST_ENDPOINT = 1 };

/* What holds for one direction of a pod. */
struct sluice_side {
  __u64 ruleset;     /* 0: not isolated */
  __u64 default_ref; /* a sluice_ref: for every address without an entry of its own in sluice_rules */
};
SLUICE_LAYOUT(struct sluice_side, 16);

/* All that a change may alter of a pod. It comes into force at once. */
struct sluice_sides {
  __u64 since;                /* epoch; SLUICE_NEVER while the slot is being written or unused */
  struct sluice_side side[2]; /* by enum sluice_direction */
  __u8 address6[16];          /* the pod's own; all zero: none */
  __be32 address4;            /* the pod's own; 0: none */
  __u32 flags;                /* enum sluice_sides_flag */
  /* With the policies in audit among them; ruleset 0: none of these concerns the direction. */
  struct sluice_side audited[2];
};
SLUICE_LAYOUT(struct sluice_sides, 96);

enum sluice_sides_flag {
  SLUICE_SIDES_SOURCES = 1, /* the pod has prefixes in sluice_sources: they must be asked */
  /* Of egress, rules say all: of the own node's addresses too, and of a Service whether as it is written counts. */
  SLUICE_SIDES_WHOLE = 2,
  SLUICE_SIDES_AUDITED_WHOLE = 4, /* the same of audited[] */
  /* Rules of egress name domains: what they deny is asked again by name, and DNS is listened to. */
  SLUICE_SIDES_NAMES = 8,
};

/* Beside policy, and no part of the state of an epoch. */
enum sluice_endpoint_flag {
  SLUICE_ENDPOINT_OBSERVED = 1, /* its new allowed connections are reported */
};

struct sluice_endpoint {
  __u32 id;                      /* SLUICE_ENDPOINT_ID: names this pod's flows */
  __u32 flags;                   /* enum sluice_endpoint_flag */
  __u64 pod;                     /* content id of namespace, name and uid; 0: unused entry */
  struct sluice_sides policy[2]; /* the one with the greatest since <= epoch holds */
};
SLUICE_LAYOUT(struct sluice_endpoint, 208);

/* ---- address -> identity ---- */

/* A cell's value is an identity (62-bit content id; 0: no policy tells the address apart) and two flags. */
#define SLUICE_IDENTITY_NODE (1ULL << 63)    /* an address of this node */
#define SLUICE_IDENTITY_SERVICE (1ULL << 62) /* some port of it is a Service's */
#define SLUICE_IDENTITY_MASK (SLUICE_IDENTITY_SERVICE - 1)
#define SLUICE_IDENTITY_NONE (~0ULL) /* no entry in this epoch: ask the prefixes */

struct sluice_address4 {
  __be32 address;
};
SLUICE_LAYOUT(struct sluice_address4, 4);
struct sluice_address6 {
  __u8 address[16];
};
SLUICE_LAYOUT(struct sluice_address6, 16);
struct sluice_prefix4 {
  __u32 length;
  __be32 address;
};
SLUICE_LAYOUT(struct sluice_prefix4, 8);
struct sluice_prefix6 {
  __u32 length;
  __u8 address[16];
};
SLUICE_LAYOUT(struct sluice_prefix6, 20);

/* The prefixes that a pod may send from besides its own addresses. The longest match decides. */
struct sluice_source {
  __u32 length;   /* in bits, from `endpoint` on: SLUICE_SOURCE_BITS and the prefix's own */
  __u32 endpoint; /* sluice_endpoint.id */
  __u32 family;   /* 4 or 6 */
  __u8 address[16];
};
SLUICE_LAYOUT(struct sluice_source, 28);
#define SLUICE_SOURCE_BITS 64 /* of endpoint and family */

/* A cell's value. An address of another pod in a prefix is foreign: that pod alone sends from it. */
enum sluice_source_value { SLUICE_SOURCE_FOREIGN = 0, SLUICE_SOURCE_ALLOWED = 1 };

enum sluice_service_kind {
  SLUICE_SERVICE_IPV4 = 4, /* address: first 4 bytes */
  SLUICE_SERVICE_IPV6 = 6,
  SLUICE_SERVICE_NODE_PORT4 = 14, /* any address of the node; address all zero */
  SLUICE_SERVICE_NODE_PORT6 = 16,
};
struct sluice_service {
  __u8 address[16];
  __be16 port;
  __u8 protocol;
  __u8 kind; /* enum sluice_service_kind */
};
SLUICE_LAYOUT(struct sluice_service, 20);

/* The third words of three-word keys: the upper half names the table. */
#define SLUICE_SERVICE_KEY(service)                                                                     \
  ((__u64)SLUICE_TABLE_SERVICES << 32 | (__u64)(service).kind << 24 | (__u64)(service).protocol << 16 | \
   (service).port)
#define SLUICE_PREFIX6_KEY(length) ((__u64)SLUICE_TABLE_PREFIXES6 << 32 | (__u32)(length))

/* ---- (rule set, identity) -> what is allowed ---- */

struct sluice_rule {
  __u64 ruleset;
  __u64 identity; /* of an address, or of a Service's set of endpoints */
};
SLUICE_LAYOUT(struct sluice_rule, 16);

/* A sluice_ref: kind << 32 | argument. */
enum sluice_ref_kind {
  SLUICE_REF_NONE = 0,              /* nothing of its own: the side's default holds; as a default: nothing */
  SLUICE_REF_ALL = 1,               /* every protocol and port */
  SLUICE_REF_PORTS = 2,             /* argument: index into sluice_portsets */
  SLUICE_REF_PARTIAL = 3,           /* a Service of which only some endpoints are allowed */
  SLUICE_REF_SELF_ELSE_PARTIAL = 4, /* argument: endpoint index; allowed for that pod, else as PARTIAL */
  SLUICE_REF_SELF_ELSE_NONE = 5,    /* argument: endpoint index; allowed for that pod, else nothing */
  SLUICE_REF_NOTHING = 6,           /* nothing, whatever the side's default allows */
};
#define SLUICE_REF(kind, argument) ((__u64)(kind) << 32 | (__u32)(argument))
#define SLUICE_REF_KIND(ref) ((__u32)((ref) >> 32))
#define SLUICE_REF_ARGUMENT(ref) ((__u32)(ref))

struct sluice_portset {
  __u16 table[SLUICE_PORT_PROTOCOLS]; /* TCP, UDP, SCTP: index into sluice_port_tables */
  __u16 others;                       /* 1: every protocol without ports too */
};
SLUICE_LAYOUT(struct sluice_portset, 8);
struct sluice_port_table {
  __u16 page[SLUICE_PAGES_PER_TABLE]; /* by port / SLUICE_PORTS_PER_PAGE: index into sluice_port_pages */
};
SLUICE_LAYOUT(struct sluice_port_table, 128);
struct sluice_port_page {
  __u64 bits[SLUICE_PORTS_PER_PAGE / 64];
};
SLUICE_LAYOUT(struct sluice_port_page, 128);
/* Table and page 0 hold no port, table and page 1 hold every port; both are written before anything else. */
enum { SLUICE_PORTS_NONE = 0, SLUICE_PORTS_ALL = 1, SLUICE_PORTS_FIRST_FREE = 2 };

/* ---- flows ---- */

/* A flow table is an array of buckets of SLUICE_FLOW_WAYS entries. bpf/flow_table.h has its laws.
 *
 * Laws:
 *  1 A key is relative to the endpoint: both directions of a connection have the same one.
 *  2 The ports are 0 for protocols without ports.
 *  3 An ICMP echo has its identifier and who asked (enum sluice_echo) in the ports' place: a request the
 *    other way is another flow.
 *  4 An entry is 64-bit words, each read and written at once. `state` and `judged` carry a part of the key's
 *    hash (a tag): a word that another key's entry left behind is told by it.
 *  5 A flow that is allowed by a name bears the name's slot, by which it is judged again. */
enum sluice_echo { SLUICE_ECHO_NONE = 0, SLUICE_ECHO_BY_POD = 1, SLUICE_ECHO_BY_OTHER = 2 };

enum { SLUICE_FLOW_WAYS = 4, SLUICE_FLOW4_KEY_WORDS = 2, SLUICE_FLOW6_KEY_WORDS = 4 };

struct sluice_flow4 {
  __u64 judged; /* SLUICE_FLOW_JUDGED */
  /* endpoint << 32 | remote; ports << 32 | SLUICE_FLOW_LAST */
  __u64 key[SLUICE_FLOW4_KEY_WORDS];
};
SLUICE_LAYOUT(struct sluice_flow4, 24);
struct sluice_flow6 {
  __u64 judged; /* as above */
  /* remote; remote; endpoint << 32 | ports; SLUICE_FLOW_LAST */
  __u64 key[SLUICE_FLOW6_KEY_WORDS];
};
SLUICE_LAYOUT(struct sluice_flow6, 40);
/* The states stand together: most of what is asked of a bucket is answered by one cache line. */
struct sluice_flows4 {
  __u64 state[SLUICE_FLOW_WAYS]; /* SLUICE_FLOW_STATE; 0: free */
  struct sluice_flow4 way[SLUICE_FLOW_WAYS];
};
SLUICE_LAYOUT(struct sluice_flows4, 128);
struct sluice_flows6 {
  __u64 state[SLUICE_FLOW_WAYS]; /* as above */
  struct sluice_flow6 way[SLUICE_FLOW_WAYS];
};
SLUICE_LAYOUT(struct sluice_flows6, 192);

/* Which connection was judged: the key's tag, whose lowest SLUICE_NAME_BITS + 1 are 0, the name that allowed it (slot)
 * and the end that opened it (SLUICE_FLOW_BY_POD of `bits`); and in which epoch last, its low 32 bits. */
#define SLUICE_FLOW_JUDGED(tag, bits, name, epoch) \
  ((__u64)((tag) | (name) << 1 | ((bits)&SLUICE_FLOW_BY_POD)) << 32 | (__u32)(epoch))
#define SLUICE_FLOW_TAG(judged) ((__u32)((judged) >> 32) & ~(__u32)(SLUICE_NAME_MASK << 1 | 1))
#define SLUICE_FLOW_NAME(judged) ((__u32)((judged) >> 33) & SLUICE_NAME_MASK)
/* 1 where a judged and a state word are of connections that different ends opened; else 0. */
#define SLUICE_FLOW_OPENERS_DIFFER(judged, state) ((__u32)(((judged) ^ (state)) >> 32) & SLUICE_FLOW_BY_POD)

/* The low half of a key's last word: the protocol, and in the lowest 24 bits, which belong to the state and
 * not to the key, what the opener must acknowledge to earn SLUICE_FLOW_ANSWERED. */
#define SLUICE_FLOW_LAST(protocol) ((__u64)(protocol) << SLUICE_FLOW_PROOF_BITS)
#define SLUICE_FLOW_PROTOCOL(last) ((__u8)((last) >> SLUICE_FLOW_PROOF_BITS))
enum { SLUICE_FLOW_PROOF_BITS = 24 };

/* A state word, from its top: 21 bits of tag, a 1 (0 in a free entry, which is all zero), 3 bits of enum
 * sluice_timeout, 7 of enum sluice_flow_bit, 32 of `seen`: jiffies of a recent packet, exact to one second.
 * From SLUICE_FLOW_MARK_SHIFT on it never changes. */
#define SLUICE_FLOW_STATE(mark, timeout, bits, seen) \
  ((__u64)(mark) << SLUICE_FLOW_MARK_SHIFT | (__u64)(timeout) << 39 | (__u64)(bits) << 32 | (__u32)(seen))
#define SLUICE_FLOW_MARK(state) ((state) >> SLUICE_FLOW_MARK_SHIFT)
#define SLUICE_FLOW_TIMEOUT(state) ((__u32)((state) >> 39) & 7)
#define SLUICE_FLOW_BITS(state) ((__u8)((state) >> 32 & 127))
#define SLUICE_FLOW_SEEN(state) ((__u32)(state))
enum { SLUICE_FLOW_MARK_SHIFT = 42, SLUICE_FLOW_MARK_MASK = (1 << 22) - 1 };

enum sluice_flow_bit {
  SLUICE_FLOW_BY_POD = 1,     /* opened by the pod (egress); else by the other end (ingress) */
  SLUICE_FLOW_REPLIED = 2,    /* a packet against the opening direction was seen */
  SLUICE_FLOW_ANSWERED = 4,   /* both ends are proven to speak: bpf/flow_state.h */
  SLUICE_FLOW_FIN_OPENER = 8, /* TCP */
  SLUICE_FLOW_FIN_OTHER = 16,
  SLUICE_FLOW_RESET = 32,
};

/* What changes an entry's state, or whose entry it is, holds the lock of its bucket. */
#ifndef SLUICE_SPIN_LOCK /* bpf/kernel/seam.h says struct bpf_spin_lock, which the kernel knows by its name */
struct sluice_spin_lock {
  __u32 val;
};
#define SLUICE_SPIN_LOCK struct sluice_spin_lock
#endif
struct sluice_flow_lock {
  SLUICE_SPIN_LOCK lock;
  __u32 reserved[15]; /* a cache line each */
};
SLUICE_LAYOUT(struct sluice_flow_lock, 64);

enum sluice_flow_class { SLUICE_FLOWS_UNANSWERED = 0, SLUICE_FLOWS_ANSWERED = 1 };

/* Of one endpoint, by its index; of the whole node in that of SLUICE_NO_ENDPOINT, which holds none. */
struct sluice_flow_counts {
  __s64 held[2];      /* entries by enum sluice_flow_class; idle ones count until they are displaced */
  __u64 displaced[2]; /* flows that had not been idle for long enough to be forgotten, and gave way */
  __u64 refused;      /* new connections that found no place: allowed, and not remembered */
  __u64 share;        /* how many of each class it may hold where the table is short; 0: the programs' own */
  __u64 opened[2]; /* connections that were allowed, by the enum sluice_direction that they were opened in */
};
SLUICE_LAYOUT(struct sluice_flow_counts, 64);

/* What the agent has the program sluice_edit_flow do to the flow tables; behind an Ethernet header's room. */
enum sluice_flow_edit_kind {
  SLUICE_FLOW_ADD = 1,
  SLUICE_FLOW_DROP = 2,
  SLUICE_FLOW_COPY = 3, /* adds what is counted already: a flow of former tables */
};
struct sluice_flow_edit {
  __be32 remote[4]; /* as in a packet: IPv4 in the first, the rest 0 */
  __u32 endpoint;   /* sluice_endpoint.id */
  __u32 ports;      /* local, remote, as on the wire */
  __u32 epoch;      /* under which it was judged, low 32 bits; 0: to be judged at its next packet */
  __u32 seen;       /* jiffies, low 32 bits */
  __u8 family, protocol;
  __u8 bits;  /* enum sluice_flow_bit */
  __u8 kind;  /* enum sluice_flow_edit_kind */
  __u32 name; /* slot of the name that it was allowed by; 0: none */
};
SLUICE_LAYOUT(struct sluice_flow_edit, 40);

struct sluice_fragment_key {
  __u32 endpoint;
  __u32 identification; /* as on the wire; IPv4 uses the low 16 bits */
  __u8 remote[16];
  __u8 local[16];
  __u8 family, protocol, direction, reserved; /* protocol is 0 for IPv6 (RFC 8200 4.5) */
};
SLUICE_LAYOUT(struct sluice_fragment_key, 44);
struct sluice_fragment {
  __u32 seen; /* jiffies, low 32 bits */
};
SLUICE_LAYOUT(struct sluice_fragment, 4);

/* ---- recent: what a CPU found a moment ago ---- */

/* Laws:
 *  1 Each CPU has SLUICE_RECENT_VERDICTS of its own: a new connection to an address and port that were just
 *    asked for costs an array read, not several hash look-ups.
 *  2 A hash of what names the question (bpf/recent.h) says where its answer stands.
 *  3 Both families are alike: an IPv4 address is the first word, the rest is zero.
 *  4 A zeroed answer matches nothing, for epoch 0 is never in force. */

/* How a new connection was judged: by what the maps of that epoch say of pod, address and port. */
struct sluice_recent_verdict {
  __be32 remote[4];
  __u32 endpoint;
  __be16 port; /* of the end that it is opened to; 0 for protocols without ports */
  __u8 protocol, family;
  __u8 opener; /* enum sluice_direction */
  __u8 reason; /* enum sluice_reason */
  __u8 reserved[6];
  __u64 epoch;
};
SLUICE_LAYOUT(struct sluice_recent_verdict, 40);

/* ---- counters, per CPU or part ---- */

struct sluice_counter {
  __u64 packets;
  __u64 bytes; /* length of the packet with its Ethernet header */
};
SLUICE_LAYOUT(struct sluice_counter, 16);
/* Index into sluice_counters. Packets of established flows (ALLOWED_FLOW) are not counted: it would cost the
 * very path that matters; interfaces count them already. */
#define SLUICE_COUNTER(reason, direction) ((reason)*2 + (direction))

enum sluice_report_kind { SLUICE_REPORT_DENIED = 0, SLUICE_REPORT_ALLOWED = 1 };

/* Every denied packet is reported, suppressed or lost. */
struct sluice_endpoint_stats {
  __u64 denied_packets[2]; /* by direction; in audit mode what would have been */
  __u64 denied_bytes[2];
  __u64 suppressed[2]; /* not reported, by enum sluice_report_kind: over the rate, or the ring was full */
  __u64 lost;          /* denied and not reported: the ring was full */
  __u32 window;        /* jiffies at which the present second of reports began */
  __u16 in_window[2];  /* reports of it, by kind; CPUs that share a part may send a few more */
};
SLUICE_LAYOUT(struct sluice_endpoint_stats, 64);

#include "sluice/names.h"
#endif
