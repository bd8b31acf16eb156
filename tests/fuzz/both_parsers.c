#include "tests/fuzz/both_parsers.h"

#include "plain.h"

int sluice_parsers_agree(const __u8* frame, __u32 length, enum sluice_direction direction) {
  struct sluice_user_ctx ctx = {.data = frame, .length = length};
  struct sluice_packet plain = {.direction = (__u8)direction}, whole = plain;
  const int leaves = direction == SLUICE_EGRESS;
  if (!sluice_parse_plain(&ctx, &plain, leaves)) return 1;
  if (sluice_parse(&ctx, &whole, leaves) != SLUICE_PARSED) return 0;
  return plain.family == whole.family && plain.protocol == whole.protocol && plain.ports == whole.ports &&
         plain.tcp_flags == whole.tcp_flags && plain.kind == whole.kind &&
         memcmp(&plain.local, &whole.local, sizeof(plain.local)) == 0 &&
         memcmp(&plain.remote, &whole.remote, sizeof(plain.remote)) == 0;
}
