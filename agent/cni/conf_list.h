// The network configuration that the installer writes: the node's own (the base), with Sluice as
// its last plugin, and as its first where it has a gate.
//
// Laws:
//  1. Everything that stands in the base stays as it is and in its order, name and cniVersion
//     too, so that a runtime takes the composed list for the same network.
//  2. Excepted are versions that sluice-cni does not speak: they go from `cniVersions`, and such
//     a cniVersion gives way to the highest that is left.
//  3. A base that a runtime would not take, or in which sluice-cni stands already, is an error.
//  4. What we wrote names its base and a digest of it. Where another program adds itself to our
//     list the list still counts as composed, and two installers do not undo each other.
//  5. sluice-cni never stays in front of the bandwidth plugin: that plugin adds an `ingress`
//     qdisc to the node's end of the pod's veth, and fails where clsact, by which programs are
//     attached below Linux 6.6, is there first.
//
// Pure; any thread. Source: CNI SPEC.md, "Section 1: Network configuration format";
// containernetworking/plugins, plugins/meta/bandwidth.
#pragma once

#include <string>
#include <string_view>

#include "agent/base/result.h"
#include "agent/cni/config.h"

namespace sluice::cni {

inline constexpr char kPluginType[] = "sluice-cni";  // and the program's file name, by which runtimes find it

// What our own entries say; the keys that Config reads.
struct Entry {
  std::string socket = kDefaultSocket;
  std::string timeout = kDefaultTimeout;
  OnFailure on_failure = OnFailure::kStrict;
  bool gate = true;  // is a pod's namespace closed from before it has an interface?
};

struct Base {
  std::string name;  // of its file: "10-kindnet.conflist"
  std::string bytes;
};

// Is this the name of a file that runtimes read? "*.conflist", and "*.conf" and "*.json", which hold one
// plugin.
bool is_configuration_name(std::string_view name);

// Does sluice-cni stand in front of the bandwidth plugin in this configuration?
bool precedes_bandwidth(std::string_view configuration);

base::Result<std::string> compose(const Base& base, const Entry& entry);
// Would compose() of today write this, but for what others added?
bool is_composed_of(std::string_view ours, const Base& base, const Entry& entry);
// `ours`, to which others added, with our last entry behind the bandwidth plugin again.
base::Result<std::string> put_last(std::string_view ours);

}  // namespace sluice::cni
