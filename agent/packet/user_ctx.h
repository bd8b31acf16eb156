// One run of the packet path in user space: what struct __sk_buff is to the kernel. C11 and C++20.
#ifndef SLUICE_USER_CTX_H
#define SLUICE_USER_CTX_H

#include <linux/types.h>

#include "sluice/event.h"
#include "sluice/maps.h"

#ifdef __cplusplus
extern "C" {
#endif

struct sluice_user_ctx {
  const __u8* data; /* from the Ethernet header on */
  __u32 length;     /* bytes at data */
  __u32 ifindex;
  __u32 now;                                      /* seconds */
  bool gso;                                       /* several segments in one buffer */
  __u32 flow_buckets4, flow_buckets6, flow_share; /* as in bpf/kernel/seam.h */
  void* maps;
  void* (*lookup)(void* maps, enum sluice_map map, const void* key);
  const __u64* (*table_line)(void* maps, __u32 slot, __u32 index); /* of a policy table's array; or NULL */
  void (*insert)(void* maps, enum sluice_map map, const void* key, const void* value);
  bool (*emit)(void* maps, const struct sluice_event* event); /* is it taken? */
  __u32 mark;                                                 /* of the packet */
  bool (*emit_packet)(void* maps, const struct sluice_dns_packet* entry,
                      const __u8* frame); /* is it taken? */
};

/* The whole path of bpf/path.h: does the packet pass? */
bool sluice_user_path(struct sluice_user_ctx* ctx, enum sluice_direction direction);
/* What the program sluice_edit_flow does (bpf/edit.h). */
void sluice_user_edit_flow(struct sluice_user_ctx* ctx, const struct sluice_flow_edit* edit);
/* Looks a flow up as a packet does: `edit` names it, and gets its epoch, seen and bits. False: there is none. */
bool sluice_user_find_flow(struct sluice_user_ctx* ctx, struct sluice_flow_edit* edit);
/* What a packet of `epoch` sees of a key of a policy table, spelt as there; all ones where nothing. */
__u64 sluice_user_policy_value(struct sluice_user_ctx* ctx, enum sluice_table table, const __u64 key[3],
                               __u64 epoch);
/* What it sees of the longest prefix of an address (4 or 16 bytes) of family 4 or 6; all ones where nothing. */
__u64 sluice_user_longest_prefix(struct sluice_user_ctx* ctx, __u8 family, const __u8* address, __u64 epoch);

#ifdef __cplusplus
}
#endif

#endif
