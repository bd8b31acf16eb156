// What is left of objects for other nodes.
#include "agent/view/trim.h"

#include <gtest/gtest.h>

namespace sluice::view {
namespace {

TEST(AsPeer, KeepsWhatPoliciesAskForAndNoMore) {
  model::Pod pod;
  pod.name = {"shop", "web"};
  pod.uid = "u";
  pod.node_name = "n";
  pod.labels = {{"app", "web"}};
  pod.ips = {*net::Ip::parse("10.0.0.1")};
  pod.created = 7;
  pod.controller = "replicaset/web-1";
  pod.ports = {{"http", net::kTcp, net::Port::from_host(80)}, {"", net::kTcp, net::Port::from_host(81)}};
  model::Pod wanted = pod;
  wanted.uid = "";
  wanted.ports.pop_back();
  EXPECT_EQ(as_peer(pod), wanted);
  pod.ready = false;
  pod.terminating = true;
  pod.phase = model::PodPhase::kPending;
  pod.flows = 9;
  pod.observe_allowed = true;
  pod.source_prefixes = {*net::Cidr::parse("10.1.0.0/16")};
  EXPECT_EQ(as_peer(pod), wanted) << "is no news elsewhere";
  EXPECT_TRUE(wanted.takes_part());
}

TEST(WithoutSelector, HasEndpointsOfSlicesAlone) {
  model::Service service;
  service.selector = model::Labels{{"app", "web"}};
  EXPECT_FALSE(without_selector(service).selector);
}

}  // namespace
}  // namespace sluice::view
