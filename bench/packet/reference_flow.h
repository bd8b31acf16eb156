/* What the references keep of a flow in the kernel's own tables: as many bytes and entries as Sluice's flow
 * table had while it was an LRU hash, so that results of then compare; more entries where a group has more than half
 * as many tuples. Valid C11 and C++20. */
#ifndef SLUICE_BENCH_REFERENCE_FLOW_H
#define SLUICE_BENCH_REFERENCE_FLOW_H

#include <linux/types.h>

#define REFERENCE_FLOWS_MAX 262144

struct reference_flow {
  __u64 epoch;
  __u32 seen;
  __u8 opener, state, reserved[2];
};

#endif
