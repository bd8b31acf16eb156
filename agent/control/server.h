// Server: the control API on a Unix socket: Control and Endpoints for the socket's owner, Feed
// for the feeder too.
//
// Laws:
//  1. SocketListener decides who may connect, and as what.
//  2. A feeder's connections meet a server that has Feed and nothing else.
//  3. Requests are bounded in size.
//  4. Every answer is made on the agent's own thread, so that it is of one moment; gRPC's threads
//     never touch the agent's state.
#pragma once

#include <grpcpp/server.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "agent/base/result.h"
#include "agent/control/endpoint_handler.h"
#include "agent/control/socket_listener.h"
#include "agent/source/feed/stream_source.h"
#include "agent/stream/sink.h"
#include "sluice/v1/control.pb.h"

namespace sluice::control {

// What the server asks of the agent; called on the thread that runs the io_context.
class ControlHandler {
 public:
  using SyncDone = std::function<void(base::Result<v1::SyncReply> reply)>;
  using NamesDone = std::function<void(v1::NamesReply reply)>;

  virtual ~ControlHandler() = default;
  // Calls `done` once, on the agent's thread: in force, or why not by `deadline`.
  virtual void sync(std::chrono::steady_clock::time_point deadline, SyncDone done) = 0;
  virtual v1::StatusReply status() = 0;
  virtual v1::EndpointsReply endpoints() = 0;
  virtual v1::PoliciesReply policies() = 0;
  virtual v1::IdentitiesReply identities() = 0;
  // Calls `done` on the agent's thread, once open connections are counted.
  virtual void names(NamesDone done) = 0;
  virtual v1::MapsReply maps() = 0;
  virtual v1::MetricsReply metrics() = 0;
  virtual std::vector<v1::SnapshotPiece> snapshot() = 0;
  // An error: the request is wrong.
  virtual base::Result<v1::CheckReply> check(const v1::CheckRequest& request) = 0;
  virtual void observe(const v1::ObserveRequest& request, std::shared_ptr<stream::Sink> sink) = 0;
  // An error: there is none.
  virtual base::Result<v1::Flow> event(const v1::EventRequest& request) = 0;
};

// What the services call; all must outlive the server.
struct Handlers {
  ControlHandler* control = nullptr;
  EndpointHandler* endpoints = nullptr;
  source::feed::StreamSource* feeder = nullptr;  // null where objects come from elsewhere
};

class Server {
 public:
  // `turned_away` is called for each connection of somebody who may not connect. `loop` must outlive it.
  static base::Result<Server> start(
      boost::asio::io_context& loop, const SocketAccess& access, const Handlers& handlers,
      std::function<void(uid_t uid, pid_t pid)> turned_away = [](uid_t, pid_t) {});
  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  ~Server();

  // Takes no more calls, ends those under way within `grace` and removes the socket. Blocks; the loop must
  // run meanwhile on another thread, since it is there that calls are answered.
  void stop(std::chrono::milliseconds grace);

 private:
  struct State;
  explicit Server(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace sluice::control
