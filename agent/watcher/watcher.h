// Watcher: follows a Kubernetes API server and tells an Audience, which is the agent where nobody says otherwise, what the
// server holds, and what a Translator makes of kinds that are not ours.
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
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "agent/base/log.h"
#include "agent/serve/http.h"
#include "agent/source/kube/informer.h"
#include "agent/watcher/audience.h"
#include "agent/watcher/translation.h"

namespace sluice::watcher {

struct WatcherOptions {
  std::string version, socket;
  std::string node;  // the agent's --node-name as expected; empty: whatever it is
  source::kube::InformerOptions following;
  std::unique_ptr<source::decode::Translator> translator = {};  // null: nothing else is followed
  // Who is told; null: the agent at `socket`.
  std::function<std::unique_ptr<Audience>(const source::kube::Mirror& mirror)> audience = {};
  std::vector<std::string> notes = {};  // told with the state of the source
};

// What is asked over HTTP, of whatever feeds the agent.
serve::HttpAnswer answer(const serve::HttpRequest& request, const std::string& not_ready,
                         const std::function<std::vector<prometheus::MetricFamily>()>& metrics);

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
  // Why it is not ready, one line; empty where the audience has been told everything there is.
  std::string not_ready() const;
  std::vector<prometheus::MetricFamily> metrics() const;

 private:
  void follow(const source::kube::Resource& resource, source::kube::Sink& sink);
  void note_news();
  void log_findings();
  // Has it changed since it was logged last?
  bool note_problem(size_t informer);
  SourceNews source_news() const;
  std::unique_ptr<Audience> feed_sender();

  boost::asio::io_context& loop_;
  WatcherOptions options_;
  const source::kube::ApiServer& server_;
  const base::Log& log_;
  source::kube::Mirror mirror_;
  std::optional<Translation> translation_;
  std::unique_ptr<Audience> audience_;
  std::vector<std::unique_ptr<source::kube::MirrorSink>> sinks_;
  std::vector<source::kube::Resource> foreign_;
  std::vector<std::unique_ptr<source::kube::Informer>> informers_;
  std::vector<std::optional<std::string>> reported_;  // the problem logged last, by informer
  uint64_t reported_remarks_ = 0;                     // Mirror::remarks_version() as sent last
  std::set<std::string> translated_;  // findings of the Translation that were logged, and still hold
  bool complete_ = false;
};

}  // namespace sluice::watcher
