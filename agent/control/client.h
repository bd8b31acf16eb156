// Client: the control API from the caller's side, blocking. Every call ends by its deadline. One
// thread.
#pragma once

#include <grpcpp/channel.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "agent/base/result.h"
#include "agent/model/cluster.h"
#include "sluice/v1/control.grpc.pb.h"

namespace sluice::control {

inline constexpr std::chrono::seconds kClientDeadline{10};

enum class CallFailure {
  kNone,
  kUnreachable,  // no agent at the socket
  kRefused,      // the request is wrong
  kLate,         // the deadline passed
  kOther,
};

class Client {
 public:
  // Connects with the first call. `timeout`: of every call that is given none of its own.
  explicit Client(const std::string& socket, std::chrono::milliseconds timeout = kClientDeadline);

  // Errors name the socket where no agent answers, which is known at once where nobody listens. sync() waits
  // for one, an agent that starts or is replaced, as long as there is time.
  base::Result<v1::SyncReply> sync(std::chrono::milliseconds timeout);
  base::Result<v1::StatusReply> status();
  base::Result<v1::EndpointsReply> endpoints();
  base::Result<v1::PoliciesReply> policies();
  base::Result<v1::IdentitiesReply> identities();
  base::Result<v1::NamesReply> names();
  base::Result<v1::MapsReply> maps();
  base::Result<v1::MetricsReply> metrics();
  base::Result<v1::CheckReply> check(const v1::CheckRequest& request);
  // Hands each object to `take`, by kind and name. An error: the stream broke off, or what it brings is no object.
  base::Status snapshot(const std::function<void(const model::Object&)>& take);
  // Hands each record to `take` as it comes, until that gives false, the agent ends the stream, or `time`, where it
  // is given, is over. An error: the request is wrong, or the stream broke off.
  base::Status observe(const v1::ObserveRequest& request, const std::function<bool(const v1::Flow&)>& take,
                       std::optional<std::chrono::milliseconds> time = std::nullopt);
  // The record of that id.
  base::Result<v1::Flow> event(const std::string& id);
  // How the last call ended.
  CallFailure failure() const { return failure_; }

 private:
  template <typename Reply, typename Request>
  base::Result<Reply> call(grpc::Status (v1::Control::Stub::*method)(grpc::ClientContext*, const Request&,
                                                                     Reply*),
                           const Request& request, std::chrono::milliseconds timeout,
                           bool wait_for_agent = false);
  base::Error error_of(const grpc::Status& status);

  std::string socket_;
  base::Status room_;  // for gRPC's threads; without it nothing below is made
  std::chrono::milliseconds timeout_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::Control::Stub> stub_;
  CallFailure failure_ = CallFailure::kNone;
};

}  // namespace sluice::control
