#include "agent/control/endpoint_service.h"

#include <boost/asio/post.hpp>

#include "agent/source/feed/call_deadline.h"

namespace sluice::control {
namespace {

grpc::Status status_of(const EndpointFault& fault) {
  switch (fault.kind) {
    case EndpointFault::Kind::kInvalid:
      return {grpc::StatusCode::INVALID_ARGUMENT, fault.what};
    case EndpointFault::Kind::kLate:
      return {grpc::StatusCode::DEADLINE_EXCEEDED, fault.what};
    case EndpointFault::Kind::kNotFound:
      return {grpc::StatusCode::NOT_FOUND, fault.what};
    case EndpointFault::Kind::kTooMany:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, fault.what};
    case EndpointFault::Kind::kStopping:
      return {grpc::StatusCode::UNAVAILABLE, fault.what};
    case EndpointFault::Kind::kFailed:
      break;
  }
  return {grpc::StatusCode::INTERNAL, fault.what};
}

template <typename Reply>
void finish(grpc::ServerUnaryReactor* reactor, Reply* reply, EndpointAnswer<Reply> answer) {
  if (const auto* fault = std::get_if<EndpointFault>(&answer)) return reactor->Finish(status_of(*fault));
  *reply = std::move(std::get<Reply>(answer));
  reactor->Finish(grpc::Status::OK);
}

// A call that is answered as soon as it is asked.
template <typename Reply, typename Ask>
grpc::ServerUnaryReactor* at_once(boost::asio::io_context& loop, grpc::CallbackServerContext& context,
                                  Reply* reply, Ask ask) {
  auto* reactor = context.DefaultReactor();
  boost::asio::post(loop, [reactor, reply, ask] { finish(reactor, reply, EndpointAnswer<Reply>(ask())); });
  return reactor;
}

}  // namespace

grpc::ServerUnaryReactor* EndpointService::AddEndpoint(grpc::CallbackServerContext* context,
                                                       const v1::AddEndpointRequest* request,
                                                       v1::AddEndpointReply* reply) {
  auto* reactor = context->DefaultReactor();
  boost::asio::post(loop_, [this, reactor, request, reply, deadline = source::feed::deadline_of(*context)] {
    handler_.add_endpoint(*request, deadline, [reactor, reply](EndpointAnswer<v1::AddEndpointReply> answer) {
      finish(reactor, reply, std::move(answer));
    });
  });
  return reactor;
}

grpc::ServerUnaryReactor* EndpointService::DelEndpoint(grpc::CallbackServerContext* context,
                                                       const v1::DelEndpointRequest* request,
                                                       v1::DelEndpointReply* reply) {
  return at_once(loop_, *context, reply, [this, request] { return handler_.del_endpoint(*request); });
}

grpc::ServerUnaryReactor* EndpointService::CheckEndpoint(grpc::CallbackServerContext* context,
                                                         const v1::CheckEndpointRequest* request,
                                                         v1::CheckEndpointReply* reply) {
  return at_once(loop_, *context, reply, [this, request] { return handler_.check_endpoint(*request); });
}

grpc::ServerUnaryReactor* EndpointService::KeepEndpoints(grpc::CallbackServerContext* context,
                                                         const v1::KeepEndpointsRequest* request,
                                                         v1::KeepEndpointsReply* reply) {
  return at_once(loop_, *context, reply, [this, request] { return handler_.keep_endpoints(*request); });
}

grpc::ServerUnaryReactor* EndpointService::Ready(grpc::CallbackServerContext* context,
                                                 const v1::ReadyRequest*, v1::ReadyReply* reply) {
  return at_once(loop_, *context, reply, [this] { return handler_.ready(); });
}

}  // namespace sluice::control
