#include "agent/lint/cover.h"

#include <algorithm>

namespace sluice::lint {
namespace {

using model::IpBlock;
using model::LabelSelector;
using model::Operator;
using model::Requirement;
using model::SelectorPeer;

using Values = std::vector<std::string>;  // sorted

bool all_in(const Values& some, const Values& all) {
  return std::includes(all.begin(), all.end(), some.begin(), some.end());
}
bool none_in(const Values& some, const Values& others) {
  return std::none_of(some.begin(), some.end(), [&](const std::string& value) {
    return std::binary_search(others.begin(), others.end(), value);
  });
}

// Labels that fulfil `given` fulfil `wanted`. Of one key.
bool implies(const Requirement& given, const Requirement& wanted) {
  switch (wanted.op) {
    case Operator::kIn:
      return given.op == Operator::kIn && all_in(given.values, wanted.values);
    case Operator::kExists:
      return given.op == Operator::kIn || given.op == Operator::kExists;
    case Operator::kDoesNotExist:
      return given.op == Operator::kDoesNotExist;
    case Operator::kNotIn:
      return given.op == Operator::kDoesNotExist ||
             (given.op == Operator::kNotIn && all_in(wanted.values, given.values)) ||
             (given.op == Operator::kIn && none_in(given.values, wanted.values));
  }
  return false;
}

bool pods_cover(const SelectorPeer& wide, const SelectorPeer& narrow) {
  static const LabelSelector everybody;
  return !wide.pod_selector ||
         covers(*wide.pod_selector, narrow.pod_selector ? *narrow.pod_selector : everybody);
}

bool namespaces_cover(const SelectorPeer& wide, const SelectorPeer& narrow, const model::Labels& own) {
  if (!wide.namespace_selector) return !narrow.namespace_selector;
  return narrow.namespace_selector ? covers(*wide.namespace_selector, *narrow.namespace_selector)
                                   : model::matches(*wide.namespace_selector, own);
}

}  // namespace

bool covers(const LabelSelector& wide, const LabelSelector& narrow) {
  return std::all_of(wide.requirements.begin(), wide.requirements.end(), [&](const Requirement& wanted) {
    return std::any_of(narrow.requirements.begin(), narrow.requirements.end(), [&](const Requirement& given) {
      return given.key == wanted.key && implies(given, wanted);
    });
  });
}

bool covers(const IpBlock& wide, const IpBlock& narrow) {
  return wide.cidr.contains(narrow.cidr) &&
         std::all_of(wide.except.begin(), wide.except.end(), [&](const net::Cidr& hole) {
           const bool apart = !hole.contains(narrow.cidr) && !narrow.cidr.contains(hole);
           return apart || std::any_of(narrow.except.begin(), narrow.except.end(),
                                       [&](const net::Cidr& own) { return own.contains(hole); });
         });
}

bool covers(const model::Peer& wide, const model::Peer& narrow, const model::Labels& own_namespace) {
  if (wide.index() != narrow.index()) return false;
  if (const auto* block = std::get_if<IpBlock>(&wide)) return covers(*block, std::get<IpBlock>(narrow));
  const auto& wide_peer = std::get<SelectorPeer>(wide);
  const auto& narrow_peer = std::get<SelectorPeer>(narrow);
  return pods_cover(wide_peer, narrow_peer) && namespaces_cover(wide_peer, narrow_peer, own_namespace);
}

bool covers(const model::PolicyPort& wide, const model::PolicyPort& narrow) {
  if (wide.protocol != narrow.protocol) return false;
  if (std::holds_alternative<std::monostate>(wide.port)) return true;
  const auto* range = std::get_if<net::PortRange>(&wide.port);
  const auto* other = std::get_if<net::PortRange>(&narrow.port);
  if (range != nullptr && other != nullptr) return range->first <= other->first && other->last <= range->last;
  return wide.port == narrow.port;
}

bool covers(const model::Rule& wide, const model::Rule& narrow, const model::Labels& own_namespace) {
  if (narrow.peers.empty() && !wide.peers.empty()) return false;
  if (narrow.ports.empty() && !wide.ports.empty()) return false;
  const bool ports =
      wide.ports.empty() || std::all_of(narrow.ports.begin(), narrow.ports.end(), [&](const auto& port) {
        return std::any_of(wide.ports.begin(), wide.ports.end(),
                           [&](const auto& one) { return covers(one, port); });
      });
  if (!ports) return false;
  return wide.peers.empty() || std::all_of(narrow.peers.begin(), narrow.peers.end(), [&](const auto& peer) {
           return std::any_of(wide.peers.begin(), wide.peers.end(),
                              [&](const auto& one) { return covers(one, peer, own_namespace); });
         });
}

}  // namespace sluice::lint
