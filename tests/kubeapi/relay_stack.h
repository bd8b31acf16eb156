// RelayStack: an API server, relays that follow it, the watcher of node-a that follows them, and its agent, joined by real
// sockets and real certificates. Relays and watcher run on the caller's thread, inside run_until() and run_for().
#pragma once

#include "agent/watcher/relay_audience.h"
#include "agent/watcher/relayed_feed.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {

class RelayStack {
 public:
  explicit RelayStack(Script script = {});
  ~RelayStack();

  World world;
  ApiDouble api;
  Folder folder;
  AgentDouble agent;
  relay::RelayLimits limits;  // of relays that are started later
  relay::NodeNames node_names = relay::NodeNames::kCertificate;
  std::string node = "node-a";

  // Certificates in files, as a mounted Secret has them: written anew, they are replaced.
  relay::TlsFiles write(const std::string& name, const Identity& identity, const std::string& ca) const;

  struct Running {
    std::unique_ptr<watcher::Watcher> watcher;
    watcher::RelayAudience* nodes = nullptr;  // the watcher's
    int port = 0;
  };
  // Listens at `port`, 0: any.
  Running& start_relay(const relay::TlsFiles& files, int port = 0);
  Running& start_relay() { return start_relay(write("relay", pki().server, pki().ca)); }
  void stop_relay(size_t index) { relays_[index]->watcher.reset(); }
  Running& relay(size_t index) { return *relays_[index]; }

  // Follows the relays that were started; with the node's certificate, unless another is given.
  void start_node(std::optional<relay::TlsFiles> files = {}, bool may_fall_back = true);
  watcher::RelayedFeed& fed() { return *fed_; }
  void stop_node() { fed_.reset(); }

  bool run_until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = kDeadline);
  void run_for(std::chrono::milliseconds time);
  // As the node is to see the world.
  model::Cluster view() const;
  bool run_until_equal();
  boost::asio::io_context& loop() { return loop_; }

 private:
  source::kube::ApiServer server_;
  boost::asio::io_context loop_{1};
  base::Log log_;
  std::vector<std::unique_ptr<Running>> relays_;
  std::unique_ptr<watcher::RelayedFeed> fed_;
};

}  // namespace sluice::kubeapi
