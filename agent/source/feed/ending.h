// Ending: between a stream whose members belong to the loop's thread and gRPC's threads, which call its On…(). Shared, and
// outlives the stream.
//
// Law: no thread of gRPC's is ever the last to let go of the stream. With a stream goes its channel, and with the last
// channel gRPC joins these very threads. So these ask for what holds the stream under the mutex, and where it is abandoned
// not at all: then the loop may be gone.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <condition_variable>
#include <mutex>

namespace sluice::source::feed {

class Ending {
 public:
  // gRPC's threads. make() gives what the loop is to do, and holds the stream.
  template <typename Make>
  void post(boost::asio::io_context& loop, Make make) {
    const std::lock_guard lock(mutex_);
    if (!abandoned_) boost::asio::post(loop, make());
  }
  // The same, of the last of gRPC's calls: the stream may be gone when it returns, so the caller holds this by itself.
  template <typename Make>
  void finish(boost::asio::io_context& loop, Make make) {
    const std::lock_guard lock(mutex_);
    if (!abandoned_) boost::asio::post(loop, make());
    done_ = true;
    is_done_.notify_all();
  }

  // The loop's thread: nothing is posted any more.
  void abandon() {
    const std::lock_guard lock(mutex_);
    abandoned_ = true;
  }
  bool is_abandoned() const {
    const std::lock_guard lock(mutex_);
    return abandoned_;
  }
  // Until gRPC has let go of the stream.
  void wait() {
    std::unique_lock lock(mutex_);
    is_done_.wait(lock, [this] { return done_; });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable is_done_;
  bool abandoned_ = false, done_ = false;
};

}  // namespace sluice::source::feed
