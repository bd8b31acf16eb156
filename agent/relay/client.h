// RelayClient: the node's end of a relay (proto/sluice/v1/relay.proto), for a program that runs on a Boost.Asio loop.
//
// Laws:
//  1. All calls are made, and all handlers run, on the thread that runs `loop`; gRPC's threads only post to it.
//  2. One stream at a time: open(), then following() once, then batch() and state() as they come. closed() is the last
//     one, for whatever reason; after close() or the destructor none comes at all.
//  3. After following() and after each batch() nothing is read before more(): a relay that is faster than the agent
//     waits.
//  4. Nothing tries again by itself. A relay that is not there, or says nothing, is noticed within kConnecting.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "agent/relay/tls.h"
#include "sluice/v1/relay.pb.h"

namespace sluice::relay {

inline constexpr std::chrono::seconds kConnecting{15};

class FollowStream;

class RelayClient {
 public:
  struct Handlers {
    std::function<void(const v1::Following& following)> following;
    std::function<void(v1::Batch batch)> batch;
    std::function<void(v1::SourceState state)> state;
    std::function<void(const base::Error& why)> closed;
  };

  // `loop` must outlive it; it need not run any more when this is destroyed.
  RelayClient(boost::asio::io_context& loop, std::shared_ptr<grpc::ChannelCredentials> credentials)
      : loop_(loop), credentials_(std::move(credentials)) {}
  ~RelayClient() { close(); }
  RelayClient(const RelayClient&) = delete;
  RelayClient& operator=(const RelayClient&) = delete;

  // Ends the stream before, if there is one. `address`: HOST:PORT; the certificate must have HOST.
  void open(const std::string& address, const v1::FollowRequest& request, Handlers handlers);
  void more();
  void close();

 private:
  boost::asio::io_context& loop_;
  const std::shared_ptr<grpc::ChannelCredentials> credentials_;
  std::shared_ptr<FollowStream> stream_;
};

}  // namespace sluice::relay
