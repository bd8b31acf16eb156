/* What the programs report through the ring buffer. Byte order as in layout.h. Valid C11 and C++20. */
#ifndef SLUICE_EVENT_H
#define SLUICE_EVENT_H

#include "sluice/layout.h"
#include "sluice/reasons.h"

/* A packet that was denied, or in audit mode would have been; or one that opens an allowed connection, where an
 * endpoint's SLUICE_ENDPOINT_OBSERVED says so or policies in audit would deny it. Each kind has a rate of its own (SLUICE_DENIED_REPORTS, SLUICE_ALLOWED_REPORTS),
 * an endpoint's and a CPU's. How many were not sent since the event before of the same `pod`, `part` and kind is the
 * difference of their `suppressed`; where no later event says so, the statistics do. */
struct sluice_event {
  __u64 time; /* CLOCK_MONOTONIC, nanoseconds */
  __u64 pod;  /* sluice_endpoint.pod; 0: the interface belongs to no known endpoint */
  __u64 epoch;
  __u8 remote[16]; /* IPv4: first 4 bytes */
  __u8 local[16];
  __u32 length; /* bytes, with the Ethernet header */
  __u32 ifindex;
  __u32 suppressed; /* sluice_endpoint_stats.suppressed of its kind and part, low 32 bits */
  __u32 lost;       /* sluice_endpoint_stats.lost likewise */
  __be16 local_port, remote_port;
  __u8 family;    /* 4, 6, or 0 where the packet is no readable IP */
  __u8 protocol;  /* IP protocol number */
  __u8 direction; /* enum sluice_direction */
  __u8 reason;    /* enum sluice_reason */
  __u8 audit;     /* 1: it passed, because the agent only audits */
  __u8 against;   /* 1: it answers its connection, which was opened, and is judged, in the other direction */
  __u8 tcp_flags; /* 0 where the protocol has none */
  __u8 part;      /* of the endpoint's statistics */
  __u8 last;      /* 1: the last of its kind and part in this second: more may follow that nobody reports */
  __u8 reserved[3];
};
SLUICE_LAYOUT(struct sluice_event, 88);

#endif
