// Records as people read them.
#include "agent/observe/text.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

TEST(Line, OfWhatIsDeniedToday) {
  EXPECT_EQ(line_of(denied_record(), {.today = "2026-11-29"}),
            "08:00:00.123 DENIED  ingress shop/web-1:40122 -> shop/api-1:8080 TCP SYN  no_rule, isolated by "
            "shop/api-from-web, shop/default-deny [1f-7]");
}

TEST(Line, OfWhatAClusterNetworkPolicyDenies) {
  FlowRecord record = denied_record();
  record.isolated_by.clear();
  record.rule = "Admin/no-metadata:ingress[0]";
  EXPECT_EQ(line_of(record, {.today = "2026-11-29"}),
            "08:00:00.123 DENIED  ingress shop/web-1:40122 -> shop/api-1:8080 TCP SYN  no_rule, denied by "
            "Admin/no-metadata:ingress[0] [1f-7]");
}

TEST(Line, OfAnAddressThatNoNameIsLearntFor) {
  FlowRecord record = denied_record();
  record.direction = model::Direction::kEgress;
  record.destination = {};
  record.destination.ip = *net::Ip::parse("203.0.113.9");
  record.destination.port = net::Port::from_host(443);
  record.isolated_by.clear();
  record.rule = "Admin/names:egress[2]";
  record.no_name_learnt = true;
  EXPECT_EQ(line_of(record, {.today = "2026-11-29"}),
            "08:00:00.123 DENIED  egress  shop/web-1:40122 -> 203.0.113.9:443 TCP SYN  no_rule, denied by "
            "Admin/names:egress[2], no name learnt for 203.0.113.9 [1f-7]");
}

TEST(Line, OfWhatIsAllowedAnotherDay) {
  FlowRecord record = allowed_record();
  record.count = 3;
  record.lost = 12;
  EXPECT_EQ(
      line_of(record, {.today = "2026-11-30"}),
      "2026-11-29 08:00:00.123 allowed egress  shop/web-1:40122 -> service shop/api (10.96.0.10):80 TCP SYN  "
      "policy by shop/web:egress[0] x3 (12 lost before) [1f-7]");
}

TEST(Line, OfWhatHasNeitherPortsNorAddresses) {
  FlowRecord record = denied_record();
  record.family.reset();
  record.source = {};
  record.destination.ip.reset(), record.destination.port.reset();
  record.tcp_flags = 0;
  record.reason = "not_ip";
  record.isolated_by.clear();
  record.id = "";
  EXPECT_EQ(line_of(record, {.today = "2026-11-29"}),
            "08:00:00.123 DENIED  ingress ? -> shop/api-1 no IP  not_ip");
}

TEST(Line, AnIpv6AddressWithItsPort) {
  FlowRecord record = denied_record();
  record.source = {};
  record.source.ip = *net::Ip::parse("fd00::1");
  record.source.port = net::Port::from_host(7);
  EXPECT_NE(line_of(record, {}).find(" [fd00::1]:7 -> "), std::string::npos);
}

TEST(Line, ManyPoliciesAreCounted) {
  FlowRecord record = denied_record();
  record.isolated_by = {"a/1", "a/2", "a/3", "a/4", "a/5", "a/6"};
  EXPECT_NE(line_of(record, {}).find("isolated by a/1, a/2, a/3, a/4 and 2 more ["), std::string::npos);
}

TEST(Line, NothingFromOutsideReachesTheTerminalAsItIs) {
  FlowRecord record = denied_record();
  record.source.pod = "web\x1b[2J\xc2\x9b";
  const std::string line = line_of(record, {.colour = true});
  EXPECT_NE(line.find("web\\x1b[2J\\xc2\\x9b"), std::string::npos);
  EXPECT_EQ(line.find("\x1b[2J"), std::string::npos);
  EXPECT_NE(line.find("\x1b[31mDENIED \x1b[0m"), std::string::npos) << "the colour is ours";
}

}  // namespace
}  // namespace sluice::observe
