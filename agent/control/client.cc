#include "agent/control/client.h"

#include <filesystem>
#include <thread>

#include "agent/base/threads.h"
#include "agent/control/message_limits.h"
#include "agent/source/feed/decode.h"
#include "proto/agent_channel.h"
#include "proto/rpc_threads.h"

namespace sluice::control {
namespace {

constexpr std::chrono::milliseconds kPause{20};  // before a call is made again

}  // namespace

Client::Client(const std::string& socket, std::chrono::milliseconds timeout)
    : socket_(std::filesystem::absolute(socket).string()),
      room_(base::check_thread_room(proto::client_threads())),
      timeout_(timeout) {
  if (!room_) return;
  channel_ = proto::agent_channel(socket_, kLargestReply);
  stub_ = v1::Control::NewStub(channel_);
}

base::Error Client::error_of(const grpc::Status& status) {
  switch (status.error_code()) {
    case grpc::StatusCode::UNAVAILABLE:
      failure_ = CallFailure::kUnreachable;
      return base::Error("no agent answers at " + socket_ +
                         ": start sluiced, or give its socket with --socket");
    case grpc::StatusCode::INVALID_ARGUMENT:
    case grpc::StatusCode::NOT_FOUND:
      failure_ = CallFailure::kRefused;
      return base::Error(status.error_message());
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      failure_ = CallFailure::kLate;
      if (proto::was_given_up(status) && !proto::was_reached(*channel_))
        return error_of({grpc::StatusCode::UNAVAILABLE, ""});
      if (proto::was_given_up(status)) return base::Error("agent at " + socket_ + ": no answer in time");
      return base::Error(status.error_message());
    default:
      failure_ = CallFailure::kOther;
      return base::Error("agent at " + socket_ + ": " + status.error_message());
  }
}

template <typename Reply, typename Request>
base::Result<Reply> Client::call(grpc::Status (v1::Control::Stub::*method)(grpc::ClientContext*,
                                                                           const Request&, Reply*),
                                 const Request& request, std::chrono::milliseconds timeout,
                                 bool wait_for_agent) {
  failure_ = CallFailure::kOther;
  if (!room_) return room_.error();
  const auto deadline = std::chrono::system_clock::now() + timeout;
  Reply reply;
  grpc::Status status;
  for (;;) {
    grpc::ClientContext context;
    context.set_deadline(deadline);
    context.set_wait_for_ready(wait_for_agent);
    status = ((*stub_).*method)(&context, request, &reply);
    if (!wait_for_agent || status.error_code() != grpc::StatusCode::UNAVAILABLE) break;
    if (std::chrono::system_clock::now() + kPause >= deadline) break;
    std::this_thread::sleep_for(kPause);
  }
  failure_ = CallFailure::kNone;
  if (!status.ok()) return error_of(status);
  return reply;
}

base::Result<v1::SyncReply> Client::sync(std::chrono::milliseconds timeout) {
  return call(&v1::Control::Stub::Sync, v1::SyncRequest(), timeout, true);
}
base::Result<v1::StatusReply> Client::status() {
  return call(&v1::Control::Stub::Status, v1::StatusRequest(), timeout_);
}
base::Result<v1::EndpointsReply> Client::endpoints() {
  return call(&v1::Control::Stub::Endpoints, v1::EndpointsRequest(), timeout_);
}
base::Result<v1::PoliciesReply> Client::policies() {
  return call(&v1::Control::Stub::Policies, v1::PoliciesRequest(), timeout_);
}
base::Result<v1::IdentitiesReply> Client::identities() {
  return call(&v1::Control::Stub::Identities, v1::IdentitiesRequest(), timeout_);
}
base::Result<v1::NamesReply> Client::names() {
  return call(&v1::Control::Stub::Names, v1::NamesRequest(), timeout_);
}
base::Result<v1::MapsReply> Client::maps() {
  return call(&v1::Control::Stub::Maps, v1::MapsRequest(), timeout_);
}
base::Result<v1::MetricsReply> Client::metrics() {
  return call(&v1::Control::Stub::Metrics, v1::MetricsRequest(), timeout_);
}
base::Result<v1::CheckReply> Client::check(const v1::CheckRequest& request) {
  return call(&v1::Control::Stub::Check, request, timeout_);
}

base::Status Client::snapshot(const std::function<void(const model::Object&)>& take) {
  failure_ = CallFailure::kOther;
  if (!room_) return room_.error();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout_);
  const auto reader = stub_->Snapshot(&context, v1::SnapshotRequest());
  base::Status read = base::done();
  for (v1::SnapshotPiece piece; read && reader->Read(&piece);)
    for (const v1::Object& object : piece.objects()) {
      const auto decoded = source::feed::decode(object);
      if (decoded)
        take(*decoded);
      else if (read)
        read = decoded.error().within("agent at " + socket_);
    }
  if (!read) context.TryCancel();
  const grpc::Status status = reader->Finish();
  if (!read) return read;
  failure_ = CallFailure::kNone;
  return status.ok() ? base::done() : base::Status(error_of(status));
}

base::Status Client::observe(const v1::ObserveRequest& request,
                             const std::function<bool(const v1::Flow&)>& take,
                             std::optional<std::chrono::milliseconds> time) {
  failure_ = CallFailure::kOther;
  if (!room_) return room_.error();
  grpc::ClientContext context;
  if (time) context.set_deadline(std::chrono::system_clock::now() + *time);
  const auto reader = stub_->Observe(&context, request);
  bool wanted = true;
  for (v1::Flow flow; wanted && reader->Read(&flow);) wanted = take(flow);
  if (!wanted) context.TryCancel();
  const grpc::Status status = reader->Finish();
  failure_ = CallFailure::kNone;
  const bool is_over =
      time && status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED && proto::was_reached(*channel_);
  return !wanted || is_over || status.ok() ? base::done() : base::Status(error_of(status));
}

base::Result<v1::Flow> Client::event(const std::string& id) {
  v1::EventRequest request;
  request.set_id(id);
  return call(&v1::Control::Stub::Event, request, timeout_);
}

}  // namespace sluice::control
