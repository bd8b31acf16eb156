// AgentClient: the agent's calls for pods (proto/sluice/v1/endpoints.proto), from the plugin's
// side, blocking.
//
// Law: every call ends by its deadline, and until then waits for an agent that is not there yet,
// or is being replaced.
//
// One thread.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "sluice/v1/endpoints.grpc.pb.h"

namespace sluice::cni {

using Deadline = std::chrono::system_clock::time_point;  // gRPC counts on the wall clock

enum class Answer {
  kYes,          // done; in force
  kNotInForce,   // the agent is there, and not ready, or not with this pod, in time
  kUnreachable,  // nobody answers at the socket
  kUnknown,      // nobody announced the pod to the agent
  kRefused,      // the agent says that the request is wrong
};

struct AgentReply {
  Answer answer = Answer::kYes;
  std::string line;  // what is wrong, in the agent's own words where it said any; empty on kYes
};

class AgentClient {
 public:
  // `socket` is absolute. Connects with the first call.
  explicit AgentClient(std::string socket);

  AgentReply add(const v1::AddEndpointRequest& request, Deadline deadline);
  AgentReply del(const v1::DelEndpointRequest& request, Deadline deadline);
  AgentReply check(const v1::CheckEndpointRequest& request, Deadline deadline);
  AgentReply keep(const v1::KeepEndpointsRequest& request, Deadline deadline);
  // Can a pod be added now? An agent that is too old to say counts as ready, since it is there.
  AgentReply ready(Deadline deadline);

 private:
  template <typename Call>
  grpc::Status waiting(Call call, Deadline deadline);
  AgentReply reply_of(const grpc::Status& status);

  std::string socket_;
  base::Status room_;  // for gRPC's threads; without it nothing below is made
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Endpoints::Stub> stub_;
};

}  // namespace sluice::cni
