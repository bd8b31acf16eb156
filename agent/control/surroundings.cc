#include "agent/control/surroundings.h"

namespace sluice::control {

using base::Status;

Status Surroundings::look() {
  const Status news = take_news();
  std::vector<std::string> unread;
  Status first = news;
  for (const Status& read :
       {discovery_owed_ ? discover() : base::done(), addresses_owed_ ? read_addresses() : base::done()}) {
    if (read) continue;
    unread.push_back(read.error().message());
    if (first) first = read;
  }
  // News that cannot be taken may be about anything: to be looked at until they can.
  if (!news) owe_all();
  node_.take_unread(std::move(unread));
  return first;
}

// What cannot be watched can perhaps be seen.
Status Surroundings::take_news() {
  auto news = eyes_.news();
  if (!news) {
    unwatched_ = {news.error().message()};
    owe_all();
    return news.error();
  }
  discovery_owed_ = discovery_owed_ || news->links || news->namespaces || news->inside || news->overrun ||
                    !news->problems.empty() || unwatched_ != news->problems;
  addresses_owed_ = addresses_owed_ || news->node_addresses || news->overrun;
  unwatched_ = std::move(news->problems);
  return base::done();
}

Status Surroundings::discover() {
  auto discovery = eyes_.discover();
  if (!discovery) return discovery.error();
  discovery_owed_ = !discovery->unseen.empty() || !unwatched_.empty();
  discovery->problems.insert(discovery->problems.end(), unwatched_.begin(), unwatched_.end());
  node_.take_discovery(std::move(*discovery));
  return base::done();
}

Status Surroundings::read_addresses() {
  auto addresses = eyes_.node_addresses();
  if (!addresses) return addresses.error();
  addresses_owed_ = false;
  node_.take_node_addresses(std::move(*addresses));
  return base::done();
}

}  // namespace sluice::control
