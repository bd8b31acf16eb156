#include "agent/relay/peer.h"

#include <algorithm>

#include "agent/base/excerpt.h"

namespace sluice::relay {
namespace {

constexpr char kOfNode[] = "system:node:";

}  // namespace

base::Result<NodeNames> parse_node_names(const std::string& text) {
  if (text == "certificate") return NodeNames::kCertificate;
  if (text == "any") return NodeNames::kAny;
  return base::Error("\"" + text + "\" is none of certificate and any");
}

base::Status may_follow(const PeerNames& peer, const std::string& node, NodeNames rule) {
  if (peer.common_name.starts_with(kOfNode)) {
    if (peer.common_name == kOfNode + node) return base::done();
  } else if (rule == NodeNames::kAny || std::ranges::count(peer.alternative_names, node) > 0) {
    return base::done();
  }
  return base::Error("node " + base::one_line(node) + ": the certificate is that of " +
                     base::one_line(peer.common_name) + ": it must have the common name " + kOfNode +
                     base::one_line(node) + ", or the node as a DNS name");
}

}  // namespace sluice::relay
