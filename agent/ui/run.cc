#include "agent/ui/run.h"

#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <sstream>

namespace sluice::ui {

base::Status run(const boost::asio::ip::tcp::endpoint& at, const Site& site,
                 const std::function<void(const std::string& url)>& listening) {
  boost::asio::io_context loop;
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&loop](const boost::system::error_code&, int) { loop.stop(); });
  auto listener = serve::HttpListener::listen(
      loop, at, [&site](const serve::HttpRequest& request) { return site.answer(request); });
  if (!listener) return listener.error();
  std::ostringstream url;
  url << "http://" << listener->endpoint() << "/";
  listening(url.str());
  loop.run();
  return base::done();
}

}  // namespace sluice::ui
