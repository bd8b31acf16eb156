#include "agent/rehearse/ends.h"

#include <algorithm>
#include <set>

#include "agent/model/domain_name.h"
#include "agent/model/probe.h"
#include "agent/model/workloads.h"

namespace sluice::rehearse {

using model::Pod;

namespace {

// What policies ask of pods and addresses.
struct Asked {
  std::set<std::string> label_keys, port_names;
  // Of ipBlocks and their excepts, of networks, of nodes that peers select, of names that they name, and the whole of
  // each family.
  std::set<net::Cidr> cidrs;

  explicit Asked(const Clusters& clusters) {
    for (const net::Family family : {net::Family::kIpv4, net::Family::kIpv6})
      cidrs.insert(net::Cidr::everything(family));
    for (const model::Cluster* cluster : clusters) add(*cluster);
  }

 private:
  void add(const model::Cluster& cluster) {
    for (const auto& [name, policy] : cluster.policies) add(policy);
    bool nodes = false;
    std::vector<std::string> domains;
    for (const auto& [name, policy] : cluster.cluster_policies) {
      add(policy.subject.pods);
      for (const model::Direction direction : model::kDirections)
        for (const model::ClusterRule& rule : policy.rules(direction)) {
          for (const model::ClusterPeer& peer : rule.peers) {
            add(peer);
            nodes = nodes || std::holds_alternative<model::NodesPeer>(peer);
            if (const auto* names = std::get_if<model::DomainNamesPeer>(&peer))
              domains.insert(domains.end(), names->names.begin(), names->names.end());
          }
          for (const model::ClusterProtocol& entry : rule.protocols)
            if (const auto* named = std::get_if<model::NamedPort>(&entry)) port_names.insert(named->name);
        }
    }
    for (const auto& [name, addresses] : cluster.resolved)
      if (model::is_among(name, domains))
        for (const net::Ip& ip : addresses) cidrs.insert(net::Cidr::host(ip));
    if (!nodes) return;
    for (const auto& [name, node] : cluster.nodes)
      for (const net::Ip& ip : node.addresses) cidrs.insert(net::Cidr::host(ip));
  }

  void add(const model::ClusterPeer& peer) {
    if (const auto* pods = std::get_if<model::PodsPeer>(&peer)) add(pods->pods);
    if (const auto* networks = std::get_if<model::NetworksPeer>(&peer))
      cidrs.insert(networks->cidrs.begin(), networks->cidrs.end());
  }

  void add(const model::LabelSelector& selector) {
    for (const model::Requirement& requirement : selector.requirements) label_keys.insert(requirement.key);
  }

  void add(const model::NetworkPolicy& policy) {
    add(policy.pod_selector);
    for (const model::Direction direction : model::kDirections)
      for (const model::Rule& rule : policy.rules(direction)) {
        for (const model::Peer& peer : rule.peers) add(peer);
        for (const model::PolicyPort& port : rule.ports)
          if (const auto* name = std::get_if<std::string>(&port.port)) port_names.insert(*name);
      }
  }

  void add(const model::Peer& peer) {
    if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
      cidrs.insert(block->cidr);
      for (const net::Cidr& hole : block->except)
        if (!model::is_placeholder(hole.base())) cidrs.insert(hole);
    } else if (const auto& pods = std::get<model::SelectorPeer>(peer).pod_selector) {
      add(*pods);
    }
  }
};

// All that policies can ask of a pod of one cluster.
struct Traits {
  model::Labels labels;
  std::vector<model::ContainerPort> ports;
  std::vector<net::Family> families;
  std::set<net::Cidr> cidrs;  // that hold an address of it
  auto operator<=>(const Traits&) const = default;

  Traits(const Pod& pod, const std::vector<net::Ip>& ips, const Asked& asked) {
    for (const auto& [key, value] : pod.labels)
      if (asked.label_keys.contains(key)) labels.emplace(key, value);
    for (const model::ContainerPort& port : pod.ports)
      if (asked.port_names.contains(port.name)) ports.push_back(port);
    for (const net::Ip& ip : ips) {
      families.push_back(ip.family());
      for (const net::Cidr& cidr : asked.cidrs)
        if (cidr.contains(ip)) cidrs.insert(cidr);
    }
    // That it holds them all says the family already; who has no address yet is in no smaller one.
    if (model::is_placeholder(ips.front())) cidrs.clear();
  }
};

struct ClassKey {
  std::string ns;
  std::vector<Traits> traits;  // in each cluster
  std::vector<bool> placeholder;
  auto operator<=>(const ClassKey&) const = default;
};

bool is_placeholder(const Pod& pod) {
  return model::is_placeholder(pod.ips.front());
}

// Its pods, by the workloads that they belong to: whole ones by their name, of others the pods.
void name_members(const std::vector<const Pod*>& members,
                  const std::map<model::ObjectName, size_t>& workload_sizes, PodClass& made) {
  std::map<model::ObjectName, std::vector<const Pod*>> by_workload;
  const auto add_pod = [&](const Pod& pod) {
    made.names.push_back(pod.name.to_text());
    const bool to_be = is_placeholder(pod) && pod.name.name.find('/') != pod.name.name.npos;
    if (to_be) made.replicated.push_back(pod.name.to_text());
  };
  for (const Pod* pod : members) {
    const std::string workload = model::workload_of(*pod);
    if (workload.empty())
      add_pod(*pod);
    else
      by_workload[{pod->name.ns, workload}].push_back(pod);
  }
  for (const auto& [workload, pods] : by_workload) {
    if (pods.size() < workload_sizes.at(workload)) {
      for (const Pod* pod : pods) add_pod(*pod);
      continue;
    }
    made.names.push_back(workload.to_text());
    if (pods.size() > 1) made.replicated.push_back(workload.to_text());
  }
  std::sort(made.names.begin(), made.names.end());
}

// An address of the CIDR that is in none of the smaller ones and no pod's; none where they leave nothing over. Only
// the first and last of each piece are tried, and what stands beside the smaller ones.
std::optional<net::Ip> free_address(const net::Cidr& cidr, const std::set<net::Cidr>& cidrs,
                                    const std::vector<model::PodAddresses>& owners) {
  constexpr int kTries = 4096;
  const auto taken_by = [&](const net::Ip& ip) -> std::optional<net::Cidr> {
    std::optional<net::Cidr> smallest;
    for (const net::Cidr& other : cidrs)
      if (other != cidr && cidr.contains(other) && other.contains(ip))
        smallest = smallest && other.contains(*smallest) ? smallest : other;
    for (const auto& book : owners)
      if (book.owner(ip) != nullptr) return smallest.value_or(net::Cidr::host(ip));
    for (const net::Cidr& nobody : model::kPlaceholders)
      if (nobody.contains(ip) && !nobody.contains(cidr))
        return smallest && smallest->contains(nobody) ? *smallest : nobody;
    return smallest;
  };
  // Past the end of whatever holds the address.
  net::Ip at = cidr.base();
  for (int tries = 0; tries < kTries; ++tries) {
    const auto taken = taken_by(at);
    if (!taken) return at;
    net::Cidr widest = *taken;
    for (const net::Cidr& other : cidrs)
      if (other != cidr && cidr.contains(other) && other.contains(widest)) widest = other;
    std::vector<uint8_t> bytes(widest.base().bytes().begin(), widest.base().bytes().end());
    int bit = widest.length();  // add one to the last bit of the prefix
    while (bit > 0) {
      uint8_t& byte = bytes[static_cast<size_t>((bit - 1) / 8)];
      const auto mask = static_cast<uint8_t>(1 << (7 - (bit - 1) % 8));
      byte ^= mask;
      if (byte & mask) break;
      --bit;
    }
    const auto next = net::Ip::from_bytes(bytes);
    if (bit == 0 || !next || !cidr.contains(*next)) return std::nullopt;
    at = *next;
  }
  return std::nullopt;
}

}  // namespace

std::optional<net::Ip> PodThere::address(net::Family family) const {
  for (const net::Ip& ip : ips)
    if (ip.family() == family) return ip;
  return std::nullopt;
}

std::optional<net::Family> family_of(const PodThere& from, const PodThere& to) {
  for (const net::Ip& ip : from.ips)
    if (to.address(ip.family())) return ip.family();
  return std::nullopt;
}

namespace {

using Books = std::vector<model::PodAddresses>;

// The pod in each of the clusters; fewer where it takes no part in one.
std::vector<PodThere> everywhere(const Clusters& clusters, const Books& owners,
                                 const model::ObjectName& name) {
  std::vector<PodThere> there;
  for (size_t i = 0; i < clusters.size(); ++i) {
    const auto found = clusters[i]->pods.find(name);
    if (found == clusters[i]->pods.end()) continue;
    if (auto ips = owners[i].owned_by(found->second); !ips.empty())
      there.push_back({&found->second, std::move(ips)});
  }
  return there;
}

}  // namespace

Ends ends_of(const Clusters& clusters) {
  const Asked asked(clusters);
  Books owners;
  for (const model::Cluster* cluster : clusters) owners.emplace_back(*cluster);
  std::set<model::ObjectName> names;
  for (const model::Cluster* cluster : clusters)
    for (const auto& [name, pod] : cluster->pods) names.insert(name);
  struct Members {
    std::vector<PodThere> first;
    std::vector<const Pod*> pods;
  };
  Ends ends;
  std::map<ClassKey, Members> classes;
  std::map<model::ObjectName, size_t> workload_sizes;
  for (const model::ObjectName& name : names) {
    std::vector<PodThere> there = everywhere(clusters, owners, name);
    if (there.size() < clusters.size()) {
      if (!there.empty()) ends.left_out.push_back(name.to_text());
      continue;
    }
    ClassKey key{name.ns, {}, {}};
    for (const PodThere& one : there) {
      key.traits.emplace_back(*one.pod, one.ips, asked);
      key.placeholder.push_back(is_placeholder(*one.pod));
    }
    const Pod& pod = *there.front().pod;
    if (const std::string workload = model::workload_of(pod); !workload.empty())
      ++workload_sizes[{name.ns, workload}];
    Members& members = classes[std::move(key)];
    members.pods.push_back(&pod);
    if (members.first.empty()) members.first = std::move(there);
  }
  for (auto& [key, members] : classes) {
    PodClass made;
    made.there = std::move(members.first);
    name_members(members.pods, workload_sizes, made);
    made.pods = std::move(members.pods);
    ends.pods.push_back(std::move(made));
  }
  for (const net::Cidr& cidr : asked.cidrs)
    if (const auto ip = free_address(cidr, asked.cidrs, owners)) ends.regions.push_back({cidr, *ip});
  return ends;
}

}  // namespace sluice::rehearse
