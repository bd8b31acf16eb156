#include "agent/cni/network_call.h"

#include <sys/stat.h>

#include <filesystem>

#include "agent/cni/spec.h"

namespace sluice::cni {
namespace {

Output refused(const Config& config, const Failure& wrong) {
  return {1, to_json(wrong, to_text(config.version)), {}};
}

bool is_being_replaced(const std::string& socket) {
  struct stat info {};
  if (::stat(std::filesystem::path(socket).parent_path().c_str(), &info) != 0) return false;
  const auto changed = std::chrono::system_clock::from_time_t(info.st_mtim.tv_sec);
  return std::chrono::system_clock::now() - changed < kReplaced;
}

}  // namespace

Output run_status(const Config& config, Deadline deadline) {
  if (config.gate == Gate::kClose) return {};
  const AgentReply reply = AgentClient(config.socket).ready(deadline);
  if (reply.answer == Answer::kYes) return {};
  const std::string what = "STATUS: the network policy of a new pod cannot be put in force now";
  const bool passes = is_being_replaced(config.socket);
  if (config.on_failure == OnFailure::kStrict && !passes)
    return refused(config, {Code::kNotAvailable, what, reply.line});
  const char* why =
      passes ? "an agent was there moments ago" : "pods are let go, since onFailure is permissive";
  return {0, "", {what + ": " + reply.line + ": " + why}};
}

Output run_gc(const Config& config, Deadline deadline) {
  if (config.gate == Gate::kClose) return {};
  if (!config.valid)
    return refused(config,
                   {Code::kInvalidConfig,
                    "cni.dev/valid-attachments: is missing: must list what the runtime still has", ""});
  v1::KeepEndpointsRequest request;
  request.set_network(config.network);
  for (const AttachmentKey& key : *config.valid) {
    auto* valid = request.add_valid();
    valid->set_container_id(key.container_id);
    valid->set_interface_name(key.ifname);
  }
  const AgentReply reply = AgentClient(config.socket).keep(request, deadline);
  if (reply.answer == Answer::kYes) return {};
  const Code code = reply.answer == Answer::kUnreachable || reply.answer == Answer::kNotInForce
                        ? Code::kTryAgain
                        : Code::kRefused;
  return refused(config, {code, "GC: network " + config.network + ": nothing was taken back", reply.line});
}

}  // namespace sluice::cni
