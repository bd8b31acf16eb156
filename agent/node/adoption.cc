#include "agent/node/adoption.h"

#include <unordered_map>

namespace sluice::node {

std::vector<OpenFlow> adopt(const std::vector<endpoint::Connection>& connections,
                            const std::vector<AdoptingEndpoint>& endpoints) {
  std::unordered_map<net::Ip, uint32_t> ids;
  for (const auto& endpoint : endpoints)
    for (const auto& ip : {endpoint.ipv4, endpoint.ipv6})
      if (ip) ids.emplace(*ip, endpoint.flow_id);
  std::vector<OpenFlow> flows;
  for (const auto& [original, reply] : connections) {
    if (const auto opener = ids.find(original.source); opener != ids.end())
      flows.push_back({opener->second, original.destination, original.source_port, original.destination_port,
                       SLUICE_EGRESS});
    if (const auto other = ids.find(reply.source); other != ids.end())
      flows.push_back(
          {other->second, reply.destination, reply.source_port, reply.destination_port, SLUICE_INGRESS});
  }
  return flows;
}

}  // namespace sluice::node
