// FeedService: the gRPC side of the feed: streams come in, and call StreamSource.
//
// Laws:
//  1. A stream reads its next message only when the agent has taken the one before: a feeder that
//     is faster than the agent waits at its socket.
//  2. Messages are decoded on gRPC's threads; everything else runs on the thread that runs
//     `loop`.
#pragma once

#include <boost/asio/io_context.hpp>
#include <string>

#include "agent/source/feed/stream_source.h"
#include "sluice/v1/feed.grpc.pb.h"

namespace sluice::source::feed {

class FeedService final : public v1::Feed::CallbackService {
 public:
  // `feeder` is null where the agent takes its objects from elsewhere. Both must outlive it.
  FeedService(boost::asio::io_context& loop, StreamSource* feeder) : loop_(loop), feeder_(feeder) {}

  grpc::ServerBidiReactor<v1::FeedRequest, v1::FeedReply>* Objects(
      grpc::CallbackServerContext* context) override;

 private:
  boost::asio::io_context& loop_;
  StreamSource* feeder_;
};

}  // namespace sluice::source::feed
