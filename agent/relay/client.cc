#include "agent/relay/client.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>

#include <boost/asio/steady_timer.hpp>

#include "agent/base/excerpt.h"
#include "agent/source/feed/ending.h"
#include "agent/source/feed/limits.h"
#include "sluice/v1/relay.grpc.pb.h"

namespace sluice::relay {
namespace {

using base::Error;
using std::chrono::milliseconds;

std::shared_ptr<grpc::Channel> channel_to(const std::string& address,
                                          const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Each open() is a try of its own, whatever became of the one before.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, static_cast<int>(milliseconds(kKeepalive).count()));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, static_cast<int>(milliseconds(kKeepaliveAnswer).count()));
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(source::feed::kFeedLargestMessage));
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

Error error_of(const grpc::Status& status, const std::string& address, bool silent) {
  const std::string of = "relay at " + address + ": ";
  if (silent) return Error(of + "answers nothing");
  if (status.ok()) return Error(of + "ended the stream");
  const std::string said = base::one_line(status.error_message());
  const auto says = [&](const char* what) { return said.find(what) != said.npos; };
  // By TLS 1.3 a client hears only later that its certificate was refused, and often no more than the end.
  const bool is_away = status.error_code() == grpc::StatusCode::UNAVAILABLE;
  if (is_away && says("Connection refused"))
    return Error(of + "nobody listens there: run sluice-watcher --serve");
  if (says("Hostname Verification Check failed") || says("ertificate verifier"))
    return Error(of + "its certificate has not that name: " + said);
  if (is_away && (says("alert") || says("losed") || says("reset") || says("Broken pipe")))
    return Error(
        of + "the relay ended the connection: is this node's certificate of the relay's authority? " + said);
  if (says("andshake failed"))
    return Error(of + "its certificate is not of the authority in --tls-ca, or not valid now: " + said);
  return Error(of + said);
}

}  // namespace

// One stream. Members belong to the loop's thread, but for `ending_`; gRPC calls On…() on threads of its own: see
// Ending.
class FollowStream final : public grpc::ClientReadReactor<v1::FollowReply>,
                           public std::enable_shared_from_this<FollowStream> {
 public:
  FollowStream(boost::asio::io_context& loop, const std::string& address,
               const std::shared_ptr<grpc::ChannelCredentials>& credentials, RelayClient::Handlers handlers)
      : loop_(loop),
        address_(address),
        handlers_(std::move(handlers)),
        stub_(v1::Relay::NewStub(channel_to(address, credentials))),
        silence_(loop) {}

  void start(const v1::FollowRequest& request) {
    request_ = request;
    stub_->async()->Follow(&context_, &request_, this);
    AddHold();  // operations are started from the loop, outside of gRPC's calls
    held_ = true;
    StartRead(&reply_);
    StartCall();
    silence_.expires_after(kConnecting);
    silence_.async_wait([weak = weak_from_this()](boost::system::error_code code) {
      if (const auto self = weak.lock(); self && !code) self->give_up();
    });
  }
  void more() {
    if (held_ && std::exchange(pausing_, false)) StartRead(&reply_);
  }
  // No handler runs any more; returns once gRPC has let go of it.
  void abandon() {
    ending_->abandon();
    silence_.cancel();
    context_.TryCancel();
    let_go();
    ending_->wait();
  }

 private:
  void OnReadDone(bool ok) override {
    ending_->post(loop_, [&] { return [self = shared_from_this(), ok] { self->read_done(ok); }; });
  }
  void OnDone(const grpc::Status& status) override {
    const auto ending = ending_;
    ending->finish(loop_, [&] { return [self = shared_from_this(), status] { self->closed(status); }; });
  }

  void read_done(bool ok) {
    if (!held_ || ending_->is_abandoned()) return;
    if (!ok) return let_go();
    silence_.cancel();
    v1::FollowReply reply = std::move(reply_);
    reply_.Clear();
    if (reply.has_state()) {
      StartRead(&reply_);
      return handlers_.state(std::move(*reply.mutable_state()));
    }
    pausing_ = true;
    if (reply.has_batch()) return handlers_.batch(std::move(*reply.mutable_batch()));
    if (reply.has_following()) return handlers_.following(reply.following());
    more();  // of a relay that is younger than this
  }
  void give_up() {
    silent_ = true;
    context_.TryCancel();
  }
  void let_go() {
    if (std::exchange(held_, false)) RemoveHold();
  }
  void closed(const grpc::Status& status) {
    if (ending_->is_abandoned()) return;
    silence_.cancel();
    handlers_.closed(error_of(status, address_, silent_));
  }

  boost::asio::io_context& loop_;
  const std::string address_;
  RelayClient::Handlers handlers_;
  std::unique_ptr<v1::Relay::Stub> stub_;
  boost::asio::steady_timer silence_;
  grpc::ClientContext context_;
  v1::FollowRequest request_;
  v1::FollowReply reply_;  // being read
  bool held_ = false, pausing_ = false, silent_ = false;
  const std::shared_ptr<source::feed::Ending> ending_ = std::make_shared<source::feed::Ending>();
};

void RelayClient::open(const std::string& address, const v1::FollowRequest& request, Handlers handlers) {
  close();
  stream_ = std::make_shared<FollowStream>(loop_, address, credentials_, std::move(handlers));
  stream_->start(request);
}

void RelayClient::more() {
  if (stream_) stream_->more();
}

void RelayClient::close() {
  if (const auto stream = std::exchange(stream_, nullptr)) stream->abandon();
}

}  // namespace sluice::relay
