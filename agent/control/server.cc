#include "agent/control/server.h"

#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "sluice/v1/control.grpc.pb.h"

namespace sluice::control {
namespace {

using std::chrono::steady_clock;
constexpr int kConcurrentCalls = 32;
constexpr int kThreads = 4;
constexpr size_t kMemory = 512UL * 1024 * 1024;
// Of the time that a caller gives, what is kept for the way back: an answer that says why comes before it
// gives up.
constexpr std::chrono::milliseconds kWayBack{100};

// gRPC counts on the wall clock; the agent on the steady one.
steady_clock::time_point deadline_of(const grpc::CallbackServerContext& context) {
  const auto now = std::chrono::system_clock::now();
  const auto far = now + kDefaultCallDeadline;
  const auto asked = context.deadline();
  const auto unlimited = now + std::chrono::hours(24);
  const auto given =
      std::chrono::duration_cast<steady_clock::duration>((asked > unlimited ? far : asked) - now);
  return steady_clock::now() + given - std::min<steady_clock::duration>(kWayBack, given / 10);
}

}  // namespace

class ControlService final : public v1::Control::CallbackService {
 public:
  ControlService(boost::asio::io_context& loop, Desk& desk) : loop_(loop), desk_(desk) {}

  grpc::ServerUnaryReactor* Sync(grpc::CallbackServerContext* context, const v1::SyncRequest*,
                                 v1::SyncReply* reply) override {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [this, reactor, reply, deadline = deadline_of(*context)] {
      desk_.sync(deadline, [reactor, reply](const base::Result<v1::SyncReply>& done) {
        if (!done) return reactor->Finish({grpc::StatusCode::DEADLINE_EXCEEDED, done.error().message()});
        *reply = *done;
        reactor->Finish(grpc::Status::OK);
      });
    });
    return reactor;
  }
  grpc::ServerUnaryReactor* Status(grpc::CallbackServerContext* context, const v1::StatusRequest*,
                                   v1::StatusReply* reply) override {
    return answer(context, [this, reply] { *reply = desk_.status(); });
  }
  grpc::ServerUnaryReactor* Endpoints(grpc::CallbackServerContext* context, const v1::EndpointsRequest*,
                                      v1::EndpointsReply* reply) override {
    return answer(context, [this, reply] { *reply = desk_.endpoints(); });
  }
  grpc::ServerUnaryReactor* Policies(grpc::CallbackServerContext* context, const v1::PoliciesRequest*,
                                     v1::PoliciesReply* reply) override {
    return answer(context, [this, reply] { *reply = desk_.policies(); });
  }
  grpc::ServerUnaryReactor* Identities(grpc::CallbackServerContext* context, const v1::IdentitiesRequest*,
                                       v1::IdentitiesReply* reply) override {
    return answer(context, [this, reply] { *reply = desk_.identities(); });
  }
  grpc::ServerUnaryReactor* Check(grpc::CallbackServerContext* context, const v1::CheckRequest* request,
                                  v1::CheckReply* reply) override {
    auto* reactor = context->DefaultReactor();
    boost::asio::post(loop_, [this, reactor, reply, request = *request] {
      auto checked = desk_.check(request);
      if (!checked) return reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT, checked.error().message()});
      *reply = std::move(*checked);
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
  Desk& desk_;
};

Server::Server() = default;
Server::Server(Server&&) noexcept = default;
Server& Server::operator=(Server&&) noexcept = default;
Server::~Server() = default;

base::Result<Server> Server::start(const std::string& socket, boost::asio::io_context& loop, Desk& desk) {
  auto alive = agent_listens(socket);
  if (!alive) return alive.error();
  if (*alive)
    return base::Error("socket " + socket + ": another sluiced is running: stop it or give another --socket");
  std::error_code code;
  const auto directory = std::filesystem::path(socket).parent_path();
  if (!std::filesystem::exists(directory, code)) {
    std::filesystem::create_directories(directory.parent_path(), code);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
      return base::Error::from_errno(errno, "socket " + socket + ": make directory " + directory.string());
  }
  Server server;
  server.socket_ = socket;
  server.service_ = std::make_unique<ControlService>(loop, desk);
  grpc::ServerBuilder builder;
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.RegisterService(server.service_.get());
  builder.SetMaxReceiveMessageSize(kLargestRequest);
  builder.SetMaxSendMessageSize(kLargestReply);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kConcurrentCalls);
  builder.SetResourceQuota(grpc::ResourceQuota("control").SetMaxThreads(kThreads).Resize(kMemory));
  // The socket is never open to others, not even between bind(2) and chmod(2).
  const mode_t before = ::umask(0177);
  server.server_ = builder.BuildAndStart();
  ::umask(before);
  if (!server.server_)
    return base::Error("socket " + socket +
                       ": cannot listen there: check that its directory exists and is writable");
  if (::chmod(socket.c_str(), 0600) != 0)
    return base::Error::from_errno(errno, "socket " + socket + ": chmod 0600");
  return server;
}

void Server::stop(std::chrono::milliseconds grace) {
  if (!server_) return;
  server_->Shutdown(std::chrono::system_clock::now() + grace);
  server_->Wait();
  server_.reset();
  ::unlink(socket_.c_str());
}

}  // namespace sluice::control
