#include "agent/compile/why/lists.h"

#include <algorithm>
#include <map>

#include "agent/compile/why/rules.h"
#include "agent/model/selector_text.h"

namespace sluice::compile::why {

using model::Direction;

namespace {

std::string selector_text(const model::LabelSelector& selector) {
  const std::string text = model::to_text(selector);
  return text.empty() ? "any" : text;
}

}  // namespace

std::string to_text(const PeerSet& peers) {
  std::string text;
  auto add = [&](const std::string& one) { text += (text.empty() ? "" : "; ") + one; };
  for (const BoundSelector& selector : peers.selectors)
    add("pods " + selector_text(selector.pods) + " in " +
        (selector.namespaces ? "namespaces " + selector_text(*selector.namespaces)
                             : "namespace " + selector.ns));
  for (const model::IpBlock& block : peers.blocks) {
    std::string except;
    for (const net::Cidr& cidr : block.except) except += (except.empty() ? " except " : ",") + cidr.to_text();
    add(block.cidr.to_text() + except);
  }
  for (const model::LabelSelector& nodes : peers.nodes) add("nodes " + selector_text(nodes));
  if (peers.own_node) add("this node");
  std::string names;
  for (const std::string& pattern : peers.domains) names += (names.empty() ? "names " : ", ") + pattern;
  if (!names.empty()) add(names);
  return text;
}

std::vector<RulesetInfo> rulesets_of(const Compilation& compilation) {
  std::map<RulesetId, RulesetInfo> infos;
  for (const auto& [name, ifindex] : compilation.local_pods()) {
    auto pod = compilation.cluster().pods.find(name);
    if (pod == compilation.cluster().pods.end() || !compilation.endpoint_of(pod->second)) continue;
    Group* group = compilation.pods().group_of(pod->second);
    for (Direction direction : model::kDirections) {
      const RulesetId id =
          compilation.local_rules().sides(group).enforced[static_cast<size_t>(direction)].ruleset;
      if (!id) continue;
      RulesetInfo& info = infos[id];
      info.id = id;
      info.direction = direction;
      info.endpoints.push_back(name.to_text());
      for (NamedRule& rule : rules_for(compilation.cluster(), *group->key, direction))
        info.rules.push_back(std::move(rule.name));
      for (NamedTierRule& rule : tier_rules_for(compilation.cluster(), *group->key, direction))
        info.rules.push_back(std::move(rule.name));
    }
  }
  std::vector<RulesetInfo> result;
  for (auto& [id, info] : infos) {
    // Pods of different groups may have equal rule sets from different policies.
    std::sort(info.rules.begin(), info.rules.end());
    info.rules.erase(std::unique(info.rules.begin(), info.rules.end()), info.rules.end());
    result.push_back(std::move(info));
  }
  return result;
}

std::vector<IdentityInfo> identities_of(const Compilation& compilation) {
  constexpr size_t kSample = 5;
  std::map<IdentityId, IdentityInfo> infos;
  compilation.identities().for_each_live([&](IdentityId id, const IdentityContent& content) {
    IdentityInfo& info = infos[id];
    info.id = id;
    for (PeerSetId peers : content.peers)
      if (const PeerSet* set = compilation.peers().content(peers)) info.peers.push_back(to_text(*set));
    std::sort(info.peers.begin(), info.peers.end());
    for (const model::ContainerPort& port : content.ports)
      info.ports.push_back(port.name + "=" + std::to_string(port.port.host()) + "/" +
                           port.protocol.to_text());
  });
  auto count = [&](IdentityId id, const auto& where) {
    auto info = infos.find(id);
    if (info == infos.end()) return;
    ++info->second.addresses;
    if (info->second.sample.size() < kSample) info->second.sample.push_back(where.to_text());
  };
  for (const auto& [ip, address] : compilation.image().addresses) count(address.identity, ip);
  for (const auto& [cidr, identity] : compilation.image().prefixes) count(identity, cidr);
  for (const auto& [ip, at] : compilation.names().addresses())
    for (const auto& [name_class, matching] : compilation.names().classes_at(ip))
      count(image::named(compilation.addresses().identity_of(ip), name_class), ip);
  std::vector<IdentityInfo> result;
  result.reserve(infos.size());
  for (auto& [id, info] : infos) result.push_back(std::move(info));
  return result;
}

}  // namespace sluice::compile::why
