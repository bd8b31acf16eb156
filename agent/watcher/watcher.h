// Watcher: follows a Kubernetes API server and feeds the agent with what the server holds, and with what a Translator makes
// of kinds that are not ours.
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
#include <optional>
#include <set>
#include <vector>

#include "agent/serve/http.h"
#include "agent/source/kube/informer.h"
#include "agent/watcher/feed_sender.h"
#include "agent/watcher/translation.h"

namespace sluice::watcher {

struct WatcherOptions {
  std::string version, socket;
  std::string node;  // the agent's --node-name as expected; empty: whatever it is
  source::kube::InformerOptions following;
  std::unique_ptr<source::decode::Translator> translator = {};  // null: nothing else is followed
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
  void follow(const source::kube::Resource& resource, source::kube::Sink& sink);
  void note_news();
  void log_findings();
  // Has it changed since it was logged last?
  bool note_problem(size_t informer);
  v1::SourceState source_state() const;
  std::vector<prometheus::MetricFamily> metrics() const;

  boost::asio::io_context& loop_;
  WatcherOptions options_;
  const source::kube::ApiServer& server_;
  const base::Log& log_;
  source::kube::Mirror mirror_;
  std::optional<Translation> translation_;
  FeedSender sender_;
  std::vector<std::unique_ptr<source::kube::MirrorSink>> sinks_;
  std::vector<source::kube::Resource> foreign_;
  std::vector<std::unique_ptr<source::kube::Informer>> informers_;
  std::vector<std::optional<std::string>> reported_;  // the problem logged last, by informer
  boost::asio::signal_set signals_;
  uint64_t reported_remarks_ = 0;     // Mirror::remarks_version() as sent last
  std::set<std::string> translated_;  // findings of the Translation that were logged, and still hold
  bool complete_ = false;
};

}  // namespace sluice::watcher
