// Ports that nobody there listens at by name or number.
#include <algorithm>
#include <set>
#include <tuple>

#include "agent/lint/addresses.h"
#include "agent/lint/checks.h"
#include "agent/lint/words.h"

namespace sluice::lint {
namespace {

using model::ContainerPort;
using model::Direction;
using model::NetworkPolicy;

// Those at whom a rule's ports are looked up.
struct Targets {
  std::vector<const Selected*> pods;
  bool outside = false;      // addresses of nobody here as well
  bool only_blocks = false;  // no selector, but ipBlocks
  size_t count() const {
    size_t sum = 0;
    for (const Selected* selected : pods) sum += selected->pods.size();
    return sum;
  }
  bool all_list() const {
    return std::all_of(pods.begin(), pods.end(), [](const auto* one) { return one->listed.all_list; });
  }
  template <typename Test>
  bool any_port(const Test& test) const {
    return std::any_of(pods.begin(), pods.end(), [&](const Selected* one) {
      return std::any_of(one->listed.ports.begin(), one->listed.ports.end(), test);
    });
  }
};

// "they list TCP http 8080 and 9000".
std::string listed_ports(const Targets& targets, net::Protocol protocol) {
  std::set<ContainerPort> ports;
  for (const Selected* one : targets.pods)
    for (const ContainerPort& port : one->listed.ports)
      if (port.protocol == protocol) ports.insert(port);
  std::vector<std::string> texts;
  texts.reserve(ports.size());
  for (const ContainerPort& port : ports)
    texts.push_back((port.name.empty() ? "" : port.name + " ") + std::to_string(port.port.host()));
  if (texts.empty()) return "they list no " + protocol.to_text() + " port";
  return "they list " + protocol.to_text() + " " + listed(texts, texts.size());
}

bool asks_for_a_name(const model::Rule& rule) {
  return std::any_of(rule.ports.begin(), rule.ports.end(), [](const model::PolicyPort& port) {
    return std::holds_alternative<std::string>(port.port);
  });
}

// Of a Service with a selector.
bool selects(const model::Service& service, const model::Pod& pod) {
  return std::includes(pod.labels.begin(), pod.labels.end(), service.selector->begin(),
                       service.selector->end());
}

class PortCheck {
 public:
  PortCheck(const Input& input, Pods& pods, Report& report) : pods_(pods), report_(report) {
    for (const auto& [name, service] : input.cluster.services)
      if (service.selector && !service.selector->empty())
        for (const model::ServicePort& port : service.ports)
          services_[{name.ns, port.protocol, port.port}].push_back(&service);
  }

  void check(const NetworkPolicy& policy) {
    for_each_rule(policy, [&](Direction direction, size_t index, const model::Rule& rule) {
      if (rule.ports.empty()) return;
      const Targets targets = direction == Direction::kIngress ? selected_by(policy) : peers_of(policy, rule);
      for (size_t i = 0; i < rule.ports.size(); ++i) {
        const std::string field = path_of_port(direction, index, i) + ".port";
        if (const auto* name = std::get_if<std::string>(&rule.ports[i].port))
          named(policy, field, rule.ports[i].protocol, *name, targets);
        if (const auto* range = std::get_if<net::PortRange>(&rule.ports[i].port))
          numbered(policy, field, rule.ports[i].protocol, *range, targets);
      }
    });
  }

 private:
  Targets selected_by(const NetworkPolicy& policy) {
    return {{&pods_.selected(policy.name.ns, policy.pod_selector)}, false, false};
  }

  Targets peers_of(const NetworkPolicy& policy, const model::Rule& rule) {
    static const model::SelectorPeer everybody{std::nullopt, model::LabelSelector{}};
    Targets targets{{}, rule.peers.empty(), !rule.peers.empty()};
    if (rule.peers.empty()) targets.pods.push_back(&pods_.selected(policy.name.ns, everybody));
    for (const model::Peer& peer : rule.peers) {
      if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
        targets.outside = true;
        if (asks_for_a_name(rule)) targets.pods.push_back(&inside(*block));
      } else {
        targets.only_blocks = false;
        targets.pods.push_back(&pods_.selected(policy.name.ns, std::get<model::SelectorPeer>(peer)));
      }
    }
    return targets;
  }

  // Pods whose addresses the block covers.
  const Selected& inside(const model::IpBlock& block) {
    const auto [found, is_new] = inside_.try_emplace(block);
    if (!is_new) return found->second;
    const auto covers = [&](const net::Ip& ip) { return is_in(block, ip); };
    std::set<ContainerPort> ports;
    for (uint32_t pod = 0; pod < pods_.size(); ++pod) {
      const model::Pod& one = pods_.at(pod);
      if (one.host_network || std::none_of(one.ips.begin(), one.ips.end(), covers)) continue;
      found->second.pods.push_back(pod);
      ports.insert(one.ports.begin(), one.ports.end());
    }
    found->second.listed.ports.assign(ports.begin(), ports.end());
    return found->second;
  }

  void named(const NetworkPolicy& policy, const std::string& field, net::Protocol protocol,
             const std::string& name, const Targets& targets) {
    if (targets.count() == 0 && !targets.only_blocks) return;  // of selectors that match nobody others speak
    if (targets.any_port(
            [&](const ContainerPort& port) { return port.name == name && port.protocol == protocol; }))
      return;
    const bool other_protocol =
        targets.any_port([&](const ContainerPort& port) { return port.name == name; });
    const std::string why =
        targets.count() == 0
            ? "a name is looked up among a pod's container ports, and no pod is in these ipBlocks"
        : other_protocol ? "they define it for another protocol: " + listed_ports(targets, protocol)
                         : listed_ports(targets, protocol);
    report_.add(Rule::kNamedPortUnknown, policy, field,
                {"no pod that it leads to defines " + protocol.to_text() + " port " + name + ": " + why,
                 "correct the name or the protocol, or write the number"});
  }

  void numbered(const NetworkPolicy& policy, const std::string& field, net::Protocol protocol,
                const net::PortRange& range, const Targets& targets) {
    if (targets.outside || targets.count() == 0 || !targets.all_list()) return;
    if (targets.any_port([&](const ContainerPort& port) {
          return port.protocol == protocol && range.contains(port.port);
        }))
      return;
    const std::string number = std::to_string(range.first.host()) +
                               (range.first == range.last ? "" : "-" + std::to_string(range.last.host()));
    const std::string service = range.first == range.last ? service_at(protocol, range.first, targets) : "";
    report_.add(Rule::kPortNotExposed, policy, field,
                {"no container of the pods that it leads to lists " + protocol.to_text() + " " + number +
                     ": " + listed_ports(targets, protocol) + (service.empty() ? "" : "; " + service),
                 service.empty() ? "correct the port or the protocol, or add it to the containers' ports"
                                 : "write the port of the pods: policies judge that, not the Service's"});
  }

  // "it is a port of Service shop/web"; empty where none has it.
  std::string service_at(net::Protocol protocol, net::Port port, const Targets& targets) const {
    for (const Selected* one : targets.pods) {
      if (one->pods.empty()) continue;
      const model::Pod& pod = pods_.at(one->pods[0]);
      const auto here = services_.find({pod.name.ns, protocol, port});
      if (here == services_.end()) continue;
      for (const model::Service* service : here->second)
        if (selects(*service, pod)) return "it is a port of Service " + service->name.to_text();
    }
    return {};
  }

  Pods& pods_;
  Report& report_;
  // By namespace, protocol and port.
  std::map<std::tuple<std::string, net::Protocol, net::Port>, std::vector<const model::Service*>> services_;
  std::map<model::IpBlock, Selected> inside_;
};

}  // namespace

void check_ports(const Input& input, Pods& pods, Report& report) {
  PortCheck check(input, pods, report);
  for (const auto& [name, policy] : input.cluster.policies) check.check(policy);
}

}  // namespace sluice::lint
