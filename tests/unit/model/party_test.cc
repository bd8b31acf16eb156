#include "agent/model/party.h"

#include <gtest/gtest.h>

namespace sluice::model {
namespace {

std::string parsed(const std::string& text) {
  const auto party = parse_party(text);
  return party ? to_text(*party) : "error: " + party.error().message();
}

TEST(Party, Names) {
  EXPECT_EQ(parsed("shop/web-1"), "shop/web-1");
  EXPECT_EQ(parsed("shop/pod/web-1"), "shop/web-1");
  EXPECT_EQ(parsed("shop/deploy/web"), "shop/deployment/web");
  EXPECT_EQ(parsed("deploy/shop/web"), "shop/deployment/web") << "as kubectl's TYPE/NAME suggests";
  EXPECT_EQ(parsed("shop/cj/web"), "shop/cronjob/web");
  EXPECT_EQ(parsed("shop/svc/api"), "shop/service/api");
  EXPECT_EQ(parsed("node/n1"), "node/n1");
  EXPECT_EQ(parsed("10.1.2.3"), "10.1.2.3");
  EXPECT_TRUE(parsed("web-1").starts_with("error: ")) << parsed("web-1");
  EXPECT_NE(parsed("shop/gizmo/web").find("\"gizmo\" is no kind that has pods"), std::string::npos);
  for (const char* text : {"", "/", "a/", "/a", "a//b", "a/b/c/d", "shop/deploy/"})
    EXPECT_TRUE(parsed(text).starts_with("error: ")) << text;
}

TEST(Party, OrTheNameOfADomain) {
  EXPECT_EQ(domain_named("WWW.example.com."), "www.example.com");
  for (const char* text : {"shop/web-1", "10.1.2.3", "2001:db8::1", "10.1.2.256", "10.1", "web-1",
                           "*.example.com", "shop/a.b", ""})
    EXPECT_EQ(domain_named(text), "") << text;
}

std::string addresses(const Cluster& cluster, const std::string& text) {
  const auto party = parse_party(text);
  const auto found = addresses_of(cluster, PodAddresses(cluster), *party);
  if (!found) return "error: " + found.error().message();
  std::string all;
  for (const net::Ip& ip : *found) all += (all.empty() ? "" : " ") + ip.to_text();
  return all;
}

TEST(Party, WhatTheyStandFor) {
  Cluster cluster;
  const auto add_pod = [&](const std::string& ns, const std::string& name, const std::string& ip,
                           const std::string& controller) {
    Pod& pod = cluster.pods[{ns, name}];
    pod.name = {ns, name};
    pod.controller = controller;
    if (!ip.empty()) pod.ips = {*net::Ip::parse(ip)};
  };
  add_pod("shop", "web-0", "", "statefulset/web");
  add_pod("shop", "web-1", "10.0.0.1", "statefulset/web");
  add_pod("shop", "web-2", "10.0.0.2", "statefulset/web");
  Service& api = cluster.services[{"shop", "api"}];
  api.addresses = {*net::Ip::parse("10.96.0.1")};
  cluster.services[{"shop", "none"}].headless = true;
  cluster.nodes[{"", "n1"}].addresses = {*net::Ip::parse("192.168.0.1")};
  cluster.nodes[{"", "n1"}].name = {"", "n1"};
  EXPECT_EQ(addresses(cluster, "shop/statefulset/web"), "10.0.0.1") << "the first that has an address";
  EXPECT_EQ(addresses(cluster, "shop/service/api"), "10.96.0.1");
  EXPECT_EQ(addresses(cluster, "node/n1"), "192.168.0.1");
  EXPECT_NE(addresses(cluster, "shop/service/none").find("headless"), std::string::npos);
  EXPECT_NE(addresses(cluster, "shop/service/gone").find("no Service shop/gone"), std::string::npos);
  EXPECT_NE(addresses(cluster, "shop/deployment/web").find("no workload"), std::string::npos);
  EXPECT_NE(addresses(cluster, "node/n2").find("no pod node/n2"), std::string::npos);
  add_pod("node", "n1", "10.0.0.9", "");
  EXPECT_EQ(addresses(cluster, "node/n1"), "10.0.0.9") << "a pod goes before a node";
}

}  // namespace
}  // namespace sluice::model
