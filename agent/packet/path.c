#include "path.h"

bool sluice_user_path(struct sluice_user_ctx* ctx, enum sluice_direction direction) {
  return sluice_path(ctx, direction) == SLUICE_PASS;
}
