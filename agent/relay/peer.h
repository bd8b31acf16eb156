// Whose certificate it is: which node may ask. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "agent/base/result.h"

namespace sluice::relay {

// What a verified certificate calls its owner.
struct PeerNames {
  std::string common_name;
  std::vector<std::string> alternative_names;
};

enum class NodeNames {
  kCertificate,  // the certificate names the node: common name "system:node:NAME", as a kubelet's, or a DNS name NAME
  kAny,          // any certificate of the authority asks for any node, but a kubelet's, which names its own
};
base::Result<NodeNames> parse_node_names(const std::string& text);  // "certificate", "any"

// An error says whose certificate it is, and what is asked for.
base::Status may_follow(const PeerNames& peer, const std::string& node, NodeNames rule);

}  // namespace sluice::relay
