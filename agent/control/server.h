// Server: the control API on a Unix socket.
//
// Laws: the socket is 0600, in a directory made 0700 where it is missing. The socket of an agent that died is
// replaced, that of a living one is an error. Requests are bounded in size; every answer is made on the
// agent's own thread, so that it is of one moment. gRPC's threads never touch the agent's state.
#pragma once

#include <grpcpp/server.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "sluice/v1/control.pb.h"

namespace sluice::control {

inline constexpr char kDefaultSocket[] = "/run/sluice/sluice.sock";
inline constexpr std::chrono::seconds kDefaultCallDeadline{30};
inline constexpr int kLargestRequest = 64 * 1024;        // bytes
inline constexpr int kLargestReply = 256 * 1024 * 1024;  // bytes

// What the server asks of the agent; called on the thread that runs the io_context.
class Desk {
 public:
  using SyncDone = std::function<void(base::Result<v1::SyncReply> reply)>;

  virtual ~Desk() = default;
  // Calls `done` once, on the agent's thread: in force, or why not by `deadline`.
  virtual void sync(std::chrono::steady_clock::time_point deadline, SyncDone done) = 0;
  virtual v1::StatusReply status() = 0;
  virtual v1::EndpointsReply endpoints() = 0;
  virtual v1::PoliciesReply policies() = 0;
  virtual v1::IdentitiesReply identities() = 0;
  // An error: the request makes no sense.
  virtual base::Result<v1::CheckReply> check(const v1::CheckRequest& request) = 0;
};

class ControlService;

class Server {
 public:
  // `loop` and `desk` must outlive it.
  static base::Result<Server> start(const std::string& socket, boost::asio::io_context& loop, Desk& desk);
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  // Takes no more calls, ends those under way within `grace` and removes the socket. Blocks; the loop must
  // run meanwhile on another thread, since it is there that calls are answered.
  void stop(std::chrono::milliseconds grace);

 private:
  Server();
  std::unique_ptr<ControlService> service_;
  std::unique_ptr<grpc::Server> server_;
  std::string socket_;
};

// Is an agent listening on this socket? False where nothing is there or a dead agent left its socket; an
// error where the path cannot be used.
base::Result<bool> agent_listens(const std::string& socket);

}  // namespace sluice::control
