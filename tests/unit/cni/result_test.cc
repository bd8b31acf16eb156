// Results of the plugins before: what they say, and their spelling in other versions.
#include "agent/cni/result.h"

#include <gmock/gmock.h>

#include <boost/json.hpp>

namespace sluice::cni {
namespace {

namespace json = boost::json;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

json::object object(const std::string& text) {
  return json::parse(text).as_object();
}

std::vector<std::string> texts(const std::vector<net::Ip>& ips) {
  std::vector<std::string> all;
  for (const net::Ip& ip : ips) all.push_back(ip.to_text());
  return all;
}

constexpr char kBridge[] = R"({"cniVersion":"1.0.0",
  "interfaces":[{"name":"cni0","mac":"00:11:22:33:44:55"},{"name":"veth1"},{"name":"eth0","sandbox":"/n"},
                {"name":"net1","sandbox":"/n"}],
  "ips":[{"address":"10.1.0.5/16","gateway":"10.1.0.1","interface":2},{"address":"fd00::5/64","interface":2},
         {"address":"10.9.0.5/16","interface":3}],
  "routes":[{"dst":"0.0.0.0/0"}],"dns":{}})";

TEST(PreviousResult, TellsOfTheInterfaceAskedFor) {
  const auto attachment = read_result(object(kBridge), "eth0");
  ASSERT_TRUE(attachment.ok()) << attachment.error().message();
  EXPECT_THAT(attachment->host_interfaces, ElementsAre("cni0", "veth1"));
  EXPECT_THAT(texts(attachment->addresses), ElementsAre("10.1.0.5", "fd00::5"));
}

TEST(PreviousResult, AnAddressWithoutAnInterfaceIsThePods) {
  const auto attachment =
      read_result(object(R"({"ips":[{"address":"10.0.0.1/32"},{"address":"10.0.0.1/32"}]})"), "eth0");
  ASSERT_TRUE(attachment.ok());
  EXPECT_THAT(texts(attachment->addresses), ElementsAre("10.0.0.1"));
}

TEST(PreviousResult, MayBeEmpty) {
  for (const char* text : {"{}", R"({"interfaces":null,"ips":null})", R"({"interfaces":[],"ips":[]})"}) {
    const auto attachment = read_result(object(text), "eth0");
    ASSERT_TRUE(attachment.ok());
    EXPECT_THAT(attachment->addresses, IsEmpty());
  }
}

TEST(PreviousResult, WhatIsWrongIsNamed) {
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"({"ips":{}})", "prevResult.ips: must be a list"},
      {R"({"ips":[7]})", "prevResult.ips: must be a list of objects"},
      {R"({"ips":[{}]})", "address \"\""},
      {R"({"ips":[{"address":"10.0.0.1"}]})", "must be an address and a prefix length"},
      {R"({"ips":[{"address":"10.0.0.1/33"}]})", "address \"10.0.0.1/33\""},
      {R"({"ips":[{"address":7}]})", "address: must be text"},
      {R"({"ips":[{"address":"10.0.0.1/8","interface":0}]})", "must be an index"},
      {R"({"ips":[{"address":"10.0.0.1/8","interface":-1}]})", "must be an index"},
      {R"({"ips":[{"address":"10.0.0.1/8","interface":"0"}]})", "must be an index"},
      {R"({"interfaces":[{"name":7}]})", "name: must be text"},
      {R"({"interfaces":"eth0"})", "prevResult.interfaces: must be a list"},
  };
  for (const auto& [text, message] : rows) {
    const auto attachment = read_result(object(text), "eth0");
    ASSERT_FALSE(attachment.ok()) << text;
    EXPECT_THAT(attachment.error().message(), HasSubstr(message)) << text;
  }
}

struct VersionRow {
  std::string text;
  Version version;
  std::string expected;
};

TEST(PreviousResult, IsSpelledInTheCallersVersion) {
  const std::vector<VersionRow> rows{
      // the same version: not a byte is touched, what we do not know included
      {R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.1/8","version":"x"}],"z":[1,{"y":null}]})",
       Version::k100,
       R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.1/8","version":"x"}],"z":[1,{"y":null}]})"},
      {R"({"ips":[{"address":"10.0.0.1/8"}],"a":1})", Version::k040,
       R"({"ips":[{"address":"10.0.0.1/8"}],"a":1,"cniVersion":"0.4.0"})"},
      // 0.3.x and 0.4.0 say the family, 1.0.0 does not
      {R"({"cniVersion":"0.4.0","ips":[{"version":"4","address":"10.0.0.1/8","gateway":"10.0.0.2"}]})",
       Version::k100, R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.1/8","gateway":"10.0.0.2"}]})"},
      {R"({"cniVersion":"1.0.0","ips":[{"address":"10.0.0.1/8"},{"address":"fd00::1/64"}]})", Version::k031,
       R"({"cniVersion":"0.3.1","ips":[{"address":"10.0.0.1/8","version":"4"},{"address":"fd00::1/64","version":"6"}]})"},
      {R"({"cniVersion":"0.3.0"})", Version::k031, R"({"cniVersion":"0.3.1"})"},
      // what 1.1.0 added stays
      {R"({"cniVersion":"1.1.0","interfaces":[{"name":"eth0","mtu":9,"pciID":"p"}],"routes":[{"dst":"::/0","table":7}]})",
       Version::k100,
       R"({"cniVersion":"1.0.0","interfaces":[{"name":"eth0","mtu":9,"pciID":"p"}],"routes":[{"dst":"::/0","table":7}]})"},
      {R"({"cniVersion":"0.4.0","ips":[{"version":"6","address":"fd00::1/64"}]})", Version::k110,
       R"({"cniVersion":"1.1.0","ips":[{"address":"fd00::1/64"}]})"},
  };
  for (const VersionRow& row : rows)
    EXPECT_EQ(json::serialize(in_version(object(row.text), row.version)), row.expected) << row.text;
}

TEST(PreviousResult, ItsVersionMustBeKnown) {
  EXPECT_FALSE(result_version(object(R"({"cniVersion":"0.2.0"})"), Version::k100).ok());
  const auto same = result_version(object("{}"), Version::k030);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(*same, Version::k030);
}

}  // namespace
}  // namespace sluice::cni
