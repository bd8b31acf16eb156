// Surroundings: what the agent sees of its machine, namespaces and node addresses, handed to the Node.
//
// Laws: whatever the news ask for is owed until it has been read: news are told once, so a reading that
// failed is tried again by the next look(), news or none. What could not be read, watched or looked into is
// among the Node's problems for as long as that lasts. No waiting but the readings' own. One thread.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "agent/control/node.h"
#include "agent/endpoint/watch.h"

namespace sluice::control {

// How to look. A test gives other functions.
struct Eyes {
  std::function<base::Result<endpoint::News>()> news;  // takes them off
  std::function<base::Result<endpoint::Discovery>()> discover;
  std::function<base::Result<std::vector<net::Ip>>()> node_addresses;
};

class Surroundings {
 public:
  // `node` must outlive it. At first everything is owed.
  Surroundings(Eyes eyes, Node& node) : eyes_(std::move(eyes)), node_(node) {}

  // Takes the news off and reads what is owed. An error: what failed first; the others were read all the
  // same.
  base::Status look();
  // As if everything might have changed.
  void owe_all() { discovery_owed_ = addresses_owed_ = true; }
  // Something failed, or is there and cannot be seen: look() again later, also without news.
  bool owing() const { return discovery_owed_ || addresses_owed_; }

 private:
  base::Status take_news();
  base::Status discover();
  base::Status read_addresses();

  const Eyes eyes_;
  Node& node_;
  bool discovery_owed_ = true, addresses_owed_ = true;
  std::vector<std::string> unwatched_;  // one line each
};

}  // namespace sluice::control
