#include "tests/kubeapi/agent_double.h"

#include <grpcpp/server_builder.h>

#include "agent/source/feed/decode.h"

namespace sluice::kubeapi {
namespace {

constexpr uint32_t kWindow = 3;
constexpr uint32_t kLargestMessage = 4 << 20;

}  // namespace

AgentDouble::AgentDouble(std::string socket) : socket_(std::move(socket)) {}

AgentDouble::~AgentDouble() {
  stop(true);
}

void AgentDouble::start() {
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket_, grpc::InsecureServerCredentials());
  builder.RegisterService(this);
  server_ = builder.BuildAndStart();
}

void AgentDouble::stop(bool forget) {
  if (server_) {
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }
  const std::lock_guard lock(mutex_);
  in_snapshot_ = false;
  if (!forget) return;
  session_.clear();
  whole_ = false;
}

model::Cluster AgentDouble::cluster() const {
  const std::lock_guard lock(mutex_);
  return in_force_;
}
std::vector<std::string> AgentDouble::problems() const {
  const std::lock_guard lock(mutex_);
  return problems_;
}
std::string AgentDouble::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}
uint64_t AgentDouble::snapshots() const {
  const std::lock_guard lock(mutex_);
  return snapshots_;
}
uint64_t AgentDouble::resumed() const {
  const std::lock_guard lock(mutex_);
  return resumed_;
}

void AgentDouble::complain(const std::string& what) {
  if (broken_.empty()) broken_ = what;
}

bool AgentDouble::welcome(const v1::Hello& hello) {
  const std::lock_guard lock(mutex_);
  if (hello.session().empty() || hello.session().size() > 64) complain("the session's name");
  const bool resumes = whole_ && !in_snapshot_ && hello.session() == session_ && hello.resume_after() != 0 &&
                       hello.resume_after() == taken_;
  session_ = hello.session();
  if (resumes) {
    ++resumed_;
  } else {
    taken_ = 0;
    pending_.clear();
    in_snapshot_ = false;
    whole_ = false;
  }
  return resumes;
}

void AgentDouble::take(const v1::Batch& batch) {
  const std::lock_guard lock(mutex_);
  if (batch.sequence() != taken_ + 1) complain("sequence " + std::to_string(batch.sequence()));
  taken_ = batch.sequence();
  if (batch.begins_snapshot()) {
    if (!pending_.empty()) complain("a snapshot begins within a change");
    if (in_snapshot_) complain("a snapshot begins in a snapshot");
    in_snapshot_ = true;
    snapshot_ = {};
  }
  if (!in_snapshot_ && !whole_) complain("changes before a snapshot");
  if (batch.continues() && in_snapshot_) complain("a change within a snapshot");
  model::Cluster& to = in_snapshot_ ? snapshot_ : in_force_;
  pending_.insert(pending_.end(), batch.events().begin(), batch.events().end());
  if (batch.continues()) return;
  for (const v1::Event& event : std::exchange(pending_, {})) {
    if (event.has_removed()) {
      if (in_snapshot_) complain("a removal in a snapshot");
      const auto id = source::feed::id_as_written(event.removed());
      if (!id)
        complain(id.error().message());
      else
        to.apply(model::Change::remove(*id));
      continue;
    }
    const auto object = source::feed::decode(event.upsert());
    if (!object)
      complain(object.error().message());
    else
      to.apply(model::Change::upsert(*object));
  }
  if (!batch.ends_snapshot()) return;
  if (!in_snapshot_) complain("a snapshot ends that did not begin");
  in_force_ = std::move(snapshot_);
  in_snapshot_ = false;
  whole_ = true;
  ++snapshots_;
}

grpc::Status AgentDouble::Objects(grpc::ServerContext*,
                                  grpc::ServerReaderWriter<v1::FeedReply, v1::FeedRequest>* stream) {
  v1::FeedRequest request;
  if (!stream->Read(&request) || !request.has_hello())
    return {grpc::StatusCode::FAILED_PRECONDITION, "no hello"};
  v1::FeedReply reply;
  auto& welcomed = *reply.mutable_welcome();
  welcomed.set_resumed(welcome(request.hello()));
  welcomed.set_window(kWindow);
  welcomed.set_largest_message(kLargestMessage);
  welcomed.set_node("node-a");
  if (!stream->Write(reply)) return grpc::Status::OK;
  while (stream->Read(&request)) {
    if (request.has_batch()) {
      take(request.batch());
      reply.mutable_progress()->set_taken(request.batch().sequence());
      reply.mutable_progress()->set_in_force(request.batch().sequence());
      if (!stream->Write(reply)) break;
    }
    if (request.has_state()) {
      const std::lock_guard lock(mutex_);
      problems_.assign(request.state().problems().begin(), request.state().problems().end());
    }
  }
  return grpc::Status::OK;
}

}  // namespace sluice::kubeapi
