// Addresses of Services and nodes.
#include "agent/observe/address_names.h"

#include <gtest/gtest.h>

namespace sluice::observe {
namespace {

TEST(AddressNames, OfServicesAndNodes) {
  const auto ip = [](const char* text) { return *net::Ip::parse(text); };
  model::Cluster cluster;
  for (const char* name : {"b", "a"}) {
    model::Service service;
    service.name = {"shop", name};
    service.addresses = {ip("10.96.0.10"), ip("fd00::10")};
    cluster.services[service.name] = service;
  }
  cluster.nodes[{"", "node-1"}] = {{"", "node-1"}, {ip("10.0.0.1")}};
  const AddressNames names(cluster);
  EXPECT_EQ(names.service_of(ip("fd00::10")), "shop/a");
  EXPECT_EQ(names.service_of(ip("10.0.0.1")), "");
  EXPECT_EQ(names.node_of(ip("10.0.0.1")), "node-1");
  EXPECT_EQ(AddressNames().node_of(ip("10.0.0.1")), "");
}

}  // namespace
}  // namespace sluice::observe
