#include "agent/source/kube/informer.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

namespace sluice::source::kube {
namespace {

// A timer's handler that is queued already cannot be taken back by cancelling: the sanitizers see it where it
// finds nobody.
TEST(InformerTest, ItsPauseMayEndAfterIt) {
  boost::asio::io_context loop(1);
  ApiServer server;
  server.host = "127.0.0.1";
  server.port = "1";
  Mirror mirror([](const model::Object&) { return std::string(); }, [](const model::ObjectId&, int64_t) {});
  MirrorSink sink(model::Kind::kPod, "test", mirror);
  boost::asio::steady_timer first(loop, std::chrono::steady_clock::time_point::min());
  auto follower =
      std::make_unique<Informer>(loop, server, resources().front(), InformerOptions(), sink, [] {});
  follower->start();
  // Both are due, so both handlers are queued before the first of them runs.
  first.async_wait([&](boost::system::error_code) { follower->stop(), follower.reset(); });
  loop.run();
  EXPECT_EQ(follower, nullptr);
}

}  // namespace
}  // namespace sluice::source::kube
