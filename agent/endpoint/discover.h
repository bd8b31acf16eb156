// discover(): which namespaces of a directory are joined to this machine by a veth, and on which
// interface. Call it again when EndpointWatch says so.
//
// Laws:
//  1. A Found is certain: both ends of the veth name each other, by index and by namespace, and
//     the near end is in the calling thread's own namespace. It does not matter whether the near
//     end is routed or a port of a bridge.
//  2. Two files of one namespace count once (the first by name). A file of the caller's own
//     namespace does not count.
//  3. A file that is no namespace, or that goes away meanwhile, is a problem line; the others
//     still count.
//  4. A directory that is missing or cannot be read, and a namespace that cannot be looked into,
//     are `unseen`. What is not found may be in there: nobody may conclude from `found` that a
//     pod is gone.
//  5. Where the far end has no address because a bridge in the namespace has taken its place (a
//     virtual machine's pod), the addresses of that bridge and of dummy interfaces beside it
//     count as its. Where these have none either it is `bare`.
//
// Values only; bounded waits.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/endpoint/netns.h"
#include "agent/model/cluster.h"
#include "agent/net/ip.h"

namespace sluice::endpoint {

// The pod that a CNI plugin named as an interface's.
struct AnnouncedPod {
  model::ObjectName name;
  std::string uid;  // empty: not announced
  bool operator==(const AnnouncedPod&) const = default;
  // A uid without '-' is a static pod's and names every pod of its name: its Pod object has another one.
  bool means(const model::Pod& pod) const;
};

// One interface of one namespace; a namespace with two gives two.
struct Found {
  std::string netns;  // the file's name in the directory
  int host_ifindex = 0;
  std::string host_ifname;
  std::vector<net::Ip> addresses;              // of the far end, global scope; sorted, never empty
  std::optional<AnnouncedPod> announced = {};  // discover() knows of none
  bool operator==(const Found&) const = default;
};

struct Discovery {
  std::vector<Found> found;                         // by netns, then host_ifindex
  std::vector<std::string> problems;                // one line each: files that are no namespaces
  std::vector<std::string> unseen;                  // one line each: what could not be looked into
  std::map<int, std::string> host_interfaces = {};  // all of the calling thread's namespace, by ifindex
  std::string dir = {};                             // where it was looked
  // Near ends whose far end was looked at and has no address; the namespace, by ifindex.
  std::map<int, std::string> bare = {};
  // Veths of the calling thread's namespace whose other end is in another one, whichever that is.
  std::set<int> leads_out = {};
  bool operator==(const Discovery&) const = default;
};

// An error only where the calling thread's own namespace cannot be read.
base::Result<Discovery> discover(const std::string& netns_dir);

// The names in a directory, sorted, without "." and ".."; empty where there is no such directory.
base::Result<std::vector<std::string>> names_in(const std::string& dir);

}  // namespace sluice::endpoint
