// What the agent says of itself: the control API's replies, and HTTP.
#include "agent/control/agent.h"

namespace sluice::control {

using base::Result;
using std::chrono::steady_clock;

kernel::Counters Agent::counters() const {
  auto counters = kernel::read_counters(*kernel_.programs);
  if (counters) return *counters;
  log_.error("counters_unreadable", {{"error", counters.error().message()}});
  return {};
}

EndpointStats Agent::stats() const {
  EndpointStats all;
  for (const auto& [endpoint, value] : view().image().endpoints) {
    const auto id = view().placement().id_of(endpoint);
    if (!id) continue;  // not in the maps yet
    auto stats = kernel::read_stats(*kernel_.programs, SLUICE_ENDPOINT_INDEX(*id));
    all[endpoint] = stats ? *stats : sluice_endpoint_stats{};
  }
  return all;
}

MetricsReading Agent::reading() const {
  MetricsReading now = metrics_reading(view(), facts_, counters(), stats());
  if (feed_ != nullptr) now.feed = feed_->reading();
  return now;
}

v1::StatusReply Agent::status() {
  return status_reply(view(), facts_, counters(), stats(), steady_clock::now() - started_);
}
v1::EndpointsReply Agent::endpoints() {
  return endpoints_reply(view(), facts_, stats());
}
v1::PoliciesReply Agent::policies() {
  return policies_reply(view());
}
v1::IdentitiesReply Agent::identities() {
  return identities_reply(view());
}
Result<v1::CheckReply> Agent::check(const v1::CheckRequest& request) {
  return check_reply(view(), request);
}

serve::HttpAnswer Agent::answer_http(std::string_view path) {
  if (path == "/metrics") return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text(reading())};
  if (path == "/healthz" || path == "/livez") return {200, "text/plain; charset=utf-8", "ok\n"};
  if (path == "/readyz") {
    const std::string why = view().why_not_ready();
    return {why.empty() ? 200U : 503U, "text/plain; charset=utf-8", (why.empty() ? "ready" : why) + "\n"};
  }
  return {404, "text/plain; charset=utf-8", "there are /metrics, /healthz, /livez and /readyz\n"};
}

}  // namespace sluice::control
