#include "agent/control/host_state.h"

namespace sluice::control {

using base::Status;

Status HostState::refresh() {
  const Status news = drain_news();
  std::vector<std::string> unread;
  Status first = news;
  for (const Status& read :
       {discovery_stale_ ? discover() : base::done(), addresses_stale_ ? read_addresses() : base::done()}) {
    if (read) continue;
    unread.push_back(read.error().message());
    if (first) first = read;
  }
  // News that cannot be drained may be about anything: everything stays stale until they can be.
  if (!news) mark_stale();
  reconciler_.set_unread(std::move(unread));
  return first;
}

// Where the machine cannot be watched, refresh() still reads it: everything counts as changed.
Status HostState::drain_news() {
  auto news = probe_.news();
  if (!news) {
    unwatched_ = {news.error().message()};
    mark_stale();
    return news.error();
  }
  discovery_stale_ = discovery_stale_ || news->links || news->namespaces || news->inside || news->overrun ||
                     !news->problems.empty() || unwatched_ != news->problems;
  addresses_stale_ = addresses_stale_ || news->node_addresses || news->overrun;
  unwatched_ = std::move(news->problems);
  return base::done();
}

Status HostState::discover() {
  auto discovery = probe_.discover();
  if (!discovery) return discovery.error();
  discovery_stale_ = !discovery->unseen.empty() || !unwatched_.empty();
  discovery->problems.insert(discovery->problems.end(), unwatched_.begin(), unwatched_.end());
  reconciler_.set_discovery(std::move(*discovery));
  return base::done();
}

Status HostState::read_addresses() {
  auto addresses = probe_.node_addresses();
  if (!addresses) return addresses.error();
  addresses_stale_ = false;
  reconciler_.set_node_addresses(std::move(*addresses));
  return base::done();
}

}  // namespace sluice::control
