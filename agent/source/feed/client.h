// FeedClient: the feeder's end of the feed (proto/sluice/v1/feed.proto), for a program that runs
// on a Boost.Asio loop.
//
// Laws:
//  1. All calls are made, and all handlers run, on the thread that runs `loop`; gRPC's threads
//     only post to it.
//  2. One stream at a time: open(), then welcome() once, then progress() as it comes. closed() is
//     the last one, for whatever reason; after close() or the destructor none comes at all.
//  3. Nothing tries again by itself: after closed() the caller pauses and calls open() anew.
//  4. A batch handed over is sent as soon as the window lets it. Memory is bounded as long as the
//     caller hands over only while has_room().
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>

#include "agent/base/result.h"
#include "sluice/v1/feed.pb.h"

namespace sluice::source::feed {

class FeedStream;

class FeedClient {
 public:
  struct Handlers {
    std::function<void(const v1::Welcome& welcome)> welcome;
    std::function<void(const v1::Progress& progress)> progress;
    std::function<void(const base::Error& why)> closed;
  };

  // `loop` must outlive it; it need not run any more when this is destroyed.
  FeedClient(boost::asio::io_context& loop, std::string socket);
  ~FeedClient();
  FeedClient(const FeedClient&) = delete;
  FeedClient& operator=(const FeedClient&) = delete;

  // Ends the stream before, if there is one. Connects and says hello; tries once.
  void open(v1::Hello hello, Handlers handlers);
  void close();

  // Between welcome() and closed().
  bool is_open() const;
  // Would a batch handed over now be sent at once? After false, it may be true again with the next
  // progress().
  bool has_room() const;
  // Hands a batch over; its sequence number is set here and answered. An error: no stream is open, or it is
  // larger than the agent takes.
  base::Result<uint64_t> send(v1::Batch batch);
  // Only the last one counts; sent before batches that wait.
  void tell(v1::SourceState state);

 private:
  boost::asio::io_context& loop_;
  const std::string socket_;
  std::shared_ptr<FeedStream> stream_;
};

}  // namespace sluice::source::feed
