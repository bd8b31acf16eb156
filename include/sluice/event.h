/* What the programs report through the ring buffer. Byte order as in layout.h. Valid C11 and C++20. */
#ifndef SLUICE_EVENT_H
#define SLUICE_EVENT_H

#include "sluice/layout.h"
#include "sluice/reasons.h"

struct sluice_event {
  __u64 time; /* CLOCK_MONOTONIC, nanoseconds */
  __u64 pod;  /* sluice_endpoint.pod; 0: the interface belongs to no known endpoint */
  __u64 epoch;
  __u8 remote[16]; /* IPv4: first 4 bytes */
  __u8 local[16];
  __u32 length; /* bytes, with the Ethernet header */
  __u32 ifindex;
  __be16 local_port, remote_port;
  __u8 family;    /* 4, 6, or 0 where the packet is no readable IP */
  __u8 protocol;  /* IP protocol number */
  __u8 direction; /* enum sluice_direction */
  __u8 reason;    /* enum sluice_reason */
  __u8 audit;     /* 1: it passed, because the agent only audits */
  __u8 reserved[7];
};
SLUICE_LAYOUT(struct sluice_event, 80);

#endif
