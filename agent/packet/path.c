#include "path.h"

#include "edit.h"

bool sluice_user_path(struct sluice_user_ctx* ctx, enum sluice_direction direction) {
  return sluice_path(ctx, direction) == SLUICE_PASS;
}

void sluice_user_edit_flow(struct sluice_user_ctx* ctx, const struct sluice_flow_edit* edit) {
  sluice_edit(ctx, edit);
}

bool sluice_user_find_flow(struct sluice_user_ctx* ctx, struct sluice_flow_edit* edit) {
  struct sluice_flow_edit neither = *edit;
  const __u32 scratch = SLUICE_SCRATCH_EDIT;
  neither.kind = 0;
  sluice_edit(ctx, &neither); /* makes the key, and nothing else */
  struct sluice_flow flow = sluice_find_flow(ctx, sluice_scratch(ctx, packets, &scratch));
  if (!flow.bucket) return false;
  edit->epoch = sluice_flow_epoch(&flow);
  edit->seen = SLUICE_FLOW_SEEN(flow.state);
  edit->bits = SLUICE_FLOW_BITS(flow.state);
  edit->name = SLUICE_FLOW_NAME(flow.judged);
  return true;
}

__u64 sluice_user_policy_value(struct sluice_user_ctx* ctx, enum sluice_table table, const __u64 key[3],
                               __u64 epoch) {
  static const __u8 key_words[SLUICE_TABLE_COUNT] = {
#define SLUICE_KEY_WORDS(NAME, name, key, words, entries) words,
      SLUICE_TABLES(SLUICE_KEY_WORDS)
#undef SLUICE_KEY_WORDS
  };
  switch (key_words[table]) {
    case 1:
      return sluice_table_value1(ctx, table, key[0], epoch);
    case 2:
      return sluice_table_value2(ctx, table, key[0], key[1], epoch);
    default:
      return sluice_table_value3(ctx, key[0], key[1], key[2], epoch);
  }
}

__u64 sluice_user_longest_prefix(struct sluice_user_ctx* ctx, __u8 family, const __u8* address, __u64 epoch) {
  union sluice_ip ip = {{0, 0, 0, 0}};
  memcpy(ip.byte, address, family == SLUICE_IPV4 ? 4 : 16);
  if (family == SLUICE_IPV4) return sluice_longest_prefix4(ctx, ip.word[0], epoch);
  return sluice_longest_prefix6(ctx, sluice_pair(ip.word[1], ip.word[0]), sluice_pair(ip.word[3], ip.word[2]),
                                epoch);
}
