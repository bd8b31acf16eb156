#include "agent/relay/server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <map>
#include <mutex>
#include <vector>

#include "sluice/v1/relay.grpc.pb.h"

namespace sluice::relay {
namespace {

constexpr size_t kMostMemory = 512 << 20;  // of gRPC's buffers, in all
constexpr int kLargestRequest = 4096;      // bytes

grpc::Status status_of(const Refusal& refusal) {
  switch (refusal.kind) {
    case Refusal::Kind::kNotReady:
      return {grpc::StatusCode::UNAVAILABLE, refusal.why};
    case Refusal::Kind::kTooMany:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, refusal.why};
    case Refusal::Kind::kInvalid:
      return {grpc::StatusCode::INVALID_ARGUMENT, refusal.why};
    case Refusal::Kind::kTooSlow:
      break;
  }
  return {grpc::StatusCode::ABORTED, refusal.why};
}

class Stream;

// The loop and the Relay as gRPC's threads may still reach them; nothing once closed. And the streams that gRPC has not let
// go of.
struct Door {
  std::mutex mutex;
  std::map<const Stream*, std::weak_ptr<Stream>> streams;
  boost::asio::io_context* loop = nullptr;
  Relay* relay = nullptr;  // used on the loop's thread

  // False: it is closed.
  template <typename Act>
  bool post(Act act) {
    const std::lock_guard lock(mutex);
    if (loop != nullptr) boost::asio::post(*loop, std::move(act));
    return loop != nullptr;
  }
  bool is_open() {
    const std::lock_guard lock(mutex);
    return loop != nullptr;
  }
};

// Lives until gRPC is done with it and nothing on the loop refers to it. Members belong to the loop's thread, but for
// door_ and those that gRPC's calls use alone.
class Stream final : public grpc::ServerWriteReactor<v1::FollowReply>,
                     public Follower,
                     public std::enable_shared_from_this<Stream> {
 public:
  Stream(std::shared_ptr<Door> door, grpc::CallbackServerContext& context, std::string node)
      : door_(std::move(door)), context_(context), node_(std::move(node)) {}

  void start() {
    self_ = shared_from_this();
    {
      const std::lock_guard lock(door_->mutex);
      door_->streams[this] = self_;
    }
    if (!door_->post([self = shared_from_this()] { self->begin(); })) stop();
  }
  // Any thread; whatever waits on the loop comes to nothing.
  void stop() {
    if (!finished_.exchange(true))
      Finish({grpc::StatusCode::UNAVAILABLE, "this relay is stopping: ask another"});
  }
  void refuse(const grpc::Status& status) {
    self_ = shared_from_this();
    finished_ = true;
    Finish(status);
  }
  void write(v1::FollowReply reply) override {
    if (finished_) return;
    reply_ = std::move(reply);
    StartWrite(&reply_);
  }
  void finish(const Refusal& why) override {
    if (finished_.exchange(true)) return;
    context_.TryCancel();  // where nothing is taken, the end would not be either
    Finish(status_of(why));
  }

 private:
  void begin() {
    if (finished_ || !door_->is_open()) return;
    if (auto refusal = door_->relay->follow(shared_from_this(), node_); refusal && !finished_.exchange(true))
      Finish(status_of(*refusal));
  }
  void gone() {
    if (!door_->is_open() || finished_.exchange(true)) return;
    door_->relay->end(*this);
    Finish(grpc::Status::CANCELLED);
  }
  void OnWriteDone(bool ok) override {
    door_->post([self = shared_from_this(), ok] {
      if (self->finished_ || !self->door_->is_open()) return;
      self->reply_ = v1::FollowReply();  // not Clear(), which keeps the memory of a batch for each node
      ok ? self->door_->relay->written(*self) : self->gone();
    });
  }
  void OnCancel() override {
    door_->post([self = shared_from_this()] { self->gone(); });
  }
  void OnDone() override {
    const auto last = std::move(self_);
    const std::lock_guard lock(door_->mutex);
    door_->streams.erase(this);
  }

  const std::shared_ptr<Door> door_;
  grpc::CallbackServerContext& context_;
  const std::string node_;
  std::shared_ptr<Stream> self_;
  v1::FollowReply reply_;  // being written
  std::atomic<bool> finished_ = false;
};

}  // namespace

class FollowService final : public v1::Relay::CallbackService {
 public:
  FollowService(boost::asio::io_context& loop, Relay& relay, NodeNames rule) : rule_(rule) {
    door_->loop = &loop;
    door_->relay = &relay;
  }
  // No stream reaches the Relay any more, and each ends.
  void close() {
    std::vector<std::shared_ptr<Stream>> live;
    {
      const std::lock_guard lock(door_->mutex);
      door_->loop = nullptr;
      for (const auto& [key, stream] : door_->streams)
        if (auto held = stream.lock()) live.push_back(std::move(held));
    }
    for (const auto& stream : live) stream->stop();
  }

  grpc::ServerWriteReactor<v1::FollowReply>* Follow(grpc::CallbackServerContext* context,
                                                    const v1::FollowRequest* request) override {
    const auto stream = std::make_shared<Stream>(door_, *context, request->node());
    const auto allowed = may_follow(names_of(*context->auth_context()), request->node(), rule_);
    if (allowed) {
      stream->start();
    } else {
      ++others_certificates_;
      stream->refuse({grpc::StatusCode::PERMISSION_DENIED, allowed.error().message()});
    }
    return stream.get();
  }
  uint64_t others_certificates() const { return others_certificates_; }

 private:
  const std::shared_ptr<Door> door_ = std::make_shared<Door>();
  const NodeNames rule_;
  std::atomic<uint64_t> others_certificates_ = 0;
};

base::Result<std::unique_ptr<RelayServer>> RelayServer::listen(boost::asio::io_context& loop, Relay& relay,
                                                               const Options& options) {
  using std::chrono::milliseconds;
  auto made = std::unique_ptr<RelayServer>(new RelayServer());
  made->service_ = std::make_unique<FollowService>(loop, relay, options.node_names);
  grpc::ServerBuilder builder;
  builder.AddListeningPort(options.address, server_credentials(options.files, options.look_every),
                           &made->port_);
  builder.RegisterService(made->service_.get());
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.SetResourceQuota(grpc::ResourceQuota("relay").Resize(kMostMemory));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, 2);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(milliseconds(kKeepalive).count()));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(milliseconds(kKeepaliveAnswer).count()));
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             static_cast<int>(milliseconds(kKeepalive / 2).count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_MS,
                             static_cast<int>(milliseconds(kConnectionAge).count()));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS,
                             static_cast<int>(milliseconds(kKeepaliveAnswer).count()));
  made->server_ = builder.BuildAndStart();
  if (made->server_ == nullptr || made->port_ == 0)
    return base::Error("listen at " + options.address + ": the address is not this machine's, or in use");
  return made;
}

uint64_t RelayServer::others_certificates() const {
  return service_->others_certificates();
}

RelayServer::~RelayServer() {
  if (service_ != nullptr) service_->close();
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

}  // namespace sluice::relay
