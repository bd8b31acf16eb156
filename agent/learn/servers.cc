#include "agent/learn/servers.h"

namespace sluice::learn {
namespace {

using base::Error;
using base::Result;

const net::Port kDnsPort = net::Port::from_host(SLUICE_DNS_PORT);
const model::ObjectName kClusterDns{"kube-system", "kube-dns"};
// The label of the pods of Kubernetes' NodeLocal DNSCache.
constexpr char kCacheLabel[] = "k8s-app", kCache[] = "node-local-dns";

Error no_server(std::string_view text) {
  return Error("\"" + std::string(text) +
               "\" is no DNS server: write ADDRESS, ADDRESS:PORT, [ADDRESS]:PORT, NAMESPACE/SERVICE or none");
}

bool has_cache(const model::Cluster& cluster, std::string_view node_name) {
  for (auto at = cluster.pods.lower_bound({kClusterDns.ns, ""});
       at != cluster.pods.end() && at->first.ns == kClusterDns.ns; ++at) {
    const model::Pod& pod = at->second;
    const auto label = pod.labels.find(kCacheLabel);
    if (pod.host_network && pod.node_name == node_name && label != pod.labels.end() &&
        label->second == kCache)
      return true;
  }
  return false;
}

void add_service(const model::ObjectName& name, const compile::Compilation& compilation,
                 std::set<Server>& to) {
  const auto service = compilation.cluster().services.find(name);
  if (service == compilation.cluster().services.end()) return;
  for (const net::Ip& ip : service->second.addresses) {
    to.insert({ip, kDnsPort});
    for (const net::Protocol protocol : {net::kUdp, net::kTcp})
      if (const auto endpoints = compilation.services().endpoints_at(ip, protocol, kDnsPort))
        for (const auto& [address, port] : *endpoints) to.insert({address, port});
  }
}

}  // namespace

Result<ServerOption> parse_server(std::string_view text) {
  if (const auto ip = net::Ip::parse(text)) return ServerOption(Server(*ip, kDnsPort));
  if (const size_t slash = text.find('/'); slash != text.npos) {
    const std::string ns(text.substr(0, slash)), name(text.substr(slash + 1));
    if (ns.empty() || name.empty() || name.find('/') != name.npos) return no_server(text);
    return ServerOption(model::ObjectName{ns, name});
  }
  const size_t colon = text.rfind(':');
  if (colon == text.npos) return no_server(text);
  std::string_view address = text.substr(0, colon), port = text.substr(colon + 1);
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  int number = 0;
  for (const char digit : port)
    number = digit < '0' || digit > '9' || number > 65535 ? 65536 : number * 10 + digit - '0';
  const auto ip = net::Ip::parse(address);
  const auto parsed = net::Port::from_number(port.empty() ? 0 : number);
  if (!ip || !parsed || number == 0) return no_server(text);
  return ServerOption(Server(*ip, *parsed));
}

Result<Believed> parse_servers(const std::vector<std::string>& texts) {
  Believed believed;
  if (texts.empty()) return believed;
  believed.usual = false;
  if (texts.size() == 1 && texts.front() == "none") return believed;
  for (const std::string& text : texts) {
    if (text == "none") return Error("\"none\" stands beside other servers: give it alone");
    auto server = parse_server(text);
    if (!server) return server.error();
    believed.options.push_back(*std::move(server));
  }
  return believed;
}

std::set<Server> servers(const Believed& believed, const compile::Compilation& compilation,
                         std::string_view node_name) {
  std::set<Server> all;
  if (believed.usual) {
    add_service(kClusterDns, compilation, all);
    if (has_cache(compilation.cluster(), node_name))
      for (const net::Ip& ip : compilation.addresses().node_addresses()) all.insert({ip, kDnsPort});
  }
  for (const ServerOption& option : believed.options) {
    if (const auto* server = std::get_if<Server>(&option)) all.insert(*server);
    if (const auto* service = std::get_if<model::ObjectName>(&option))
      add_service(*service, compilation, all);
  }
  return all;
}

}  // namespace sluice::learn
