#include "agent/control/server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <future>
#include <mutex>

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
constexpr size_t kSnapshots = 2;                       // read at a time
constexpr size_t kMemory = 512UL * 1024 * 1024;        // of the owner's calls
constexpr size_t kFeederMemory = 128UL * 1024 * 1024;  // of another user's

// A call of Control.Snapshot: made whole on the agent's thread, written piece by piece as the caller takes them, and
// given up at its deadline. It holds itself until gRPC is done with it.
class SnapshotCall final : public grpc::ServerWriteReactor<v1::SnapshotPiece> {
 public:
  static std::shared_ptr<SnapshotCall> open(boost::asio::io_context& loop,
                                            grpc::CallbackServerContext& context) {
    std::shared_ptr<SnapshotCall> call(new SnapshotCall(loop, context));
    call->self_ = call;
    return call;
  }

  // On the agent's thread; `at_end` is called there too.
  void begin(std::vector<v1::SnapshotPiece> pieces, std::function<void()> at_end) {
    pieces_ = std::move(pieces);
    at_end_ = std::move(at_end);
    due_.expires_at(deadline_);
    due_.async_wait([self = self_](const boost::system::error_code& stopped) {
      const std::lock_guard lock(self->mutex_);
      if (!stopped && self->context_ != nullptr) self->context_->TryCancel();
    });
    next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(grpc::Status::CANCELLED);
    pieces_[written_++] = v1::SnapshotPiece();
    next();
  }
  void OnDone() override {
    {
      const std::lock_guard lock(mutex_);
      context_ = nullptr;
    }
    boost::asio::post(loop_, [self = std::move(self_)] {
      self->due_.cancel();
      if (self->at_end_) self->at_end_();
    });
  }

 private:
  SnapshotCall(boost::asio::io_context& loop, grpc::CallbackServerContext& context)
      : loop_(loop), deadline_(source::feed::deadline_of(context)), due_(loop), context_(&context) {}
  void next() {
    if (written_ < pieces_.size())
      StartWrite(&pieces_[written_]);
    else
      Finish(grpc::Status::OK);
  }

  boost::asio::io_context& loop_;
  const std::chrono::steady_clock::time_point deadline_;
  boost::asio::steady_timer due_;       // the agent's thread alone
  std::function<void()> at_end_;        // likewise
  std::shared_ptr<SnapshotCall> self_;  // until OnDone()
  std::vector<v1::SnapshotPiece> pieces_;
  size_t written_ = 0;
  std::mutex mutex_;
  grpc::CallbackServerContext* context_;  // under the mutex; null once gRPC is done with it
};

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
  grpc::ServerUnaryReactor* Names(grpc::CallbackServerContext* context, const v1::NamesRequest*,
                                  v1::NamesReply* reply) override {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [this, reactor, reply] {
      handler_.names([reactor, reply](v1::NamesReply names) {
        *reply = std::move(names);
        reactor->Finish(grpc::Status::OK);
      });
    });
    return reactor;
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
  grpc::ServerWriteReactor<v1::SnapshotPiece>* Snapshot(grpc::CallbackServerContext* context,
                                                        const v1::SnapshotRequest*) override {
    auto call = SnapshotCall::open(loop_, *context);
    boost::asio::post(loop_, [this, call] {
      if (snapshots_ == kSnapshots)
        return call->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED,
                             std::to_string(kSnapshots) + " snapshots are being read: try again"});
      ++snapshots_;
      call->begin(handler_.snapshot(), [this] { --snapshots_; });
    });
    return call.get();
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
  size_t snapshots_ = 0;  // under way; the agent's thread alone
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
