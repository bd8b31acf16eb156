// ipBlocks that cover what selectors are for, and prefixes with host bits.
#include "agent/lint/addresses.h"
#include "agent/lint/checks.h"

namespace sluice::lint {
namespace {

// "10.0.0.0/8 covers 2 pod addresses (shop/web-1 10.0.0.1 …), 1 node address (node-1 10.1.0.1)".
std::string what_it_covers(const model::IpBlock& block, const Addresses::Covered& covered) {
  std::string text;
  for (size_t kind = 0; kind < covered.count.size(); ++kind) {
    if (covered.count[kind] == 0) continue;
    const Addresses::Owner& first = *covered.first[kind];
    const bool one = covered.count[kind] == 1;
    text += (text.empty() ? "" : ", ") + std::to_string(covered.count[kind]) + " " +
            Addresses::kKindNames[kind] + (one ? " address" : " addresses") + " (" + first.name + " " +
            first.ip.to_text() + (one ? ")" : " …)");
  }
  return block.cidr.to_text() + (block.except.empty() ? "" : " less its exceptions") + " covers " + text;
}

void check_blocks(const model::NetworkPolicy& policy, Addresses& addresses, Report& report) {
  for_each_rule(policy, [&](model::Direction direction, size_t index, const model::Rule& rule) {
    for (size_t i = 0; i < rule.peers.size(); ++i) {
      const auto* block = std::get_if<model::IpBlock>(&rule.peers[i]);
      if (block == nullptr || block->cidr == net::Cidr::host(block->cidr.base())) continue;
      const Addresses::Covered& covered = addresses.covered_by(*block);
      if (covered.any())
        report.add(
            Rule::kCidrCoversCluster, policy, path_of_peer(direction, index, i) + ".ipBlock.cidr",
            {what_it_covers(*block, covered),
             "if they are not meant, add an except; if they are, select pods by label: addresses change"});
    }
  });
}

}  // namespace

void check_cidrs(const Input& input, Report& report) {
  Addresses addresses(input.cluster);
  for (const auto& [name, policy] : input.cluster.policies) {
    check_blocks(policy, addresses, report);
    const source::WrittenObject* written = report.written("NetworkPolicy", name);
    if (written == nullptr) continue;
    for (const source::HostBits& bits : written->host_bits)
      report.add(Rule::kCidrHostBits, policy, bits.field,
                 {bits.written + " has host bits and means " + bits.read, "write " + bits.read});
  }
}

}  // namespace sluice::lint
