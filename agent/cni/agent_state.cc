#include "agent/cni/agent_state.h"

#include "agent/base/cannot_run.h"
#include "agent/cni/agent_client.h"

namespace sluice::cni {

AgentState agent_state(const std::string& socket, bool begun) {
  const auto failure = base::read_cannot_run(socket);
  const auto now = std::chrono::system_clock::now();
  const bool stands = failure && now - failure->since >= kStands;
  if (begun && !stands) return {};
  const AgentReply reply = AgentClient(socket).ready(now + kAnswer);
  if (reply.answer == Answer::kYes) return {};
  if (stands) return {AgentState::Kind::kCannotRun, failure->why};
  return {AgentState::Kind::kNotReady, failure ? failure->why : reply.line};
}

}  // namespace sluice::cni
