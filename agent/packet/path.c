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
  return true;
}
