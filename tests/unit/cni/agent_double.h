// AgentDouble: the agent's end of endpoints.proto on a real Unix socket, answering as it is told. Calls come
// on gRPC's threads; the test reads what was asked after its own call has returned.
#pragma once

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <grpcpp/server_posix.h>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "agent/base/fd.h"
#include "sluice/v1/endpoints.grpc.pb.h"

namespace sluice::cni {

class AgentDouble final : public v1::Endpoints::Service {
 public:
  explicit AgentDouble(const std::string& socket) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~AgentDouble() override {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }
  bool listens() const { return server_ != nullptr; }
  // Answers on a connection that somebody else accepted.
  void serve(base::Fd connection) {
    ::fcntl(connection.get(), F_SETFL, O_NONBLOCK);
    grpc::AddInsecureChannelFromFd(server_.get(), connection.release());
  }

  void answer_add(grpc::Status status) { set(add_, std::move(status)); }
  void answer_check(grpc::Status status) { set(check_, std::move(status)); }
  void answer_keep(grpc::Status status) { set(keep_, std::move(status)); }
  void answer_ready(grpc::Status status) { set(ready_, std::move(status)); }
  void say_missing(std::string line) {
    const std::lock_guard held(lock_);
    missing_ = std::move(line);
  }

  std::vector<v1::AddEndpointRequest> added() const { return read(added_); }
  std::vector<v1::DelEndpointRequest> deleted() const { return read(deleted_); }
  std::vector<v1::CheckEndpointRequest> checked() const { return read(checked_); }
  std::vector<v1::KeepEndpointsRequest> kept() const { return read(kept_); }

 private:
  grpc::Status AddEndpoint(grpc::ServerContext*, const v1::AddEndpointRequest* request,
                           v1::AddEndpointReply* reply) override {
    const std::lock_guard held(lock_);
    added_.push_back(*request);
    reply->set_epoch(7);
    return add_;
  }
  grpc::Status DelEndpoint(grpc::ServerContext*, const v1::DelEndpointRequest* request,
                           v1::DelEndpointReply*) override {
    const std::lock_guard held(lock_);
    deleted_.push_back(*request);
    return grpc::Status::OK;
  }
  grpc::Status CheckEndpoint(grpc::ServerContext*, const v1::CheckEndpointRequest* request,
                             v1::CheckEndpointReply* reply) override {
    const std::lock_guard held(lock_);
    checked_.push_back(*request);
    reply->set_in_force(missing_.empty());
    reply->set_missing(missing_);
    return check_;
  }
  grpc::Status KeepEndpoints(grpc::ServerContext*, const v1::KeepEndpointsRequest* request,
                             v1::KeepEndpointsReply*) override {
    const std::lock_guard held(lock_);
    kept_.push_back(*request);
    return keep_;
  }
  grpc::Status Ready(grpc::ServerContext*, const v1::ReadyRequest*, v1::ReadyReply* reply) override {
    const std::lock_guard held(lock_);
    reply->set_ready(missing_.empty());
    reply->set_missing(missing_);
    return ready_;
  }
  void set(grpc::Status& place, grpc::Status status) {
    const std::lock_guard held(lock_);
    place = std::move(status);
  }
  template <typename T>
  std::vector<T> read(const std::vector<T>& list) const {
    const std::lock_guard held(lock_);
    return list;
  }

  mutable std::mutex lock_;
  grpc::Status add_, check_, keep_, ready_;
  std::string missing_;
  std::vector<v1::AddEndpointRequest> added_;
  std::vector<v1::DelEndpointRequest> deleted_;
  std::vector<v1::CheckEndpointRequest> checked_;
  std::vector<v1::KeepEndpointsRequest> kept_;
  std::unique_ptr<grpc::Server> server_;
};

// A socket on which somebody listens and never says a word, or lets another do so late.
class SilentSocket {
 public:
  explicit SilentSocket(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    listens_ = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
               ::listen(fd_.get(), 8) == 0;
  }
  bool listens() const { return listens_; }
  // The next connection; waits for it.
  base::Fd accept() const { return base::Fd(::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC)); }
  bool is_asked_again() const {
    pollfd asked{fd_.get(), POLLIN, 0};
    return ::poll(&asked, 1, 0) != 0;
  }

 private:
  base::Fd fd_;
  bool listens_ = false;
};

}  // namespace sluice::cni
