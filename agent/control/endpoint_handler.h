// EndpointHandler: what the Endpoints service (proto/sluice/v1/endpoints.proto) asks of the
// agent. Called on the agent's thread.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "sluice/v1/endpoints.pb.h"

namespace sluice::control {

struct EndpointFault {
  enum class Kind : uint8_t {
    kInvalid,
    kLate,
    kNotFound,
    kTooMany,
    kFailed,
    kStopping
  } kind = Kind::kInvalid;
  std::string what;  // one line
};
template <typename Reply>
using EndpointAnswer = std::variant<Reply, EndpointFault>;

class EndpointHandler {
 public:
  using Added = std::function<void(EndpointAnswer<v1::AddEndpointReply> answer)>;

  virtual ~EndpointHandler() = default;
  // Calls `added` once: in force, or why not by `deadline`.
  virtual void add_endpoint(const v1::AddEndpointRequest& request,
                            std::chrono::steady_clock::time_point deadline, Added added) = 0;
  virtual EndpointAnswer<v1::DelEndpointReply> del_endpoint(const v1::DelEndpointRequest& request) = 0;
  virtual EndpointAnswer<v1::CheckEndpointReply> check_endpoint(const v1::CheckEndpointRequest& request) = 0;
  virtual EndpointAnswer<v1::KeepEndpointsReply> keep_endpoints(const v1::KeepEndpointsRequest& request) = 0;
  virtual v1::ReadyReply ready() = 0;
};

}  // namespace sluice::control
