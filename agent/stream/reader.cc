#include "agent/stream/reader.h"

namespace sluice::stream {
namespace {

grpc::Status status_of(End end, const std::string& why) {
  switch (end) {
    case End::kDone:
      return grpc::Status::OK;
    case End::kWrong:
      return {grpc::StatusCode::INVALID_ARGUMENT, why};
    case End::kTooMany:
      return {grpc::StatusCode::RESOURCE_EXHAUSTED, why};
    case End::kStopping:
      return {grpc::StatusCode::UNAVAILABLE, why};
  }
  return {grpc::StatusCode::INTERNAL, why};
}

}  // namespace

std::shared_ptr<Reader> Reader::open(Post post) {
  std::shared_ptr<Reader> reader(new Reader(std::move(post)));
  reader->self_ = reader;
  return reader;
}

void Reader::follow(std::function<void()> more, std::function<void()> gone) {
  more_ = std::move(more);
  gone_ = std::move(gone);
}

void Reader::give(std::vector<v1::Flow> flows) {
  const std::lock_guard lock(mutex_);
  if (finished_ || ending_ || flows.empty()) return;
  flows_ = std::move(flows);
  written_ = 0;
  writing_ = true;
  StartWrite(flows_.data());
}

void Reader::finish(End end, const std::string& why) {
  const std::lock_guard lock(mutex_);
  if (writing_)
    ending_ = status_of(end, why);
  else
    finish_now(status_of(end, why));
}

void Reader::finish_now(const grpc::Status& status) {
  if (std::exchange(finished_, true)) return;
  Finish(status);
}

void Reader::OnWriteDone(bool ok) {
  const std::lock_guard lock(mutex_);
  if (ok && ++written_ < flows_.size()) return StartWrite(&flows_[written_]);
  writing_ = false;
  if (!ok) ending_ = grpc::Status::CANCELLED;
  if (ending_) return finish_now(*ending_);
  call(&Reader::more_);
}

void Reader::OnCancel() {
  const std::lock_guard lock(mutex_);
  if (writing_)
    ending_ = grpc::Status::CANCELLED;
  else
    finish_now(grpc::Status::CANCELLED);
}

void Reader::OnDone() {
  call(&Reader::gone_);
  self_.reset();
}

void Reader::call(std::function<void()> Reader::*who) {
  post_([self = self_, who] {
    if (self.get()->*who) (self.get()->*who)();
  });
}

}  // namespace sluice::stream
