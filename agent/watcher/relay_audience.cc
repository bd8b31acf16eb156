#include "agent/watcher/relay_audience.h"

namespace sluice::watcher {

base::Status RelayAudience::listen(const relay::RelayServer::Options& options) {
  auto server = relay::RelayServer::listen(loop_, relay_, options);
  if (!server) return server.error();
  server_ = std::move(*server);
  return base::done();
}

void RelayAudience::tell(const SourceNews& news) {
  relay_.tell(state_of({news.away, news.notes, {}, {}, 0, 0}));
}

std::string RelayAudience::not_ready() const {
  if (server_ == nullptr) return "no node is let in yet";
  return mirror_.complete() ? "" : "not everything is listed yet";
}

void RelayAudience::add_metrics(serve::MetricFamilies& all) const {
  const relay::RelayCounts& counts = relay_.counts();
  all.gauge("sluice_watcher_relay_nodes", "Nodes that follow this relay.",
            static_cast<double>(relay_.nodes()));
  all.gauge("sluice_watcher_relay_changes_waiting", "Objects whose change waits for a node, of all nodes.",
            static_cast<double>(relay_.waiting()));
  all.counter("sluice_watcher_relay_follows_total", "Streams of nodes that began.", counts.followed);
  all.counter("sluice_watcher_relay_refusals_total", "Streams of nodes that were refused.", counts.refused);
  all.counter("sluice_watcher_relay_others_certificates_total",
              "Streams refused since the certificate may not ask for that node.",
              server_ == nullptr ? 0 : server_->others_certificates());
  all.counter("sluice_watcher_relay_snapshots_total", "Snapshots begun.", counts.snapshots);
  all.counter("sluice_watcher_relay_batches_total", "Batches sent to nodes.", counts.batches);
  all.counter("sluice_watcher_relay_events_total", "Objects and removals sent to nodes.", counts.events);
  all.counter("sluice_watcher_relay_sent_bytes_total", "Bytes of messages to nodes.", counts.bytes);
  all.counter("sluice_watcher_relay_cut_off_total", "Nodes that took nothing for too long.", counts.cut_off);
}

}  // namespace sluice::watcher
