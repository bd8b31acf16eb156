// Reader: a call of Control.Observe, as gRPC has it. It holds what it was given, kBatch records at the most, until the
// caller has taken them: gRPC's flow control holds it up, and it nobody else.
//
// gRPC's threads and the agent's; `post` runs a function on the agent's thread, later.
#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <mutex>
#include <optional>

#include "agent/stream/sink.h"

namespace sluice::stream {

class Reader final : public grpc::ServerWriteReactor<v1::Flow>, public Sink {
 public:
  using Post = std::function<void(std::function<void()>)>;

  // Lives until gRPC and whoever holds it are done with it.
  static std::shared_ptr<Reader> open(Post post);

  void follow(std::function<void()> more, std::function<void()> gone) override;
  void give(std::vector<v1::Flow> flows) override;
  void finish(End end, const std::string& why) override;

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  explicit Reader(Post post) : post_(std::move(post)) {}
  void finish_now(const grpc::Status& status);
  // On the agent's thread.
  void call(std::function<void()> Reader::*who);

  const Post post_;
  std::shared_ptr<Reader> self_;       // until OnDone()
  std::function<void()> more_, gone_;  // the agent's thread alone
  std::mutex mutex_;                   // of all below
  std::vector<v1::Flow> flows_;
  size_t written_ = 0;
  bool writing_ = false, finished_ = false;
  std::optional<grpc::Status> ending_;  // once what is being written is
};

}  // namespace sluice::stream
