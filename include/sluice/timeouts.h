/* How long a flow is remembered after its last packet, in seconds. One list gives the enum and the table that
 * is written into the programs (in jiffies) before they are loaded. The TCP figure is that of RFC 5382 REQ-5
 * rounded up to the five days the field uses; the others follow RFC 4787 REQ-5 and the kernel's conntrack
 * defaults. X(NAME, seconds, text). Valid C11 and C++20. */
#ifndef SLUICE_TIMEOUTS_H
#define SLUICE_TIMEOUTS_H

#define SLUICE_TIMEOUTS(X)                                    \
  X(TCP_UNANSWERED, 120, "TCP, no reply seen")                \
  X(TCP_ANSWERED, 432000, "TCP, both sides seen")             \
  X(TCP_CLOSING, 120, "TCP, after FIN from both or RST")      \
  X(UDP_UNANSWERED, 30, "UDP, no reply seen")                 \
  X(UDP_ANSWERED, 180, "UDP, both sides seen")                \
  X(OTHER_UNANSWERED, 30, "SCTP, ICMP and others, no reply")  \
  X(OTHER_ANSWERED, 600, "SCTP, ICMP and others, both sides") \
  X(FRAGMENT, 30, "verdict kept for later fragments")

enum sluice_timeout {
#define SLUICE_ENUM(NAME, seconds, text) SLUICE_TIMEOUT_##NAME,
  SLUICE_TIMEOUTS(SLUICE_ENUM)
#undef SLUICE_ENUM
      SLUICE_TIMEOUT_COUNT
};

/* An entry of a flow table has three bits for which of them applies. */
#ifdef __cplusplus
static_assert(SLUICE_TIMEOUT_COUNT == 8);
#else
_Static_assert(SLUICE_TIMEOUT_COUNT == 8, "sluice_timeout");
#endif

#endif
