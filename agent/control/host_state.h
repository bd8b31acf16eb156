// HostState: what the agent sees of its machine, namespaces and node addresses, handed to the Node.
//
// Laws: whatever the news ask for is owed until it has been read: news are announced once, so a reading that
// failed is tried again by the next refresh(), news or none. What could not be read, watched or looked into is
// among the Node's problems for as long as that lasts. No waiting but the readings' own. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/endpoint/watch.h"
#include "agent/node/reconciler.h"

namespace sluice::control {

// How to look. A test gives other functions.
struct HostProbe {
  std::function<base::Result<endpoint::News>()> news;  // takes them off
  std::function<base::Result<endpoint::Discovery>()> discover;
  std::function<base::Result<std::vector<net::Ip>>()> node_addresses;
};

class HostState {
 public:
  // `reconciler` must outlive it. At first everything is stale.
  HostState(HostProbe probe, node::Reconciler& reconciler)
      : probe_(std::move(probe)), reconciler_(reconciler) {}

  // Takes the news off and reads what is owed. An error: what failed first; the others were read all the
  // same.
  base::Status refresh();
  // As if everything might have changed.
  void mark_stale() { discovery_stale_ = addresses_stale_ = true; }
  // Something failed, or is there and cannot be seen: refresh() again later, also without news.
  bool is_stale() const { return discovery_stale_ || addresses_stale_; }

 private:
  base::Status drain_news();
  base::Status discover();
  base::Status read_addresses();

  const HostProbe probe_;
  node::Reconciler& reconciler_;
  bool discovery_stale_ = true, addresses_stale_ = true;
  std::vector<std::string> unwatched_;  // one line each
};

}  // namespace sluice::control
