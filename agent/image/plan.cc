#include "agent/image/plan.h"

namespace sluice::image {

using base::done;
using base::Status;

namespace {

// Steps 1-3: nothing of it is visible in the epoch in force.
Status prepare(const Plan& plan, Target& target) {
  if (auto status = target.set_prefix_flags(plan.flags_during); !status) return status;
  for (const Batch& batch : plan.prepare)
    if (auto status = target.write(batch); !status) return status;
  for (const EndpointWrite& write : plan.endpoints)
    if (auto status = target.store(write); !status) return status;
  for (const InterfaceWrite& write : plan.interfaces)
    if (auto status = target.store(write); !status) return status;
  return done();
}

}  // namespace

size_t Plan::writes() const {
  size_t entries = endpoints.size() + interfaces.size() + 1;
  for (const Batch& batch : prepare) entries += batch.count;
  return entries;
}

Status put_in_force(const Plan& plan, Target& target) {
  Status status = prepare(plan, target);
  if (status) status = target.flip(plan.epoch, plan.next_endpoint_id);
  if (status) return status;
  std::string message = status.error().message();
  for (const Batch& batch : plan.undo)
    if (auto undone = target.write(batch); !undone) message += "; undoing it: " + undone.error().message();
  // What was removed is free again before the next attempt: else each would need new room.
  if (auto waited = target.wait_grace(); !waited) message += "; " + waited.error().message();
  return status.error().reworded(message + "; the previous state stays in force");
}

Status clean_up(const Plan& plan, Target& target) {
  if (auto status = target.wait_grace(); !status) return status;
  for (const InterfaceWrite& write : plan.interfaces_after)
    if (auto status = target.store(write); !status) return status;
  // Packets of the new epoch may have come by these interfaces to what goes now, and is given to others.
  if (!plan.interfaces_after.empty())
    if (auto status = target.wait_grace(); !status) return status;
  for (const Batch& batch : plan.cleanup)
    if (auto status = target.write(batch); !status) return status;
  for (const EndpointWrite& write : plan.endpoints_after)
    if (auto status = target.store(write); !status) return status;
  return target.set_prefix_flags(plan.flags_after);
}

}  // namespace sluice::image
