// AgentDouble: the agent's end of the feed (proto/sluice/v1/feed.proto) on a Unix socket, as its laws say and
// no more: it holds what it was told and checks that the feeder keeps the laws.
//
// Any thread.
#pragma once

#include <grpcpp/server.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/model/cluster.h"
#include "sluice/v1/feed.grpc.pb.h"

namespace sluice::kubeapi {

class AgentDouble final : public v1::Feed::Service {
 public:
  explicit AgentDouble(std::string socket);
  ~AgentDouble() override;

  void start();
  // Ends every stream, as an agent that dies; what it holds is kept where it is asked to, for resuming.
  void stop(bool forget);

  // What is in force: the last whole snapshot and the changes after it.
  model::Cluster cluster() const;
  std::vector<std::string> problems() const;
  // Laws that the feeder broke; empty where it broke none.
  std::string broken() const;
  uint64_t snapshots() const;
  uint64_t resumed() const;

  grpc::Status Objects(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::FeedReply, v1::FeedRequest>* stream) override;

 private:
  bool welcome(const v1::Hello& hello);
  void take(const v1::Batch& batch);
  void complain(const std::string& what);

  const std::string socket_;
  std::unique_ptr<grpc::Server> server_;
  mutable std::mutex mutex_;
  model::Cluster in_force_, snapshot_;
  bool in_snapshot_ = false, whole_ = false;
  std::vector<v1::Event> pending_;  // of a change whose end has not come
  std::string session_, broken_;
  uint64_t taken_ = 0, snapshots_ = 0, resumed_ = 0;
  std::vector<std::string> problems_;
};

}  // namespace sluice::kubeapi
