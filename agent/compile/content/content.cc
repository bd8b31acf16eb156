#include "agent/compile/content/content.h"

#include <algorithm>

namespace sluice::compile::content {
namespace {

// Bytes that no two different contents share: every list and text is preceded by its length.
class Canonical {
 public:
  explicit Canonical(std::string_view kind) { text(kind); }
  Canonical& number(uint64_t value) {
    std::array<char, sizeof value> bytes;
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = static_cast<char>(value >> (8 * (bytes.size() - 1 - i)) & 0xff);
    bytes_.append(bytes.data(), bytes.size());
    return *this;
  }
  Canonical& text(std::string_view value) {
    number(value.size());
    bytes_.append(value);
    return *this;
  }
  Canonical& cidr(const net::Cidr& value) {
    const auto bytes = value.base().bytes();
    text({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return number(static_cast<uint64_t>(value.length()));
  }
  Canonical& selector(const model::LabelSelector& value) {
    number(value.requirements.size());
    for (const model::Requirement& requirement : value.requirements) {
      text(requirement.key).number(static_cast<uint64_t>(requirement.op)).number(requirement.values.size());
      for (const std::string& entry : requirement.values) text(entry);
    }
    return *this;
  }
  Canonical& ports(const PortSpec& value) {
    number(value.all).number(value.numbers.id().value).number(value.names.size());
    for (const auto& [name, protocol] : value.names) text(name).number(protocol.number());
    return *this;
  }
  uint64_t id() const { return image::content_id(bytes_); }

 private:
  std::string bytes_;
};

template <typename T>
void make_canonical(std::vector<T>& list) {
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

BoundSelector bound(const std::string& policy_namespace, const model::SelectorPeer& peer) {
  BoundSelector selector;
  if (peer.namespace_selector)
    selector.namespaces = peer.namespace_selector;
  else
    selector.ns = policy_namespace;
  if (peer.pod_selector) selector.pods = *peer.pod_selector;
  return selector;
}

model::IpBlock without_needless_excepts(const model::IpBlock& block) {
  model::IpBlock result{block.cidr, {}};
  std::vector<net::Cidr> sorted = block.except;
  make_canonical(sorted);
  // What contains another one stands before it, and between them nothing that is outside.
  for (const net::Cidr& except : sorted) {
    const bool needless = !result.except.empty() && result.except.back().contains(except);
    if (!needless && block.cidr.contains(except)) result.except.push_back(except);
  }
  return result;
}

bool is_everything(const PortSpec* spec) {
  return spec != nullptr && spec->all;
}

}  // namespace

PeerSet peer_set_of(const std::string& policy_namespace, const std::vector<model::Peer>& peers) {
  PeerSet result;
  for (const model::Peer& peer : peers) {
    if (const auto* block = std::get_if<model::IpBlock>(&peer))
      result.blocks.push_back(without_needless_excepts(*block));
    else
      result.selectors.push_back(bound(policy_namespace, std::get<model::SelectorPeer>(peer)));
  }
  make_canonical(result.selectors);
  make_canonical(result.blocks);
  return result;
}

PeerSet peer_set_of(const std::vector<model::ClusterPeer>& peers) {
  PeerSet result;
  for (const model::ClusterPeer& peer : peers) {
    if (const auto* pods = std::get_if<model::PodsPeer>(&peer))
      result.selectors.push_back({{}, pods->namespaces, pods->pods});
    if (const auto* nodes = std::get_if<model::NodesPeer>(&peer)) result.nodes.push_back(nodes->nodes);
    if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
      for (const net::Cidr& cidr : networks->cidrs) result.blocks.push_back({cidr, {}});
    if (const auto* domains = std::get_if<model::DomainNamesPeer>(&peer))
      result.domains.insert(result.domains.end(), domains->names.begin(), domains->names.end());
  }
  make_canonical(result.selectors);
  make_canonical(result.blocks);
  make_canonical(result.nodes);
  make_canonical(result.domains);
  return result;
}

PeerSetId id_of(const PeerSet& peers) {
  Canonical bytes("peers");
  bytes.number(peers.selectors.size());
  for (const BoundSelector& selector : peers.selectors) {
    bytes.number(selector.namespaces.has_value());
    if (selector.namespaces)
      bytes.selector(*selector.namespaces);
    else
      bytes.text(selector.ns);
    bytes.selector(selector.pods);
  }
  bytes.number(peers.blocks.size());
  for (const model::IpBlock& block : peers.blocks) {
    bytes.cidr(block.cidr).number(block.except.size());
    for (const net::Cidr& except : block.except) bytes.cidr(except);
  }
  if (!peers.nodes.empty()) bytes.text("nodes").number(peers.nodes.size());
  for (const model::LabelSelector& selector : peers.nodes) bytes.selector(selector);
  if (peers.own_node) bytes.text("own node");
  if (!peers.domains.empty()) bytes.text("domains").number(peers.domains.size());
  for (const std::string& domain : peers.domains) bytes.text(domain);
  return {bytes.id()};
}

void PortSpec::add(const PortSpec& other) {
  all |= other.all;
  numbers.add(other.numbers);
  names.insert(other.names.begin(), other.names.end());
  if (all) *this = {true, {}, {}};
}

PortSpec port_spec_of(const std::vector<model::PolicyPort>& ports) {
  if (ports.empty()) return {true, {}, {}};
  PortSpec spec;
  for (const model::PolicyPort& entry : ports) {
    if (const auto* name = std::get_if<std::string>(&entry.port))
      spec.names.emplace(*name, entry.protocol);
    else if (const auto* range = std::get_if<net::PortRange>(&entry.port))
      spec.numbers.add(entry.protocol, *range);
    else
      spec.numbers.add(entry.protocol, net::PortRange::all());
  }
  return spec;
}

PortSpec port_spec_of(const model::ClusterProtocols& protocols) {
  if (protocols.empty()) return {true, {}, {}};
  PortSpec spec;
  for (const model::ClusterProtocol& entry : protocols) {
    if (const auto* ports = std::get_if<model::ProtocolPorts>(&entry)) {
      spec.numbers.add(ports->protocol, ports->ports);
      continue;
    }
    for (net::Protocol protocol : net::kPortProtocols)
      spec.names.emplace(std::get<model::NamedPort>(entry).name, protocol);
  }
  return spec;
}

PortSpec resolved(const PortSpec& spec, const std::vector<model::ContainerPort>& ports) {
  PortSpec result{spec.all, spec.numbers, {}};
  if (spec.names.empty()) return result;
  for (const model::ContainerPort& port : ports)
    if (spec.names.contains({port.name, port.protocol}))
      result.numbers.add(port.protocol, net::PortRange::one(port.port));
  return result;
}

void RulesetContent::add(PeerSetId peers, const std::shared_ptr<const PeerSet>& content,
                         const PortSpec& ports) {
  if (ports.nothing() || is_everything(of({}))) return;
  if (!peers && ports.all) rules.clear();
  Entry& entry = rules[peers];
  entry.peers = content;
  entry.ports.add(ports);
}

const PortSpec* RulesetContent::of(PeerSetId peers) const {
  auto found = rules.find(peers);
  return found == rules.end() ? nullptr : &found->second.ports;
}

RulesetId RulesetContent::id() const {
  Canonical bytes("ruleset");
  bytes.text(model::to_text(direction)).number(rules.size());
  for (const auto& [peers, entry] : rules) bytes.number(peers.value).ports(entry.ports);
  if (tiers) bytes.text("tiers").number(isolated).number(tiers->id());
  return {bytes.id()};
}

uint64_t Tiers::id() const {
  Canonical bytes("tiers");
  for (const TierRules& tier : rules) {
    bytes.number(tier.size());
    for (const auto& rule : tier) bytes.number(rule->id());
  }
  return bytes.id();
}

bool RulesetContent::names_domains() const {
  bool found = false;
  for_each([&](PeerSetId, const std::shared_ptr<const PeerSet>& content, const PortSpec&) {
    found = found || (content && !content->domains.empty());
  });
  return found;
}

NameClassId name_class_of(const std::vector<PeerSetId>& matching) {
  if (matching.empty()) return {};
  Canonical bytes("name class");
  bytes.number(matching.size());
  for (PeerSetId peers : matching) bytes.number(peers.value);
  return {bytes.id()};
}

IdentityContent IdentityContent::with_name(const std::vector<PeerSetId>& matching) const {
  IdentityContent content{{}, ports, matching, id()};
  std::set_union(peers.begin(), peers.end(), matching.begin(), matching.end(),
                 std::back_inserter(content.peers));
  return content;
}

IdentityId IdentityContent::id() const {
  if (empty()) return {};
  if (!by_name.empty()) return image::named(plain, name_class_of(by_name));
  Canonical bytes("identity");
  bytes.number(peers.size());
  for (PeerSetId peer : peers) bytes.number(peer.value);
  bytes.number(ports.size());
  for (const model::ContainerPort& port : ports)
    bytes.text(port.name).number(port.protocol.number()).number(port.port.host());
  return {bytes.id()};
}

namespace {

Canonical bytes_of(const BackendSet& backends) {
  Canonical bytes("service");
  bytes.number(backends.size());
  for (const Backend& backend : backends)
    bytes.number(backend.node)
        .number(backend.identity.value)
        .number(backend.local.value)
        .number(backend.protocol.number())
        .number(backend.port.host());
  return bytes;
}

}  // namespace

IdentityId id_of(const BackendSet& backends) {
  return {bytes_of(backends).id()};
}

IdentityId id_of(const BackendSet& backends, const WrittenFace& written) {
  return {bytes_of(backends)
              .number(written.by_prefix.id().value)
              .number(written.whole.id().value)
              .number(written.protocol.number())
              .number(written.port.host())
              .id()};
}

uint64_t TierRule::id() const {
  return Canonical("tier rule").number(static_cast<uint64_t>(action)).number(peers.value).ports(ports).id();
}

EndpointId endpoint_id(const model::Pod& pod) {
  return {Canonical("endpoint").text(pod.name.ns).text(pod.name.name).text(pod.uid).id()};
}

}  // namespace sluice::compile::content
