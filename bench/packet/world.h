// World: the cluster that packets are measured in, as large as a Size says, and the addresses that a case's
// tuples are drawn from. Pure; any thread.
//
// Laws: worlds of all sizes share their first peers, blocks and Services, under the same addresses and with
// the same answers, so that the same tuples can be measured in each. The pods under test are bench/isolated
// (both ways, by `policies` policies of one peer group each and one of `cidrs` ipBlocks) and bench/open
// (by none). bench/other names the unknown, so that they are known, but to the others nobody.
#pragma once

#include <string>
#include <vector>

#include "agent/model/cluster.h"
#include "sluice/limits.h"

namespace sluice::bench {

struct Size {
  unsigned addresses = 10;  // peers: pods of other nodes that policies name
  unsigned policies = 10;
  unsigned ranges = 1;  // port ranges a rule and a protocol
  unsigned cidrs = 10;
  unsigned fill = 10;  // of the flow table, percent
  unsigned flows = SLUICE_LEAST_FLOWS;
  auto operator<=>(const Size&) const = default;
};

inline constexpr char kNode[] = "node";
inline constexpr uint16_t kAllowedPort = 443, kOtherPort = 444;

enum class TestPod { kIsolated, kOpen };
model::ObjectName name_of(TestPod pod);
net::Ip address_of(TestPod pod, net::Family family);
std::vector<model::ObjectName> local_pods();

net::Ip peer_address(unsigned index, net::Family family);
net::Ip stranger_address(unsigned index, net::Family family);  // known, allowed by nobody
net::Ip unknown_address(unsigned index, net::Family family);   // outside; in no policy
net::Ip block_address(unsigned index, net::Family family);     // in ipBlock `index`, in none of its excepts
net::Ip service_address(unsigned index, net::Family family);
inline constexpr unsigned kServiceCount = 10, kStrangerCount = 10;

// Every object of the world as an upsert, ready for compile::Compiler.
std::vector<model::Change> make_world(const Size& size);

}  // namespace sluice::bench
