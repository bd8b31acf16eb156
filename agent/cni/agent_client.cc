#include "agent/cni/agent_client.h"

#include <grpcpp/client_context.h>

#include <thread>

#include "agent/base/threads.h"
#include "proto/agent_channel.h"
#include "proto/rpc_threads.h"

namespace sluice::cni {
namespace {

constexpr std::chrono::milliseconds kPause{20};  // before a call is made again
constexpr int kLargestReply = 64 * 1024;         // bytes

// Nobody listens at the socket, or the agent is ending: the plugin itself cancels no call.
bool is_away(grpc::StatusCode code) {
  return code == grpc::StatusCode::UNAVAILABLE || code == grpc::StatusCode::CANCELLED;
}

}  // namespace

AgentClient::AgentClient(std::string socket)
    : socket_(std::move(socket)), room_(base::check_thread_room(proto::client_threads())) {
  if (!room_) return;
  channel_ = proto::agent_channel(socket_, kLargestReply);
  stub_ = v1::Endpoints::NewStub(channel_);
}

AgentReply AgentClient::reply_of(const grpc::Status& status) {
  const std::string at = "agent at " + socket_ + ": ";
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return {};
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      if (!proto::was_given_up(status)) return {Answer::kNotInForce, status.error_message()};
      if (proto::was_reached(*channel_)) return {Answer::kNotInForce, at + "no answer in time"};
      [[fallthrough]];
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::CANCELLED:
      return {Answer::kUnreachable, "no agent answers at " + socket_ + ": is sluiced running on this node?"};
    case grpc::StatusCode::ABORTED:  // ours: no call was made
      return {Answer::kUnreachable, status.error_message()};
    case grpc::StatusCode::NOT_FOUND:
      return {Answer::kUnknown, status.error_message()};
    default:
      return {Answer::kRefused, at + status.error_message()};
  }
}

// Makes the call again as long as no agent is there: one that is being replaced ends the calls under way.
template <typename Call>
grpc::Status AgentClient::waiting(Call call, Deadline deadline) {
  if (!room_) return {grpc::StatusCode::ABORTED, room_.error().message()};
  for (;;) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    context.set_wait_for_ready(true);
    grpc::Status status = call(&context);
    if (!is_away(status.error_code()) || std::chrono::system_clock::now() + kPause >= deadline) return status;
    std::this_thread::sleep_for(kPause);
  }
}

AgentReply AgentClient::add(const v1::AddEndpointRequest& request, Deadline deadline) {
  v1::AddEndpointReply reply;
  return reply_of(waiting(
      [&](grpc::ClientContext* context) { return stub_->AddEndpoint(context, request, &reply); }, deadline));
}

AgentReply AgentClient::del(const v1::DelEndpointRequest& request, Deadline deadline) {
  v1::DelEndpointReply reply;
  return reply_of(waiting(
      [&](grpc::ClientContext* context) { return stub_->DelEndpoint(context, request, &reply); }, deadline));
}

AgentReply AgentClient::check(const v1::CheckEndpointRequest& request, Deadline deadline) {
  v1::CheckEndpointReply reply;
  AgentReply answer = reply_of(
      waiting([&](grpc::ClientContext* context) { return stub_->CheckEndpoint(context, request, &reply); },
              deadline));
  if (answer.answer == Answer::kYes && !reply.in_force()) return {Answer::kNotInForce, reply.missing()};
  return answer;
}

AgentReply AgentClient::keep(const v1::KeepEndpointsRequest& request, Deadline deadline) {
  v1::KeepEndpointsReply reply;
  return reply_of(
      waiting([&](grpc::ClientContext* context) { return stub_->KeepEndpoints(context, request, &reply); },
              deadline));
}

AgentReply AgentClient::ready(Deadline deadline) {
  v1::ReadyReply reply;
  const auto status =
      waiting([&](grpc::ClientContext* context) { return stub_->Ready(context, v1::ReadyRequest(), &reply); },
              deadline);
  if (status.error_code() == grpc::StatusCode::UNIMPLEMENTED) return {};
  AgentReply answer = reply_of(status);
  if (answer.answer == Answer::kYes && !reply.ready()) return {Answer::kNotInForce, reply.missing()};
  return answer;
}

}  // namespace sluice::cni
