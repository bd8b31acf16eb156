#include "agent/cni/network_call.h"

#include "agent/cni/spec.h"

namespace sluice::cni {
namespace {

Output failure(const Config& config, const Failure& failure) {
  return {1, to_json(failure, to_text(config.version)), {}};
}

}  // namespace

Output run_status(const Config& config, Deadline deadline) {
  if (config.gate == Gate::kClose) return {};
  const Told told = AgentClient(config.socket).ready(deadline);
  if (told.answer == Answer::kYes) return {};
  const std::string what = "STATUS: the network policy of a new pod cannot be put in force now";
  if (config.on_failure == OnFailure::kStrict) return failure(config, {Code::kNotAvailable, what, told.line});
  return {0, "", {what + ": " + told.line + ": pods are let go, since onFailure is permissive"}};
}

Output run_gc(const Config& config, Deadline deadline) {
  if (config.gate == Gate::kClose) return {};
  if (!config.valid)
    return failure(config,
                   {Code::kInvalidConfig,
                    "cni.dev/valid-attachments: is missing: must list what the runtime still has", ""});
  v1::KeepEndpointsRequest request;
  request.set_network(config.network);
  for (const AttachmentKey& key : *config.valid) {
    auto* valid = request.add_valid();
    valid->set_container_id(key.container_id);
    valid->set_interface_name(key.ifname);
  }
  const Told told = AgentClient(config.socket).keep(request, deadline);
  if (told.answer == Answer::kYes) return {};
  const Code code = told.answer == Answer::kUnreachable || told.answer == Answer::kNotInForce
                        ? Code::kTryAgain
                        : Code::kRefused;
  return failure(config, {code, "GC: network " + config.network + ": nothing was taken back", told.line});
}

}  // namespace sluice::cni
