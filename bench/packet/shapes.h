/* Shapes: which bytes of a frame tell one tuple from the next, X(name, offset, bytes). The driver writes them
 * over those of its one frame. Offsets count from the Ethernet header, of frames without IPv4 options; bytes
 * are a multiple of 4. Valid C11 and C++20. */
#ifndef SLUICE_BENCH_SHAPES_H
#define SLUICE_BENCH_SHAPES_H

#define BENCH_SHAPES(X)                                                                   \
  X(ipv4, 26, 12)          /* addresses, ports */                                         \
  X(ipv6, 22, 36)          /* addresses, ports */                                         \
  X(ipv4_fragment, 18, 16) /* identification .. addresses */                              \
  X(ipv6_fragment, 22, 40) /* addresses, fragment header */                               \
  X(ipv4_error, 26, 40)    /* addresses, ICMP, the quoted header's addresses and ports */ \
  X(ipv6_error, 22, 84)

#define BENCH_MAX_TUPLES 262144
#define BENCH_LOST 77 /* what the driver returns when its tail call or its tuple is missing */

#endif
