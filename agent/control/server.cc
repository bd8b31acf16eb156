#include "agent/control/server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <boost/asio/post.hpp>
#include <future>

#include "agent/control/endpoint_service.h"
#include "agent/control/message_limits.h"
#include "agent/source/feed/call_deadline.h"
#include "agent/source/feed/service.h"
#include "agent/stream/reader.h"
#include "sluice/v1/control.grpc.pb.h"

namespace sluice::control {
namespace {

constexpr int kConcurrentCalls = 32;
constexpr int kThreads = 4;
constexpr size_t kMemory = 512UL * 1024 * 1024;        // of the owner's calls
constexpr size_t kFeederMemory = 128UL * 1024 * 1024;  // of another user's

class ControlService final : public v1::Control::CallbackService {
 public:
  ControlService(boost::asio::io_context& loop, ControlHandler& handler) : loop_(loop), handler_(handler) {}

  grpc::ServerUnaryReactor* Sync(grpc::CallbackServerContext* context, const v1::SyncRequest*,
                                 v1::SyncReply* reply) override {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [this, reactor, reply, deadline = source::feed::deadline_of(*context)] {
      handler_.sync(deadline, [reactor, reply](const base::Result<v1::SyncReply>& done) {
        if (!done) return reactor->Finish({grpc::StatusCode::DEADLINE_EXCEEDED, done.error().message()});
        *reply = *done;
        reactor->Finish(grpc::Status::OK);
      });
    });
    return reactor;
  }
  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* context, const v1::StatusRequest*,
                                   v1::StatusReply* reply) override {
    return answer(context, [this, reply] { *reply = handler_.status(); });
  }
  grpc::ServerUnaryReactor* Endpoints(grpc::CallbackServerContext* context, const v1::EndpointsRequest*,
                                      v1::EndpointsReply* reply) override {
    return answer(context, [this, reply] { *reply = handler_.endpoints(); });
  }
  grpc::ServerUnaryReactor* Policies(grpc::CallbackServerContext* context, const v1::PoliciesRequest*,
                                     v1::PoliciesReply* reply) override {
    return answer(context, [this, reply] { *reply = handler_.policies(); });
  }
  grpc::ServerUnaryReactor* Identities(grpc::CallbackServerContext* context, const v1::IdentitiesRequest*,
                                       v1::IdentitiesReply* reply) override {
    return answer(context, [this, reply] { *reply = handler_.identities(); });
  }
  grpc::ServerUnaryReactor* Maps(grpc::CallbackServerContext* context, const v1::MapsRequest*,
                                 v1::MapsReply* reply) override {
    return answer(context, [this, reply] { *reply = handler_.maps(); });
  }
  grpc::ServerUnaryReactor* Metrics(grpc::CallbackServerContext* context, const v1::MetricsRequest*,
                                    v1::MetricsReply* reply) override {
    return answer(context, [this, reply] { *reply = handler_.metrics(); });
  }
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const v1::CheckRequest* request,
                                  v1::CheckReply* reply) override {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [this, reactor, reply, request = *request] {
      auto checked = handler_.check(request);
      if (!checked) return reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, checked.error().message()});
      *reply = std::move(*checked);
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }
  grpc::ServerWriteReactor<v1::Flow>* Observe(grpc::CallbackServerContext*,
                                              const v1::ObserveRequest* request) override {
    auto reader = stream::Reader::open([this](std::function<void()> act) { boost::asio::post(loop_, act); });
    boost::asio::post(loop_, [this, reader, request = *request] { handler_.observe(request, reader); });
    return reader.get();
  }
  grpc::ServerUnaryReactor* Event(grpc::CallbackServerContext* context, const v1::EventRequest* request,
                                  v1::Flow* reply) override {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [this, reactor, reply, request = *request] {
      auto found = handler_.event(request);
      if (!found) return reactor->Finish({grpc::StatusCode::NOT_FOUND, found.error().message()});
      *reply = std::move(*found);
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

 private:
  template <typename Fill>
  grpc::ServerUnaryReactor* answer(grpc::CallbackServerContext* context, Fill fill) {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [reactor, fill] {
      fill();
      reactor->Finish(grpc::Status::OK);
    });
    return reactor;
  }

  boost::asio::io_context& loop_;
  ControlHandler& handler_;
};

std::unique_ptr<grpc::Server> serve(const std::vector<grpc::Service*>& services, size_t memory) {
  grpc::ServerBuilder builder;
  for (grpc::Service* service : services) builder.RegisterService(service);
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.SetMaxSendMessageSize(kLargestReply);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentCalls);
  builder.SetResourceQuota(grpc::ResourceQuota("control").SetMaxThreads(kThreads).Resize(memory));
  return builder.BuildAndStart();
}

}  // namespace

struct Server::State {
  State(boost::asio::io_context& on, const Handlers& handlers)
      : loop(on),
        control(on, *handlers.control),
        endpoints(on, *handlers.endpoints),
        feed(on, handlers.feeder) {}

  boost::asio::io_context& loop;
  ControlService control;
  EndpointService endpoints;
  source::feed::FeedService feed;
  std::unique_ptr<grpc::Server> owners, feeders;
  std::optional<SocketListener> listener;
};

Server::Server(std::unique_ptr<State> state) : state_(std::move(state)) {}
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

base::Result<Server> Server::start(boost::asio::io_context& loop, const SocketAccess& access,
                                   const Handlers& handlers,
                                   std::function<void(uid_t uid, pid_t pid)> turned_away) {
  auto state = std::make_unique<State>(loop, handlers);
  state->owners = serve({&state->control, &state->endpoints, &state->feed}, kMemory);
  if (access.feeder_uid) state->feeders = serve({&state->feed}, kFeederMemory);
  if (!state->owners || (access.feeder_uid && !state->feeders))
    return base::Error("socket " + access.path + ": gRPC does not start");
  const auto accepted = [state = state.get()](Peer peer, base::Fd connection) {
    auto& server = peer == Peer::kOwner ? state->owners : state->feeders;
    grpc::AddInsecureChannelFromFd(server.get(), connection.release());
  };
  auto listener = SocketListener::listen(loop, access, {accepted, std::move(turned_away)});
  if (!listener) return listener.error();
  state->listener.emplace(std::move(*listener));
  return Server(std::move(state));
}

void Server::stop(std::chrono::milliseconds grace) {
  if (!state_ || !state_->listener) return;
  std::promise<void> closed;
  boost::asio::post(state_->loop, [&] {
    state_->listener.reset();
    closed.set_value();
  });
  closed.get_future().wait();
  const auto deadline = std::chrono::system_clock::now() + grace;
  for (auto* server : {&state_->owners, &state_->feeders}) {
    if (!*server) continue;
    (*server)->Shutdown(deadline);
    (*server)->Wait();
  }
}

}  // namespace sluice::control
