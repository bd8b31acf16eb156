// Nodes: as many as are asked for that follow one relay, each by a connection of its own, and keep nothing of what they
// are sent but how much it was and when what is waited for came.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "agent/relay/client.h"

namespace sluice::bench {

class Nodes {
 public:
  using Clock = std::chrono::steady_clock;

  Nodes(boost::asio::io_context& loop, const relay::TlsFiles& files, std::string address, int count);

  // All of them come within `within`.
  void start(std::chrono::milliseconds within);
  int whole() const { return whole_; }  // that have a snapshot
  uint64_t failures() const { return failures_; }
  const std::string& failure() const { return failure_; }
  // Of all nodes, since the last call.
  struct Taken {
    uint64_t bytes = 0, events = 0, batches = 0;
  };
  Taken drain_taken() { return std::exchange(taken_, {}); }

  // From here on each node notes when an object of this name came, or went.
  void wait_for(std::string name);
  const std::vector<Clock::time_point>& came() const { return came_; }

 private:
  struct Node {
    std::unique_ptr<relay::RelayClient> client;
    std::unique_ptr<boost::asio::steady_timer> pause;
    bool is_whole = false, has_come = false;
  };
  void open_after(size_t number, std::chrono::milliseconds pause);
  void open(size_t number);
  void take(Node& node, const v1::Batch& batch);

  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  const std::string address_;
  std::vector<Node> nodes_;
  std::string name_;
  std::vector<Clock::time_point> came_;
  Taken taken_;
  int whole_ = 0;
  uint64_t failures_ = 0;
  std::string failure_;
};

}  // namespace sluice::bench
