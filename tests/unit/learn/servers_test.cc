#include "agent/learn/servers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/oracle/build.h"

namespace sluice::learn {
namespace {

using testing::HasSubstr;

Server at(const char* ip, uint16_t port) {
  return {net::Ip::parse(ip).value(), net::Port::from_host(port)};
}

TEST(Servers, AreReadFromOptions) {
  EXPECT_EQ(std::get<Server>(*parse_server("10.0.0.53")), at("10.0.0.53", 53));
  EXPECT_EQ(std::get<Server>(*parse_server("10.0.0.53:5353")), at("10.0.0.53", 5353));
  EXPECT_EQ(std::get<Server>(*parse_server("fd00::53")), at("fd00::53", 53));
  EXPECT_EQ(std::get<Server>(*parse_server("[fd00::53]:54")), at("fd00::53", 54));
  EXPECT_EQ(std::get<model::ObjectName>(*parse_server("dns/own")), (model::ObjectName{"dns", "own"}));
  for (const char* wrong : {"", "dns", "10.0.0.53:", "10.0.0.53:0", "10.0.0.53:65536", "10.0.0.53:x",
                            "[fd00::53]", "/own", "dns/", "a/b/c", "10.0.0.300:53"})
    EXPECT_FALSE(parse_server(wrong)) << wrong;
  EXPECT_THAT(parse_server("dns").error().message(), HasSubstr("NAMESPACE/SERVICE"));
}

TEST(Servers, NoneIsNobody) {
  EXPECT_TRUE(parse_servers({})->usual);
  EXPECT_FALSE(parse_servers({"none"})->usual);
  EXPECT_TRUE(parse_servers({"none"})->options.empty());
  EXPECT_FALSE(parse_servers({"none", "10.0.0.53"}));
  EXPECT_EQ(parse_servers({"10.0.0.53", "dns/own"})->options.size(), 2u);
}

// The cluster's DNS in both faces, and the node's own addresses where a cache runs on it.
TEST(Servers, TheUsualOnesAreTheClustersOwn) {
  model::Cluster cluster;
  model::Service dns;
  dns.name = {"kube-system", "kube-dns"};
  dns.addresses = {net::Ip::parse("10.96.0.10").value()};
  dns.selector = model::Labels{{"k8s-app", "kube-dns"}};
  for (const net::Protocol protocol : {net::kUdp, net::kTcp}) {
    model::ServicePort port;
    port.name = protocol.to_text();
    port.protocol = protocol;
    port.port = net::Port::from_host(53);
    port.target = net::Port::from_host(5353);
    dns.ports.push_back(port);
  }
  cluster.services[dns.name] = dns;
  model::Pod pod;
  pod.name = {"kube-system", "coredns-1"};
  pod.labels = {{"k8s-app", "kube-dns"}};
  pod.node_name = "n2";
  pod.ips = {net::Ip::parse("10.244.2.2").value()};
  cluster.pods[pod.name] = pod;
  const auto believed = [&cluster](const Believed& by) {
    compile::Compilation compilation(cluster, "n1");
    compilation.learn_all();
    compilation.set_local_pods({});
    compilation.set_node_addresses({net::Ip::parse("169.254.20.10").value()});
    compilation.refresh();
    return servers(by, compilation, "n1");
  };
  const std::set<Server> both = {at("10.96.0.10", 53), at("10.244.2.2", 5353)};
  EXPECT_EQ(believed({}), both);
  EXPECT_EQ(believed(*parse_servers({"none"})), std::set<Server>());
  EXPECT_EQ(believed(*parse_servers({"192.0.2.53", "kube-system/kube-dns"})).size(), 3u);
  EXPECT_EQ(believed(*parse_servers({"kube-system/other"})).size(), 0u);
  model::Pod cache;
  cache.name = {"kube-system", "node-local-dns-1"};
  cache.labels = {{"k8s-app", "node-local-dns"}};
  cache.host_network = true;
  cache.node_name = "n2";
  cluster.pods[cache.name] = cache;
  EXPECT_EQ(believed({}), both) << "on another node";
  cluster.pods[cache.name].node_name = "n1";
  EXPECT_TRUE(believed({}).contains(at("169.254.20.10", 53)));
}

}  // namespace
}  // namespace sluice::learn
