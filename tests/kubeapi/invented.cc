#include "tests/kubeapi/invented.h"

#include <boost/json.hpp>

namespace sluice::kubeapi {
namespace {

namespace json = boost::json;
using model::Kind;

class Inventor {
 public:
  explicit Inventor(std::mt19937& random) : random_(random) {}

  int below(int limit) { return std::uniform_int_distribution<int>(0, limit - 1)(random_); }
  bool maybe() { return below(2) == 0; }
  std::string pick(std::initializer_list<const char*> of) {
    return *(of.begin() + below(static_cast<int>(of.size())));
  }
  int port() { return 1 + below(65535); }
  std::string ip(int number) {
    return "10.0." + std::to_string(number / 250) + "." + std::to_string(1 + number % 250);
  }

  Json labels() {
    Json labels{{"app", pick({"web", "db", "cache"})}};
    if (maybe()) labels["tier.example.com/name"] = pick({"front", "back", ""});
    if (maybe()) labels["pod-template-hash"] = std::to_string(below(3));
    return labels;
  }
  json::array container_ports() {
    json::array ports;
    for (int i = below(3); i > 0; --i) {
      Json port{{"containerPort", port_number()}, {"protocol", pick({"TCP", "UDP", "SCTP"})}};
      if (maybe()) port["name"] = pick({"http", "dns", "metrics"});
      if (below(3) == 0) port["hostPort"] = port_number();
      if (below(3) == 0) port["hostIP"] = pick({"192.168.1.1", "0.0.0.0", "::", ""});
      ports.push_back(std::move(port));
    }
    return ports;
  }
  Json selector() {
    Json selector;
    if (maybe()) selector["matchLabels"] = Json{{"app", pick({"web", "db"})}};
    if (maybe()) {
      const bool in = maybe();
      Json requirement{{"key", "tier"}, {"operator", in ? "NotIn" : "Exists"}};
      if (in) requirement["values"] = json::array{"a", pick({"b", "c"})};
      selector["matchExpressions"] = json::array{std::move(requirement)};
    }
    return selector;
  }
  Json peer() {
    switch (below(3)) {
      case 0:
        return {{"ipBlock", Json{{"cidr", "10.0.0.0/8"}, {"except", json::array{"10.1.0.0/16"}}}}};
      case 1:
        return {{"namespaceSelector", selector()}};
      default:
        return {{"namespaceSelector", selector()}, {"podSelector", selector()}};
    }
  }
  Json policy_port() {
    switch (below(4)) {
      case 0:
        return {{"protocol", "TCP"}, {"port", "http"}};
      case 1:
        return {{"protocol", "UDP"}};
      case 2:
        return {{"port", 1000}, {"endPort", 1000 + below(100)}};
      default:
        return {{"protocol", "SCTP"}, {"port", port_number()}};
    }
  }
  json::array rules(const char* peers) {
    json::array rules;
    for (int i = below(3); i > 0; --i) {
      Json rule;
      if (maybe()) rule[peers] = json::array{peer()};
      if (maybe()) rule["ports"] = json::array{policy_port(), policy_port()};
      rules.push_back(std::move(rule));
    }
    return rules;
  }
  int port_number() { return port(); }

 private:
  std::mt19937& random_;
};

Json metadata_of(Kind kind, int number, Inventor& invent) {
  const bool namespaced =
      kind != Kind::kNamespace && kind != Kind::kNode && kind != Kind::kClusterNetworkPolicy;
  const bool is_leaving = invent.below(5) == 0;
  std::string name = std::string(model::to_text(kind)) + "-" + std::to_string(number);
  for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  Json metadata{
      {"name", name},
      {"uid", "0b9ef4a5-0000-4000-8000-" + std::to_string(100000000000 + number)},
      {"creationTimestamp", "2024-05-06T07:08:0" + std::to_string(invent.below(10)) + "Z"},
      {"labels", invent.labels()},
      {"annotations", Json{{"note", "\"quoted\" \\ and \u00e9\n"},
                           {"sluice.dev/allowed-source-prefixes", "192.0.2.0/24, 2001:db8::/32"},
                           {"sluice.dev/flows", "5000"},
                           {"sluice.dev/observe", "allowed"},
                           {"sluice.dev/mode", "audit"},
                           {"sluice.dev/active", invent.pick({"Mon-Fri 08:00-18:00 Europe/Berlin", "!Sat"})},
                           {"sluice.dev/policy-log-level", invent.pick({"none", "all"})},
                           {"policy-log-level", "denied"},
                           {"metrics-enabled", "true"}}},
      {"managedFields",
       json::array{Json{{"manager", "kubelet"}, {"fieldsV1", Json{{"f:status", Json{{"f:x", Json{}}}}}}}}}};
  if (is_leaving) metadata["deletionTimestamp"] = "2024-05-06T07:09:00Z";
  if (namespaced) metadata["namespace"] = number % 3 == 0 ? "prod" : "test";
  return metadata;
}

Json pod_spec(Inventor& invent) {
  Json spec{{"containers", json::array{Json{{"name", "main"},
                                            {"image", "registry.example/app:1"},
                                            {"env", json::array{Json{{"name", "A"}, {"value", nullptr}}}},
                                            {"ports", invent.container_ports()}}}}};
  if (invent.maybe()) spec["nodeName"] = "node-" + std::to_string(invent.below(3));
  if (invent.below(8) == 0) spec["hostNetwork"] = true;
  if (invent.maybe())
    spec["initContainers"] = json::array{Json{{"name", "side"},
                                              {"restartPolicy", invent.pick({"Always", ""})},
                                              {"ports", invent.container_ports()}}};
  return spec;
}

Json pod_status(int number, Inventor& invent) {
  Json status{
      {"phase", invent.pick({"Pending", "Running", "Succeeded", "Failed", "Unknown"})},
      {"conditions", json::array{Json{{"type", "Initialized"}, {"status", "True"}},
                                 Json{{"type", "Ready"}, {"status", invent.pick({"True", "False"})}}}}};
  if (invent.maybe()) {
    status["podIP"] = invent.ip(number);
    if (invent.maybe())
      status["podIPs"] =
          json::array{Json{{"ip", invent.ip(number)}}, Json{{"ip", "fd00::" + std::to_string(1 + number)}}};
  }
  return status;
}

Json service_spec(int number, Inventor& invent) {
  const std::string ip = "10.96.0." + std::to_string(1 + number % 250);
  Json port{{"name", "http"}, {"protocol", "TCP"}, {"port", 80}};
  if (invent.maybe()) port["targetPort"] = "web";
  if (invent.maybe()) port["nodePort"] = 30000 + invent.below(2000);
  Json other{{"name", "dns"}, {"protocol", "UDP"}, {"port", 53}, {"targetPort", 5353}};
  Json spec{{"type", invent.pick({"ClusterIP", "NodePort", "LoadBalancer"})},
            {"ports", json::array{std::move(port), std::move(other)}}};
  const bool headless = invent.below(5) == 0;
  spec["clusterIP"] = headless ? "None" : ip;
  spec["clusterIPs"] = json::array{headless ? "None" : ip};
  spec["ipFamilies"] = json::array{"IPv4"};
  if (invent.maybe()) spec["internalTrafficPolicy"] = invent.pick({"Cluster", "Local"});
  if (invent.maybe()) spec["publishNotReadyAddresses"] = invent.maybe();
  if (invent.maybe()) spec["selector"] = invent.labels();
  if (invent.maybe()) spec["externalIPs"] = json::array{"192.0.2." + std::to_string(1 + number % 250)};
  return spec;
}

Json slice_of(int number, Inventor& invent) {
  json::array endpoints;
  for (int i = invent.below(4); i > 0; --i) {
    Json conditions{{"ready", invent.maybe()}};
    if (invent.maybe()) conditions["serving"] = invent.maybe();
    if (invent.maybe()) conditions["terminating"] = invent.maybe();
    Json endpoint{{"addresses", json::array{invent.ip(number + i)}},
                  {"conditions", std::move(conditions)},
                  {"zone", "a"},
                  {"targetRef", Json{{"kind", "Pod"}}}};
    if (invent.maybe()) endpoint["nodeName"] = "node-" + std::to_string(invent.below(3));
    endpoints.push_back(std::move(endpoint));
  }
  Json port{{"name", "http"}, {"protocol", "TCP"}};
  if (invent.maybe()) port["port"] = invent.port();
  return {
      {"addressType", "IPv4"}, {"endpoints", std::move(endpoints)}, {"ports", json::array{std::move(port)}}};
}

Json policy_spec(Inventor& invent) {
  Json spec{{"podSelector", invent.selector()}};
  if (invent.maybe()) spec["ingress"] = invent.rules("from");
  if (invent.maybe()) spec["egress"] = invent.rules("to");
  if (invent.maybe()) spec["policyTypes"] = json::array{invent.pick({"Ingress", "Egress"})};
  return spec;
}

Json cluster_peer(Inventor& invent, bool egress) {
  switch (invent.below(egress ? 4 : 2)) {
    case 0:
      return {{"namespaces", invent.selector()}};
    case 1:
      return {{"pods", Json{{"namespaceSelector", invent.selector()}, {"podSelector", invent.selector()}}}};
    case 2:
      return {{"nodes", invent.selector()}};
    default:
      return {{"networks", json::array{"10.0.0.0/8", "fd00::/8"}}};
  }
}

Json cluster_protocol(Inventor& invent) {
  if (invent.maybe()) return {{"destinationNamedPort", invent.pick({"http", "dns"})}};
  Json port{{"number", invent.port()}};
  if (invent.maybe()) port = Json{{"range", Json{{"start", 1}, {"end", 1 + invent.port() % 60000 + 1}}}};
  return {{invent.pick({"tcp", "udp", "sctp"}), Json{{"destinationPort", std::move(port)}}}};
}

json::array cluster_rules(Inventor& invent, bool egress) {
  json::array rules;
  for (int i = 1 + invent.below(3); i > 0; --i) {
    Json rule{
        {"action", invent.pick({"Accept", "Deny", "Pass"})},
        {egress ? "to" : "from", json::array{cluster_peer(invent, egress), cluster_peer(invent, egress)}}};
    if (invent.maybe()) rule["name"] = "why";
    if (invent.maybe()) rule["protocols"] = json::array{cluster_protocol(invent)};
    rules.push_back(std::move(rule));
  }
  return rules;
}

Json cluster_policy_spec(Inventor& invent) {
  Json spec{{"tier", invent.pick({"Admin", "Baseline"})},
            {"priority", invent.below(1001)},
            {"subject", Json{{"namespaces", invent.selector()}}}};
  if (invent.maybe()) spec["ingress"] = cluster_rules(invent, false);
  if (invent.maybe()) spec["egress"] = cluster_rules(invent, true);
  return spec;
}

}  // namespace

Json invent(Kind kind, int number, std::mt19937& random) {
  Inventor invent(random);
  Json metadata = metadata_of(kind, number, invent);
  switch (kind) {
    case Kind::kPod:
      return {{"metadata", metadata}, {"spec", pod_spec(invent)}, {"status", pod_status(number, invent)}};
    case Kind::kNamespace:
      return {{"metadata", metadata}, {"status", Json{{"phase", "Active"}}}};
    case Kind::kNode:
      return {
          {"metadata", metadata},
          {"spec", Json{{"podCIDR", "10.0.0.0/24"}, {"podCIDRs", json::array{"10.0.0.0/24", "fd00::/64"}}}},
          {"status",
           Json{{"addresses", json::array{Json{{"type", "InternalIP"}, {"address", invent.ip(number)}},
                                          Json{{"type", "Hostname"}, {"address", "node"}}}},
                {"images", json::array{Json{{"sizeBytes", 1234567890123}}}}}}};
    case Kind::kService:
      metadata["labels"] = Json{};
      return {{"metadata", metadata},
              {"spec", service_spec(number, invent)},
              {"status",
               Json{{"loadBalancer",
                     Json{{"ingress", json::array{Json{{"ip", "198.51.100.7"},
                                                       {"ipMode", invent.pick({"VIP", "Proxy"})}}}}}}}}};
    case Kind::kEndpointSlice: {
      metadata["labels"].as_object()["kubernetes.io/service-name"] = "service-" + std::to_string(number);
      Json slice = slice_of(number, invent);
      slice["metadata"] = metadata;
      return slice;
    }
    case Kind::kNetworkPolicy:
      return {{"metadata", metadata}, {"spec", policy_spec(invent)}};
    case Kind::kClusterNetworkPolicy:
      return {{"metadata", metadata}, {"spec", cluster_policy_spec(invent)}};
  }
  return {};
}

void fill(World& world, unsigned seed) {
  std::mt19937 random(seed);
  for (const Kind kind : model::kKinds)
    for (int number = 0; number < kInventedOfAKind; ++number) world.put(kind, invent(kind, number, random));
}

Json invent_odd(Kind kind, int number, std::mt19937& random) {
  Json object = invent(kind, number, random);
  if (kind == Kind::kPod)
    object["status"].as_object()["podIPs"] = json::array{Json{{"ip", "not-an-address"}}};
  else if (kind == Kind::kEndpointSlice)
    object["addressType"] = "FQDN";
  else if (kind == Kind::kNetworkPolicy)
    object["spec"].as_object()["policyTypes"] = json::array{"Sideways"};
  else if (kind == Kind::kClusterNetworkPolicy)
    object["spec"].as_object()["ingress"] = json::array{Json{{"action", "Log"}}};
  return object;
}

Json invent_large_pod(int number) {
  std::mt19937 random(static_cast<unsigned>(number));
  Json pod = invent(Kind::kPod, number, random);
  Json& metadata = pod["metadata"].as_object();
  const std::string name = "checkout-service-7d4b9c6f5d-" + std::to_string(number);
  metadata["name"] = name;
  metadata["namespace"] = "team-" + std::to_string(number % 200);
  metadata["labels"] = Json{{"app.kubernetes.io/name", "checkout-" + std::to_string(number % 500)},
                            {"app.kubernetes.io/instance", "checkout"},
                            {"pod-template-hash", "7d4b9c6f5d"},
                            {"topology.example.com/cell", std::to_string(number % 7)}};
  Json fields;
  for (int i = 0; i < 60; ++i) fields["f:field-" + std::to_string(i)] = Json{{"f:value", Json{}}};
  metadata["managedFields"] = json::array{
      Json{{"manager", "kube-controller-manager"}, {"operation", "Update"}, {"fieldsV1", fields}}};
  json::array environment;
  for (int i = 0; i < 20; ++i)
    environment.push_back(
        Json{{"name", "VARIABLE_" + std::to_string(i)}, {"value", "https://config.example.com/some/where"}});
  Json spec{
      {"nodeName", "ip-10-0-" + std::to_string(number % 250) + "-17.eu-central-1.compute.internal"},
      {"containers",
       json::array{Json{
           {"name", "main"},
           {"image", "registry.example.com/team/checkout@sha256:0123456789abcdef"},
           {"env", environment},
           {"ports", json::array{Json{{"name", "http"}, {"containerPort", 8080}, {"protocol", "TCP"}}}}}}}};
  pod["spec"] = spec;
  const std::string ip = "10." + std::to_string(number >> 16) + "." + std::to_string(number >> 8 & 255) +
                         "." + std::to_string(number & 255);
  pod["status"] = Json{
      {"phase", "Running"},
      {"podIP", ip},
      {"podIPs", json::array{Json{{"ip", ip}}}},
      {"containerStatuses", json::array{Json{{"name", "main"}, {"ready", true}, {"imageID", "sha256:0123"}}}},
      {"conditions", json::array{Json{{"type", "Ready"}, {"status", "True"}}}}};
  return pod;
}

}  // namespace sluice::kubeapi
