// Site: one node with its five pods, all in network namespaces of its own: pod -- veth -- router -- veth --
// pod.
//
// Laws: the namespaces have no name and no place in the file system: they, their interfaces, rules and
// programs end with the process, however it ends. Nothing of the machine's own namespace is touched. Routed
// as a node does: each pod has a /32 and a default route through 169.254.1.1, which the router's end of its
// veth has; the router forwards. Move-only; one thread at a time.
#pragma once

#include <vector>

#include "agent/endpoint/netns.h"
#include "agent/model/objects.h"

namespace sluice::bench::wire {

struct SitePod {
  model::ObjectName name;
  net::Ip ip;
  endpoint::Netns netns;
  uint32_t router_ifindex;  // of the router's end, in the router's namespace
};

class Site {
 public:
  static base::Result<Site> build(const std::vector<model::Pod>& pods);

  const endpoint::Netns& router() const { return router_; }
  const std::vector<SitePod>& pods() const { return pods_; }  // in the order given
  const SitePod& pod(size_t index) const { return pods_[index]; }

 private:
  Site(endpoint::Netns router, std::vector<SitePod> pods)
      : router_(std::move(router)), pods_(std::move(pods)) {}
  endpoint::Netns router_;
  std::vector<SitePod> pods_;
};

}  // namespace sluice::bench::wire
