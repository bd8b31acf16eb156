// What sluice-watcher says over HTTP. Names and help texts are those of docs/watcher.md.
#include "agent/serve/exposition.h"
#include "agent/serve/metric_families.h"
#include "agent/watcher/watcher.h"

namespace sluice::watcher {
namespace {

using prometheus::MetricType;
using source::kube::InformerCounts;

struct CountRow {
  const char* name;
  const char* help;
  uint64_t InformerCounts::*count;
};
constexpr CountRow kCounts[] = {
    {"sluice_watcher_lists_total", "Lists begun, by kind.", &InformerCounts::lists},
    {"sluice_watcher_pages_total", "Pages of lists read whole, by kind.", &InformerCounts::pages},
    {"sluice_watcher_watches_total", "Watches asked for, by kind.", &InformerCounts::watches},
    {"sluice_watcher_events_total", "Events of watches, bookmarks not counted, by kind.",
     &InformerCounts::events},
    {"sluice_watcher_skipped_total", "Objects without meaning for network policy, by kind.",
     &InformerCounts::skipped},
    {"sluice_watcher_received_bytes_total", "Bytes of answers, by kind.", &InformerCounts::bytes}};
constexpr source::kube::Failure::Kind kFailures[] = {
    source::kube::Failure::Kind::kForgotten, source::kube::Failure::Kind::kThrottled,
    source::kube::Failure::Kind::kRefused,   source::kube::Failure::Kind::kMissing,
    source::kube::Failure::Kind::kServer,    source::kube::Failure::Kind::kBroken,
    source::kube::Failure::Kind::kInvalid};

}  // namespace

std::vector<prometheus::MetricFamily> Watcher::metrics() const {
  serve::MetricFamilies all;
  all.begin("sluice_watcher_build_info", "Version of the watcher; always 1.", MetricType::Gauge);
  all.add(1, {{"version", options_.version}});
  all.gauge("sluice_watcher_ready", "1 while whoever is fed has been told everything.", not_ready().empty());
  const auto by_kind = [&](const char* name, const char* help, MetricType type, auto value) {
    all.begin(name, help, type);
    for (const auto& informer : informers_)
      all.add(static_cast<double>(value(*informer)), {{"kind", informer->kind()}});
  };
  by_kind("sluice_watcher_objects", "Objects held, by kind.", MetricType::Gauge,
          [&](const auto& informer) { return informer.held().count(); });
  by_kind("sluice_watcher_watching", "1 while a watch is open, by kind.", MetricType::Gauge,
          [](const auto& informer) { return informer.watching(); });
  by_kind("sluice_watcher_unfollowed_seconds", "Time without an open watch, by kind; 0 while one is open.",
          MetricType::Gauge, [now = std::chrono::steady_clock::now()](const auto& informer) {
            return informer.unfollowed(now).count();
          });
  for (const CountRow& row : kCounts)
    by_kind(row.name, row.help, MetricType::Counter,
            [&](const auto& informer) { return informer.counts().*row.count; });
  all.begin("sluice_watcher_failures_total", "Requests that failed, by kind and reason.",
            MetricType::Counter);
  for (const auto& informer : informers_)
    for (const auto failure : kFailures) {
      const auto found = informer->counts().failures.find(to_text(failure));
      all.add(found == informer->counts().failures.end() ? 0 : static_cast<double>(found->second),
              {{"kind", informer->kind()}, {"reason", std::string(to_text(failure))}});
    }
  all.gauge("sluice_watcher_problems", "Objects that make no sense.",
            static_cast<double>(mirror_.problem_count()));
  if (translation_) {
    all.gauge("sluice_watcher_policies_closed",
              "Reasons why policies of other kinds cannot be said: what they select is closed.",
              static_cast<double>(translation_->problems().size()));
    all.gauge("sluice_watcher_policies_less",
              "What policies of other kinds allow and cannot be said: it is denied.",
              static_cast<double>(translation_->warnings().size()));
  }
  audience_->add_metrics(all);
  return all.drain();
}

serve::HttpAnswer Watcher::answer_http(const serve::HttpRequest& request) {
  return answer(request, not_ready(), [this] { return metrics(); });
}

serve::HttpAnswer answer(const serve::HttpRequest& request, const std::string& not_ready,
                         const std::function<std::vector<prometheus::MetricFamily>()>& metrics) {
  const std::string_view path = request.path;
  if (path == "/livez" || path == "/healthz") return {200, "text/plain; charset=utf-8", "ok\n"};
  if (path == "/metrics") return serve::metrics_answer(request.accept, metrics());
  if (path != "/readyz")
    return {404, "text/plain; charset=utf-8", "not found: /metrics, /livez or /readyz\n"};
  return not_ready.empty() ? serve::HttpAnswer{200, "text/plain; charset=utf-8", "ok\n"}
                           : serve::HttpAnswer{503, "text/plain; charset=utf-8", not_ready + "\n"};
}

}  // namespace sluice::watcher
