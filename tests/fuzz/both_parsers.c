#include "tests/fuzz/both_parsers.h"

#include "parse.h"
#include "plain.h"

bool sluice_parsers_agree(const __u8* frame, __u32 length, enum sluice_direction direction) {
  struct sluice_user_ctx ctx = {.data = frame, .length = length};
  struct sluice_packet plain = {.direction = (__u8)direction}, whole = plain;
  if (!sluice_parse_plain(&ctx, &plain)) return true;
  if (sluice_parse(&ctx, &whole) != SLUICE_PARSED) return false;
  return plain.family == whole.family && plain.protocol == whole.protocol && plain.ports == whole.ports &&
         plain.tcp_flags == whole.tcp_flags && plain.kind == whole.kind &&
         memcmp(&plain.local, &whole.local, sizeof(plain.local)) == 0 &&
         memcmp(&plain.remote, &whole.remote, sizeof(plain.remote)) == 0;
}
