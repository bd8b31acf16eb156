#include "agent/source/feed/service.h"

#include <boost/asio/post.hpp>
#include <optional>

namespace sluice::source::feed {
namespace {

grpc::Status status_of(const FeedBreach& breach) {
  switch (breach.kind) {
    case FeedBreach::Kind::kInvalid:
      return {grpc::StatusCode::INVALID_ARGUMENT, breach.what};
    case FeedBreach::Kind::kTooMuch:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, breach.what};
    case FeedBreach::Kind::kOutOfTurn:
      break;
  }
  return {grpc::StatusCode::FAILED_PRECONDITION, breach.what};
}

FeedBreach out_of_turn(const char* what) {
  return {FeedBreach::Kind::kOutOfTurn, what};
}

// Lives until gRPC is done with it and nothing on the loop refers to it. Members belong to the loop's thread,
// save request_ and batch_: to gRPC's from OnReadDone() until read_done(), to the stream while a read is
// under way.
class Stream final : public grpc::ServerBidiReactor<v1::FeedRequest, v1::FeedReply>,
                     public StreamPeer,
                     public std::enable_shared_from_this<Stream> {
 public:
  Stream(boost::asio::io_context& loop, StreamSource& feeder) : loop_(loop), feeder_(feeder) {}
  void start() {
    self_ = shared_from_this();
    StartRead(&request_);
  }

  void welcome(v1::Welcome welcome) override {
    welcome_.emplace();
    *welcome_->mutable_welcome() = std::move(welcome);
    write_next();
  }
  void tell(v1::Progress progress) override {
    progress_.emplace();
    *progress_->mutable_progress() = std::move(progress);
    write_next();
  }
  void finish(FeedEnd end, const std::string& why) override {
    finish({end == FeedEnd::kStopping ? grpc::StatusCode::UNAVAILABLE : grpc::StatusCode::ABORTED, why});
  }

 private:
  void OnReadDone(bool ok) override {
    if (ok && request_.has_batch()) batch_.emplace(read_batch(request_.batch()));
    boost::asio::post(loop_, [self = shared_from_this(), ok] { self->read_done(ok); });
  }
  void OnWriteDone(bool ok) override {
    boost::asio::post(loop_, [self = shared_from_this(), ok] {
      self->writing_ = false;
      if (ok) self->write_next();  // else the stream is gone, and the read that is under way says so
    });
  }
  void OnDone() override { const auto last = std::move(self_); }

  void read_done(bool ok) {
    if (finished_) return;
    if (!ok) {
      feeder_.end(*this, "ended the stream");
      return finish(grpc::Status::OK);
    }
    if (const auto breach = accept()) {
      feeder_.end(*this, breach->what);
      return finish(status_of(*breach));
    }
    if (!finished_) StartRead(&request_);
  }

  std::optional<FeedBreach> accept() {
    switch (request_.what_case()) {
      case v1::FeedRequest::kHello:
        return accept_hello();
      case v1::FeedRequest::kBatch:
        return accept_batch();
      case v1::FeedRequest::kState:
        if (!greeted_) return out_of_turn("a stream begins with hello");
        return feeder_.accept_state(*this, request_.state());
      case v1::FeedRequest::WHAT_NOT_SET:
        break;
    }
    return FeedBreach{FeedBreach::Kind::kInvalid, "a message must have one of hello, batch and state"};
  }

  std::optional<FeedBreach> accept_hello() {
    if (greeted_) return out_of_turn("hello comes once");
    greeted_ = true;
    if (auto begun = feeder_.begin(shared_from_this(), request_.hello()); !begun)
      return FeedBreach{FeedBreach::Kind::kInvalid, begun.error().message()};
    return std::nullopt;
  }

  std::optional<FeedBreach> accept_batch() {
    if (!greeted_) return out_of_turn("a stream begins with hello");
    auto read = std::move(*batch_);
    batch_.reset();
    request_.Clear();
    if (auto* breach = std::get_if<FeedBreach>(&read)) return std::move(*breach);
    return feeder_.accept_batch(*this, std::move(std::get<FedBatch>(read)));
  }

  void write_next() {
    if (writing_ || finished_) return;
    auto& next = welcome_ ? welcome_ : progress_;
    if (!next) return;
    reply_ = std::move(*next);
    next.reset();
    writing_ = true;
    StartWrite(&reply_);
  }

  void finish(const grpc::Status& status) {
    if (!std::exchange(finished_, true)) Finish(status);
  }

  boost::asio::io_context& loop_;
  StreamSource& feeder_;
  std::shared_ptr<Stream> self_;
  v1::FeedRequest request_;
  std::optional<std::variant<FedBatch, FeedBreach>> batch_;
  v1::FeedReply reply_;  // being written
  std::optional<v1::FeedReply> welcome_, progress_;
  bool greeted_ = false, writing_ = false, finished_ = false;
};

// Says no.
class Refusal final : public grpc::ServerBidiReactor<v1::FeedRequest, v1::FeedReply> {
 public:
  Refusal() {
    Finish({grpc::StatusCode::FAILED_PRECONDITION,
            "this agent takes its objects from a folder: start it without --manifests"});
  }
  void OnDone() override { delete this; }
};

}  // namespace

grpc::ServerBidiReactor<v1::FeedRequest, v1::FeedReply>* FeedService::Objects(grpc::CallbackServerContext*) {
  if (feeder_ == nullptr) return new Refusal();
  auto stream = std::make_shared<Stream>(loop_, *feeder_);
  stream->start();
  return stream.get();
}

}  // namespace sluice::source::feed
