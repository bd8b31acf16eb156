// EndpointService: the gRPC side of the Endpoints service. It posts each call to the thread that
// runs `loop`, where EndpointHandler answers it.
#pragma once

#include <boost/asio/io_context.hpp>

#include "agent/control/endpoint_handler.h"
#include "sluice/v1/endpoints.grpc.pb.h"

namespace sluice::control {

class EndpointService final : public v1::Endpoints::CallbackService {
 public:
  // Both must outlive it.
  EndpointService(boost::asio::io_context& loop, EndpointHandler& handler) : loop_(loop), handler_(handler) {}

  grpc::ServerUnaryReactor* AddEndpoint(grpc::CallbackServerContext* context,
                                        const v1::AddEndpointRequest* request,
                                        v1::AddEndpointReply* reply) override;
  grpc::ServerUnaryReactor* DelEndpoint(grpc::CallbackServerContext* context,
                                        const v1::DelEndpointRequest* request,
                                        v1::DelEndpointReply* reply) override;
  grpc::ServerUnaryReactor* CheckEndpoint(grpc::CallbackServerContext* context,
                                          const v1::CheckEndpointRequest* request,
                                          v1::CheckEndpointReply* reply) override;
  grpc::ServerUnaryReactor* KeepEndpoints(grpc::CallbackServerContext* context,
                                          const v1::KeepEndpointsRequest* request,
                                          v1::KeepEndpointsReply* reply) override;
  grpc::ServerUnaryReactor* Ready(grpc::CallbackServerContext* context, const v1::ReadyRequest* request,
                                  v1::ReadyReply* reply) override;

 private:
  boost::asio::io_context& loop_;
  EndpointHandler& handler_;
};

}  // namespace sluice::control
