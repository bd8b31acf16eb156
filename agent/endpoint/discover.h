// discover(): which namespaces of a directory are joined to this machine by a veth, and on which interface.
//
// Laws: a Found is certain: both ends of the veth name each other, each by index and by namespace, and the
// near end is in the calling thread's own namespace. Two files of one namespace count once (the first by
// name); a file of the caller's own namespace counts not at all. A file that is no namespace, or one that
// goes away meanwhile, is a problem line and the others still count. The topology does not matter: routed
// peer-to-peer or enslaved to a bridge. Values only; bounded waits. Call it again when EndpointWatch says so.
#pragma once

#include <string>
#include <vector>

#include "agent/endpoint/netns.h"
#include "agent/net/ip.h"

namespace sluice::endpoint {

// One interface of one namespace; a namespace with two gives two.
struct Found {
  std::string netns;  // the file's name in the directory
  int host_ifindex = 0;
  std::string host_ifname;
  std::vector<net::Ip> addresses;  // of the far end, global scope; sorted, never empty
  bool operator==(const Found&) const = default;
};

struct Discovery {
  std::vector<Found> found;           // by netns, then host_ifindex
  std::vector<std::string> problems;  // one line each
};

// A directory that does not exist (yet) holds nothing.
base::Result<Discovery> discover(const std::string& netns_dir);

// The names in a directory, sorted, without "." and ".."; empty where there is no such directory.
base::Result<std::vector<std::string>> names_in(const std::string& dir);

}  // namespace sluice::endpoint
