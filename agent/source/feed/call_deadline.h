// By when a call must be answered, on the agent's clock.
#pragma once

#include <grpcpp/server_context.h>

#include <chrono>

namespace sluice::source::feed {

inline constexpr std::chrono::seconds kDefaultCallDeadline{30};

// A little before the caller gives up, so that an answer that says why still reaches it.
std::chrono::steady_clock::time_point deadline_of(const grpc::CallbackServerContext& context);

}  // namespace sluice::source::feed
