// v1 Pod, Namespace and Node.
#include <array>

#include "agent/base/excerpt.h"
#include "agent/model/cluster.h"
#include "agent/source/decode/decode_kinds.h"
#include "agent/source/decode/names.h"
#include "agent/source/decode/scalars.h"

namespace sluice::source::decode {
namespace {

using model::PodPhase;

// The API server asks nothing of a hostIP: a senseless one, which no node can have, costs this host port
// alone.
void decode_host_port(const Field& item, const model::ContainerPort& target, model::Pod& pod) {
  const Field port = item.get("hostPort"), ip = item.get("hostIP");
  if (pod.host_network || port.integer().value_or(0) == 0) return;
  model::HostPort host_port{target.protocol, decode_port(port), std::nullopt, target.port};
  if (!ip.text().empty()) {
    host_port.ip = ip.value_or_warning("the hostPort answers nowhere", decode_ip);
    if (!host_port.ip) return;
  }
  pod.host_ports.push_back(host_port);
}

void decode_container_ports(const Field& container, model::Pod& pod) {
  container.get("ports").each([&](const Field& item) {
    model::ContainerPort port;
    Field name = item.get("name");
    port.name = name.text();
    if (!port.name.empty()) name.check(port.name, port_name_fault(port.name));
    port.protocol = decode_protocol_or_empty(item.get("protocol"));
    port.port = decode_port(item.get("containerPort"));
    decode_host_port(item, port, pod);
    pod.ports.push_back(std::move(port));
  });
}

// All of status.podIPs, else status.podIP; at most one a family (Kubernetes API validation).
std::vector<net::Ip> decode_pod_ips(const Field& status) {
  std::vector<net::Ip> ips;
  auto add = [&](const Field& field) {
    net::Ip ip = decode_ip(field);
    if (std::find(ips.begin(), ips.end(), ip) != ips.end()) return;
    for (const net::Ip& other : ips)
      if (other.family() == ip.family())
        field.fail(ip.to_text() + " is a second " + std::string(net::to_text(ip.family())) +
                   " address: a pod has at most one a family");
    ips.push_back(ip);
  };
  status.get("podIPs").each([&](const Field& item) { add(item.get("ip")); });
  Field single = status.get("podIP");
  if (ips.empty() && !single.text().empty()) add(single);
  return ips;
}

PodPhase decode_phase(const Field& field, bool has_ip) {
  static constexpr std::array<std::pair<std::string_view, PodPhase>, 5> kPhases = {
      {{"Pending", PodPhase::kPending},
       {"Running", PodPhase::kRunning},
       {"Succeeded", PodPhase::kSucceeded},
       {"Failed", PodPhase::kFailed},
       {"Unknown", PodPhase::kUnknown}}};
  std::string text = field.text();
  if (text.empty()) return has_ip ? PodPhase::kRunning : PodPhase::kPending;
  for (const auto& [name, phase] : kPhases)
    if (name == text) return phase;
  field.fail(base::excerpt(text) + " is not a phase: use Pending, Running, Succeeded, Failed or Unknown");
  return PodPhase::kUnknown;
}

// The scheduler writes it, so a plain n is a slip of whoever made the file, and costs no pod.
std::string decode_node_name(const Field& field) {
  const Tree tree = field.tree();
  if (tree.quoted() || !parse_boolean(tree.text())) return base::one_line(field.text());
  field.warn(std::string(tree.text()) + " is a boolean to kubectl, and read as text: write it in quotes");
  return std::string(tree.text());
}

// Without the condition, as in files written by hand, it is.
bool decode_ready(const Field& conditions) {
  bool ready = true;
  conditions.each([&](const Field& condition) {
    if (condition.get("type").text() == "Ready" && condition.get("status").text() != "True") ready = false;
  });
  return ready;
}

// nullopt: of another type, such as Hostname.
std::optional<net::Ip> decode_node_address(const Field& item) {
  const std::string type = item.get("type").text();
  if (type != "InternalIP" && type != "ExternalIP") return std::nullopt;
  const Field field = item.get("address");
  const net::Ip ip = decode_ip(field);
  if (ip.is_unspecified()) field.fail(ip.to_text() + " is no node's address: write one of its interfaces");
  return ip;
}

}  // namespace

model::Pod decode_pod(const Field& root, model::ObjectName name) {
  model::Pod pod;
  pod.name = std::move(name);
  Field metadata = root.get("metadata"), spec = root.get("spec"), status = root.get("status");
  pod.uid = base::one_line(metadata.get("uid").text());
  pod.labels = decode_labels(metadata.get("labels"));
  pod.source_prefixes = decode_source_prefixes(metadata);
  pod.controller = decode_controller(metadata);
  pod.flows = decode_flows(metadata);
  pod.observe_allowed = decode_observe_allowed(metadata);
  Field created = metadata.get("creationTimestamp");
  if (!created.absent()) pod.created = created.value_of(parse_timestamp(created.text()));
  Field deleted = metadata.get("deletionTimestamp");
  pod.terminating = !deleted.absent();
  if (pod.terminating) (void)deleted.value_of(parse_timestamp(deleted.text()));
  pod.node_name = decode_node_name(spec.get("nodeName"));
  pod.host_network = spec.get("hostNetwork").boolean().value_or(false);
  spec.get("containers").each([&](const Field& container) { decode_container_ports(container, pod); });
  spec.get("initContainers").each([&](const Field& container) {
    bool sidecar = container.get("restartPolicy").text() == "Always";
    if (sidecar) decode_container_ports(container, pod);
  });
  pod.ips = decode_pod_ips(status);
  pod.phase = decode_phase(status.get("phase"), !pod.ips.empty());
  pod.ready = decode_ready(status.get("conditions"));
  return pod;
}

model::Namespace decode_namespace(const Field& root, model::ObjectName name) {
  model::Namespace ns;
  ns.name = std::move(name);
  ns.labels = decode_labels(root.get("metadata").get("labels"));
  ns.source_prefixes = decode_source_prefixes(root.get("metadata"));
  ns.observe_allowed = decode_observe_allowed(root.get("metadata"));
  ns.audit = decode_audit(root.get("metadata"));
  ns.labels[model::kNamespaceNameLabel] = ns.name.name;
  return ns;
}

model::Node decode_node(const Field& root, model::ObjectName name) {
  model::Node node;
  node.name = std::move(name);
  node.labels = decode_labels(root.get("metadata").get("labels"));
  root.get("status").get("addresses").each([&](const Field& item) {
    const auto address = item.value_or_warning("this address is passed over", decode_node_address);
    if (address && *address) node.addresses.push_back(**address);
  });
  make_set(node.addresses);
  const Field spec = root.get("spec");
  auto add_cidr = [&node](const Field& item) {
    if (const auto cidr = item.value_or_warning("this range is passed over", decode_cidr))
      node.pod_cidrs.push_back(*cidr);
  };
  if (const Field one = spec.get("podCIDR"), all = spec.get("podCIDRs"); !all.absent())
    all.each(add_cidr);
  else if (!one.absent())
    add_cidr(one);
  make_set(node.pod_cidrs);
  return node;
}

}  // namespace sluice::source::decode
