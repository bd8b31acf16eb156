// Watcher: follows a Kubernetes API server and feeds the agent with what the server holds.
//
// Laws:
//  1. It needs no privilege.
//  2. The API server or the agent may be away, slow or wrong at any time: the watcher tries again
//     without end, and what is known stands meanwhile.
//
// Everything runs on the thread that runs `loop`.
#pragma once

#include <prometheus/metric_family.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <memory>
#include <vector>

#include "agent/serve/http.h"
#include "agent/source/kube/informer.h"
#include "agent/watcher/feed_sender.h"

namespace sluice::watcher {

struct WatcherOptions {
  std::string version, socket;
  std::string node;  // the agent's --node-name as expected; empty: whatever it is
  source::kube::InformerOptions following;
};

class Watcher {
 public:
  // `loop`, `server` and `log` must outlive it.
  Watcher(boost::asio::io_context& loop, const source::kube::ApiServer& server, WatcherOptions options,
          const base::Log& log);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  void start();
  // start(), then until SIGTERM or SIGINT.
  void run();
  // /livez, /healthz, /readyz, /metrics
  serve::HttpAnswer answer_http(const serve::HttpRequest& request);
  // Why it is not ready, one line; empty where the agent has been sent everything there is.
  std::string not_ready() const;

 private:
  void note_news();
  // Has it changed since it was logged last?
  bool note_problem(size_t informer);
  v1::SourceState source_state() const;
  std::vector<prometheus::MetricFamily> metrics() const;

  boost::asio::io_context& loop_;
  const WatcherOptions options_;
  const source::kube::ApiServer& server_;
  const base::Log& log_;
  source::kube::Mirror mirror_;
  FeedSender sender_;
  std::vector<std::unique_ptr<source::kube::Informer>> informers_;
  std::vector<std::optional<std::string>> reported_;  // the problem logged last, by informer
  boost::asio::signal_set signals_;
  uint64_t reported_remarks_ = 0;  // Mirror::remarks_version() as sent last
  bool complete_ = false;
};

}  // namespace sluice::watcher
