// What a CNI plugin announces, as it is read from the wire and from the file.
#include "agent/control/endpoint_request.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "agent/control/announced_file.h"
#include "tests/unit/node/announced_fixture.h"

namespace sluice::control {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

v1::AddEndpointRequest request() {
  const node::Announcement web = node::announcement();
  return write_announcement(web.key, web.endpoint);
}

struct WrongRequest {
  const char* name;
  std::function<void(v1::AddEndpointRequest&)> spoil;
  const char* error;
};
class RequestRefused : public ::testing::TestWithParam<WrongRequest> {};
TEST_P(RequestRefused, NamesTheField) {
  auto spoilt = request();
  GetParam().spoil(spoilt);
  const auto read = read_announcement(spoilt);
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message(), ::testing::StartsWith(GetParam().error));
}
INSTANTIATE_TEST_SUITE_P(
    Rows, RequestRefused,
    ::testing::Values(
        WrongRequest{"no_container", [](auto& r) { r.clear_container_id(); }, "container_id: is missing"},
        WrongRequest{"no_interface", [](auto& r) { r.clear_interface_name(); }, "interface_name: is missing"},
        WrongRequest{"no_namespace", [](auto& r) { r.clear_namespace_(); }, "namespace: is missing"},
        WrongRequest{"bad_namespace", [](auto& r) { r.set_namespace_("a/b"); }, "namespace: \"a/b\" is not"},
        WrongRequest{"no_pod", [](auto& r) { r.clear_pod(); }, "pod: is missing"},
        WrongRequest{"bad_pod", [](auto& r) { r.set_pod("A"); }, "pod: \"A\" is not"},
        WrongRequest{"no_host_interface", [](auto& r) { r.clear_host_interface(); },
                     "host_interface: is missing"},
        WrongRequest{"long_host_interface", [](auto& r) { r.set_host_interface("a123456789012345"); },
                     "host_interface: \"a123456789012345\" is longer than 15 bytes"},
        WrongRequest{"great_ifindex", [](auto& r) { r.set_host_ifindex(0x80000000); }, "host_ifindex: is no"},
        WrongRequest{"no_address", [](auto& r) { r.clear_addresses(); }, "addresses: is empty"},
        WrongRequest{"bad_address", [](auto& r) { r.set_addresses(0, "10.0.0"); }, "addresses: "},
        WrongRequest{"address_of_two_lines", [](auto& r) { r.set_addresses(0, "10.0\n.0"); },
                     "addresses: \"10.0\\x0a.0\" is not an IP address"},
        WrongRequest{"long_network", [](auto& r) { r.set_network(std::string(5000, 'x')); }, "network: "},
        WrongRequest{"long_uid", [](auto& r) { r.set_uid(std::string(5000, 'x')); }, "uid: "}),
    [](const auto& row) { return row.param.name; });

TEST(EndpointRequest, AddressesAreReadWithAndWithoutALength) {
  auto both = request();
  both.add_addresses("fd00::1/64");
  both.add_addresses("10.0.0.1/24");
  EXPECT_THAT(read_announcement(both).value().endpoint.addresses,
              ElementsAre(net::Ip::parse("10.0.0.1").value(), net::Ip::parse("fd00::1").value()));
}

TEST(EndpointRequest, WhatTheRuntimeStillHasIsNamedByContainerAndInterface) {
  v1::KeepEndpointsRequest request;
  request.add_valid()->set_container_id("c1");
  request.mutable_valid(0)->set_interface_name("eth0");
  EXPECT_THAT(valid_of(request), ElementsAre(node::AnnouncedKey{"c1", "eth0"}));
}

TEST(AnnouncedFile, TheFileComesBackAndSpoiltLinesAreLeftOut) {
  char pattern[] = "/tmp/sluice-announced-XXXXXX";
  const std::string directory = ::mkdtemp(pattern);
  const std::string path = announced_file(directory + "/sluice.sock");
  EXPECT_TRUE(read_announced_file(path).value().announced.empty());
  node::Announced two = node::announced_web();
  two.begin()->second.host_ifindex = 7;
  two.begin()->second.network = "net";
  two.insert_or_assign({"c2", "eth0"}, two.begin()->second);
  ASSERT_TRUE(write_announced_file(path, two).ok());
  EXPECT_EQ(read_announced_file(path).value().announced, two);
  std::ofstream(path, std::ios::app) << "{\"containerId\":\"c3\"}\nnothing\n";
  const auto spoilt = read_announced_file(path).value();
  EXPECT_EQ(spoilt.announced, two);
  ASSERT_EQ(spoilt.problems.size(), 2u);
  EXPECT_THAT(spoilt.problems[0], HasSubstr("line 3: interface_name: is missing"));
  EXPECT_FALSE(write_announced_file(directory + "/none/x", two).ok());
  EXPECT_TRUE(remove_announced_file(path).ok());
  EXPECT_TRUE(remove_announced_file(path).ok()) << "gone already";
  EXPECT_TRUE(read_announced_file(path).value().announced.empty());
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace sluice::control
