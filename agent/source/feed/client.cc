#include "agent/source/feed/client.h"

#include <grpcpp/channel.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <deque>
#include <filesystem>
#include <optional>

#include "agent/source/feed/ending.h"
#include "agent/source/feed/limits.h"
#include "sluice/v1/feed.grpc.pb.h"

namespace sluice::source::feed {
namespace {

using base::Error;
using base::Result;

std::shared_ptr<grpc::Channel> feed_channel(const std::string& socket) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Each open() is a try of its own, whatever became of the one before.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kFeedLargestMessage));
  return grpc::CreateCustomChannel("unix:" + std::filesystem::absolute(socket).string(),
                                   grpc::InsecureChannelCredentials(), arguments);
}

Error error_of(const grpc::Status& status, const std::string& socket) {
  if (status.ok()) return Error("agent at " + socket + ": ended the stream");
  if (status.error_code() == grpc::StatusCode::UNAVAILABLE)
    return Error("no agent answers at " + socket + ": start sluiced, or give its socket");
  return Error("agent at " + socket + ": " + status.error_message());
}

}  // namespace

// One stream. Members belong to the loop's thread, but for `ending_`; gRPC calls On…() on threads of its own: see Ending.
class FeedStream final : public grpc::ClientBidiReactor<v1::FeedRequest, v1::FeedReply>,
                         public std::enable_shared_from_this<FeedStream> {
 public:
  FeedStream(boost::asio::io_context& loop, std::string socket, FeedClient::Handlers handlers)
      : loop_(loop),
        socket_(std::move(socket)),
        handlers_(std::move(handlers)),
        stub_(v1::Feed::NewStub(feed_channel(socket_))) {}

  void start(v1::Hello hello) {
    session_after_ = hello.resume_after();
    *request_.mutable_hello() = std::move(hello);
    stub_->async()->Objects(&context_, this);
    AddHold();  // operations are started from the loop, outside of gRPC's calls
    held_ = true;
    writing_ = true;
    StartWrite(&request_);
    StartRead(&reply_);
    StartCall();
  }

  // No handler runs any more; returns once gRPC has let go of it.
  void abandon() {
    ending_->abandon();
    context_.TryCancel();
    let_go();
    ending_->wait();
  }

  bool is_open() const { return welcome_.has_value() && held_; }
  bool has_room() const { return is_open() && next_ <= taken_ + welcome_->window(); }

  Result<uint64_t> send(v1::Batch batch) {
    if (!is_open()) return Error("agent at " + socket_ + ": no stream is open");
    batch.set_sequence(next_);
    v1::FeedRequest request;
    *request.mutable_batch() = std::move(batch);
    const size_t bytes = request.ByteSizeLong();
    if (bytes > welcome_->largest_message())
      return Error("agent at " + socket_ + ": a batch of " + std::to_string(bytes) +
                   " bytes is more than the " + std::to_string(welcome_->largest_message()) +
                   " that it takes: send smaller ones");
    waiting_.push_back(std::move(request));
    write_next();
    return next_++;
  }

  void tell(v1::SourceState state) {
    state_.emplace();
    *state_->mutable_state() = std::move(state);
    write_next();
  }

 private:
  void OnReadDone(bool ok) override { post(&FeedStream::read_done, ok); }
  void OnWriteDone(bool ok) override { post(&FeedStream::write_done, ok); }
  void OnDone(const grpc::Status& status) override {
    const auto ending = ending_;
    ending->finish(loop_, [&] { return [self = shared_from_this(), status] { self->closed(status); }; });
  }

  void post(void (FeedStream::*act)(bool), bool ok) {
    ending_->post(loop_, [&] { return [self = shared_from_this(), act, ok] { (self.get()->*act)(ok); }; });
  }

  void read_done(bool ok) {
    if (!held_) return;
    if (!ok) return let_go();
    const v1::FeedReply reply = std::move(reply_);
    reply_.Clear();
    StartRead(&reply_);
    if (reply.has_welcome()) {
      welcome_ = reply.welcome();
      taken_ = welcome_->resumed() ? session_after_ : 0;
      next_ = taken_ + 1;
      write_next();
      handlers_.welcome(*welcome_);
    } else if (reply.has_progress()) {
      taken_ = std::max(taken_, reply.progress().taken());
      write_next();
      handlers_.progress(reply.progress());
    }
  }

  void write_done(bool ok) {
    writing_ = false;
    if (ok) write_next();  // else the read that is under way ends too, and with it the stream
  }

  void write_next() {
    if (writing_ || !is_open()) return;
    if (state_) {
      request_ = std::move(*state_);
      state_.reset();
    } else if (!waiting_.empty() && waiting_.front().batch().sequence() <= taken_ + welcome_->window()) {
      request_ = std::move(waiting_.front());
      waiting_.pop_front();
    } else {
      return;
    }
    writing_ = true;
    StartWrite(&request_);
  }

  void let_go() {
    if (std::exchange(held_, false)) RemoveHold();
  }

  void closed(const grpc::Status& status) {
    if (ending_->is_abandoned()) return;
    waiting_.clear();
    handlers_.closed(error_of(status, socket_));
  }

  boost::asio::io_context& loop_;
  const std::string socket_;
  FeedClient::Handlers handlers_;
  std::unique_ptr<v1::Feed::Stub> stub_;
  grpc::ClientContext context_;
  v1::FeedRequest request_;  // being written
  v1::FeedReply reply_;      // being read

  bool held_ = false, writing_ = false;
  uint64_t session_after_ = 0, taken_ = 0, next_ = 1;
  std::optional<v1::Welcome> welcome_;
  std::optional<v1::FeedRequest> state_;
  std::deque<v1::FeedRequest> waiting_;

  const std::shared_ptr<Ending> ending_ = std::make_shared<Ending>();
};

FeedClient::FeedClient(boost::asio::io_context& loop, std::string socket)
    : loop_(loop), socket_(std::move(socket)) {}

FeedClient::~FeedClient() {
  close();
}

void FeedClient::open(v1::Hello hello, Handlers handlers) {
  close();
  stream_ = std::make_shared<FeedStream>(loop_, socket_, std::move(handlers));
  stream_->start(std::move(hello));
}

void FeedClient::close() {
  if (const auto stream = std::exchange(stream_, nullptr)) stream->abandon();
}

bool FeedClient::is_open() const {
  return stream_ && stream_->is_open();
}
bool FeedClient::has_room() const {
  return stream_ && stream_->has_room();
}

Result<uint64_t> FeedClient::send(v1::Batch batch) {
  if (!stream_) return Error("agent at " + socket_ + ": no stream is open");
  return stream_->send(std::move(batch));
}

void FeedClient::tell(v1::SourceState state) {
  if (stream_) stream_->tell(std::move(state));
}

}  // namespace sluice::source::feed
