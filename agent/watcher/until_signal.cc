#include "agent/watcher/until_signal.h"

#include <boost/asio/signal_set.hpp>
#include <csignal>

namespace sluice::watcher {

void run_until_signal(boost::asio::io_context& loop, const base::Log& log,
                      const std::function<void()>& start) {
  boost::asio::signal_set signals(loop, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code code, int) {
    if (code) return;
    log.info("stop");
    loop.stop();
  });
  start();
  loop.run();
}

}  // namespace sluice::watcher
