// How a client reaches the agent's Unix socket.
//
// Laws: where nobody listens a call fails at once, or, if it waits for an agent, the next try comes within
// kRetryLongest. Where somebody does, the attempt lasts as long as the call: gRPC counts a connection only
// once the agent has spoken on it, and an agent on a slow or busy machine does so late. Any thread.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/status.h>

#include <memory>
#include <string>

namespace sluice::proto {

// Milliseconds.
inline constexpr int kRetryFirst = 100, kRetryLongest = 200;
inline constexpr int kAttemptLongest = 24 * 60 * 60 * 1000;  // more than any call's own deadline

// Connects with the first call. `largest_reply` in bytes.
inline std::shared_ptr<grpc::Channel> agent_channel(const std::string& socket, int largest_reply) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, kRetryFirst);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, kRetryLongest);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kAttemptLongest);
  arguments.SetMaxReceiveMessageSize(largest_reply);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("unix:" + socket, grpc::InsecureChannelCredentials(), arguments);
}

// Of a call that ended at its deadline: had the agent been reached, or somebody who listens in its place?
inline bool was_reached(grpc::Channel& channel) {
  const auto state = channel.GetState(false);
  return state == GRPC_CHANNEL_READY || state == GRPC_CHANNEL_CONNECTING;
}

// Did the call end because its caller stopped waiting? An agent that answers late says why in words of its own.
inline bool was_given_up(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED &&
         status.error_message() == "Deadline Exceeded";
}

}  // namespace sluice::proto
