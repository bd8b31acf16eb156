// HostState: reads the machine (namespaces, interfaces, node addresses) for the Reconciler.
//
// Laws:
//  1. News name what has to be read again, and come once. A reading that failed stays stale, and
//     the next refresh() tries it again, with or without news.
//  2. What cannot be read, watched or looked into is among the Reconciler's problems for as long
//     as that lasts.
//
// It waits for nothing but the readings. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/endpoint/watch.h"
#include "agent/node/reconciler.h"

namespace sluice::control {

// How the machine is read. A test gives other functions.
struct HostProbe {
  std::function<base::Result<endpoint::News>()> news;  // drains them
  std::function<base::Result<endpoint::Discovery>()> discover;
  std::function<base::Result<std::vector<net::Ip>>()> node_addresses;
};

class HostState {
 public:
  // `reconciler` must outlive it. At first everything is stale.
  HostState(HostProbe probe, node::Reconciler& reconciler)
      : probe_(std::move(probe)), reconciler_(reconciler) {}

  // Drains the news and reads what is stale. An error is the first one; the others were read all the same.
  base::Status refresh();
  // As if everything might have changed.
  void mark_stale() { discovery_stale_ = addresses_stale_ = true; }
  // Something failed, or is there and cannot be seen: call refresh() again later, also without news.
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
