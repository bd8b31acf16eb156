#include "agent/explain/misses.h"

#include <algorithm>
#include <cstdlib>

#include "agent/model/isolation.h"
#include "agent/model/selector_text.h"
#include "agent/model/workloads.h"

namespace sluice::explain {

using model::Direction;
using model::Requirement;

namespace {

constexpr char kNoPod[] = "no pod";

std::string joined(const std::vector<std::string>& texts, const char* between) {
  std::string all;
  for (const std::string& text : texts) all += (all.empty() ? "" : between) + text;
  return all;
}

// What of the selector fails for these labels; nothing where it matches.
std::optional<FailedTerm> failed_selector(std::string term, const model::LabelSelector& selector,
                                          const model::Labels& labels) {
  std::vector<std::string> want, have;
  for (const Requirement& requirement : selector.requirements) {
    if (model::matches(model::LabelSelector{{requirement}}, labels)) continue;
    want.push_back(model::to_text(requirement));
    const auto label = labels.find(requirement.key);
    have.push_back(label == labels.end() ? "no " + requirement.key : requirement.key + "=" + label->second);
  }
  if (want.empty()) return std::nullopt;
  return FailedTerm{std::move(term), joined(want, ","), joined(have, ",")};
}

using Terms = std::vector<FailedTerm>;

Terms failed_terms(const std::string& at, const model::IpBlock& block, const Contact& contact) {
  const net::Ip& ip = contact.far.ip;
  if (block.contains(ip)) return {};
  return {{at + ".ipBlock", to_text(block), model::is_placeholder(ip) ? "no address yet" : ip.to_text()}};
}

Terms failed_terms(const std::string& at, const model::SelectorPeer& peer,
                   const std::string& policy_namespace, const model::Cluster& cluster,
                   const Contact& contact) {
  const std::string pods = at + ".podSelector", namespaces = at + ".namespaceSelector";
  Terms failed;
  if (contact.far.pod == nullptr) {
    if (peer.namespace_selector)
      failed.push_back({namespaces, selector_text(*peer.namespace_selector), kNoPod});
    if (peer.pod_selector) failed.push_back({pods, selector_text(*peer.pod_selector), kNoPod});
    return failed;
  }
  const std::string& ns = contact.far.pod->name.ns;
  const auto add = [&](std::optional<FailedTerm> term) {
    if (term) failed.push_back(std::move(*term));
  };
  if (peer.namespace_selector)
    add(failed_selector(namespaces, *peer.namespace_selector, cluster.namespace_labels(ns)));
  else if (ns != policy_namespace)
    failed.push_back({namespaces, "namespace " + policy_namespace, "namespace " + ns});
  if (peer.pod_selector) add(failed_selector(pods, *peer.pod_selector, contact.far.pod->labels));
  return failed;
}

Terms failed_peers(const model::Rule& rule, const std::string& policy_namespace,
                   const model::Cluster& cluster, const Contact& contact) {
  const std::string list = contact.direction == Direction::kIngress ? "from[" : "to[";
  std::optional<Terms> nearest;
  for (size_t i = 0; i < rule.peers.size(); ++i) {
    const std::string at = list + std::to_string(i) + "]";
    const auto* block = std::get_if<model::IpBlock>(&rule.peers[i]);
    Terms failed = block != nullptr ? failed_terms(at, *block, contact)
                                    : failed_terms(at, std::get<model::SelectorPeer>(rule.peers[i]),
                                                   policy_namespace, cluster, contact);
    if (!nearest || failed.size() < nearest->size()) nearest = std::move(failed);
  }
  return nearest.value_or(Terms{});
}

// The numbers that the entry stands for at this destination; the first and the last of each.
std::vector<net::PortRange> ranges_of(const model::PolicyPort& entry, const model::Pod* destination) {
  if (std::holds_alternative<std::monostate>(entry.port))
    return {{net::Port::from_host(1), net::Port::from_host(65535)}};
  if (const auto* range = std::get_if<net::PortRange>(&entry.port)) return {*range};
  std::vector<net::PortRange> named;
  if (destination != nullptr)
    for (const model::ContainerPort& port : destination->ports)
      if (port.name == std::get<std::string>(entry.port) && port.protocol == entry.protocol)
        named.push_back({port.port, port.port});
  return named;
}

// How far the entry is from the asked port; 0: it holds it.
uint32_t distance(const model::PolicyPort& entry, const Contact& contact) {
  constexpr uint32_t kOtherProtocol = 1 << 20, kNoNumber = 1 << 18;
  uint32_t nearest = kNoNumber;
  for (const net::PortRange& range : ranges_of(entry, contact.destination())) {
    const uint32_t first = range.first.host(), last = range.last.host(), asked = contact.far.port.host();
    nearest = std::min(nearest, asked < first ? first - asked : asked > last ? asked - last : 0);
  }
  return nearest + (entry.protocol == contact.protocol ? 0 : kOtherProtocol);
}

Terms failed_ports(const model::Rule& rule, const Contact& contact) {
  if (rule.ports.empty()) return {};
  const std::string have = to_text(contact.protocol, contact.far.port);
  if (!contact.protocol.has_ports()) {
    std::vector<std::string> entries;
    for (const model::PolicyPort& entry : rule.ports) entries.push_back(to_text(entry));
    return {{"ports", joined(entries, ","), have}};
  }
  size_t nearest = 0;
  for (size_t i = 1; i < rule.ports.size(); ++i)
    if (distance(rule.ports[i], contact) < distance(rule.ports[nearest], contact)) nearest = i;
  if (distance(rule.ports[nearest], contact) == 0) return {};
  return {{"ports[" + std::to_string(nearest) + "]", to_text(rule.ports[nearest]), have}};
}

}  // namespace

std::vector<Miss> nearest_misses(const model::Cluster& cluster, const Contact& contact) {
  std::vector<Miss> misses;
  const std::string& ns = contact.pod->name.ns;
  for (const model::NetworkPolicy* isolating :
       model::isolating_policies(cluster, ns, contact.pod->labels, contact.direction)) {
    const model::NetworkPolicy& policy = *isolating;
    const auto& rules = policy.rules(contact.direction);
    for (size_t i = 0; i < rules.size(); ++i) {
      Miss miss{policy.name.to_text() + ":" + std::string(model::to_text(contact.direction)) + "[" +
                    std::to_string(i) + "]",
                failed_peers(rules[i], ns, cluster, contact)};
      for (FailedTerm& term : failed_ports(rules[i], contact)) miss.failed.push_back(std::move(term));
      if (!miss.failed.empty()) misses.push_back(std::move(miss));
    }
  }
  std::stable_sort(misses.begin(), misses.end(), [](const Miss& a, const Miss& b) {
    return std::pair(a.failed.size(), a.rule) < std::pair(b.failed.size(), b.rule);
  });
  return misses;
}

std::string selector_text(const model::LabelSelector& selector) {
  const std::string text = model::to_text(selector);
  return text.empty() ? "any" : text;
}

std::string to_text(const model::IpBlock& block) {
  std::vector<std::string> holes;
  for (const net::Cidr& hole : block.except)
    if (!model::is_placeholder(hole.base())) holes.push_back(hole.to_text());
  return block.cidr.to_text() + (holes.empty() ? "" : " except " + joined(holes, ","));
}

std::string to_text(const model::PolicyPort& entry) {
  const std::string protocol = entry.protocol.to_text();
  if (const auto* name = std::get_if<std::string>(&entry.port)) return protocol + " " + *name;
  if (const auto* range = std::get_if<net::PortRange>(&entry.port)) {
    const std::string first = std::to_string(range->first.host()), last = std::to_string(range->last.host());
    return protocol + " " + (first == last ? first : first + "-" + last);
  }
  return protocol;
}

std::string to_text(net::Protocol protocol, net::Port port) {
  return protocol.has_ports() ? protocol.to_text() + " " + std::to_string(port.host()) : protocol.to_text();
}

}  // namespace sluice::explain
