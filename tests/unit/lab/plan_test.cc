#include "agent/lab/plan.h"

#include <gmock/gmock.h>

namespace sluice::lab {
namespace {

using ::testing::HasSubstr;

model::Cluster cluster_of(const std::vector<std::tuple<std::string, std::string, std::string>>& pods) {
  model::Cluster cluster;
  for (const auto& [ns, name, ip] : pods) {
    model::Pod pod;
    pod.name = {ns, name};
    pod.ips = {*net::Ip::parse(ip)};
    cluster.pods[pod.name] = pod;
  }
  return cluster;
}

TEST(Plan, OneHostAPodThatTakesPartThenTheOutside) {
  auto cluster = cluster_of({{"shop", "web-0", "10.0.0.2"}, {"shop", "gone", "10.0.0.3"}});
  cluster.pods[{"shop", "gone"}].phase = model::PodPhase::kFailed;
  const auto hosts = plan(cluster, {{"internet", {*net::Ip::parse("203.0.113.1")}}});
  ASSERT_TRUE(hosts.ok()) << hosts.error().message();
  ASSERT_EQ(hosts->size(), 2u);
  EXPECT_EQ((*hosts)[0].netns, "sluice-shop-web-0");
  EXPECT_EQ((*hosts)[1].netns, "sluice-outside-internet");
  EXPECT_EQ((*hosts)[1].name.to_text(), "internet");
}

TEST(Plan, AReusedAddressIsTheLaterPods) {
  auto cluster = cluster_of({{"shop", "a", "10.0.0.2"}, {"shop", "b", "10.0.0.2"}});
  cluster.pods[{"shop", "a"}].created = 9;
  const auto hosts = plan(cluster, {});
  ASSERT_TRUE(hosts.ok());
  ASSERT_EQ(hosts->size(), 1u);
  EXPECT_EQ((*hosts)[0].name.name, "a");
}

TEST(Plan, InterfaceNamesFitAndDiffer) {
  EXPECT_EQ(host_interface_name("sluice-shop-web-0").size(), 15u);
  EXPECT_EQ(host_interface_name("sluice-shop-web-0"), host_interface_name("sluice-shop-web-0"));
  EXPECT_NE(host_interface_name("sluice-shop-web-0"), host_interface_name("sluice-shop-web-1"));
}

struct Refusal {
  std::vector<std::tuple<std::string, std::string, std::string>> pods;
  std::string says;
};

TEST(Plan, RefusesWhatCannotBeMade) {
  const Refusal rows[] = {
      {{{"..", "a/../../etc", "10.0.0.1"}}, "pod ../a/../../etc: its name has characters other than"},
      {{{"shop", "Web", "10.0.0.1"}}, "pod shop/Web: its name has characters other than"},
      {{{"shop", std::string(253, 'x'), "10.0.0.1"}},
       "would have 265 characters, a file name has at most 255"},
      {{{"a-b", "c", "10.0.0.1"}, {"a", "b-c", "10.0.0.2"}}, "both have the namespace name sluice-a-b-c"},
  };
  for (const Refusal& row : rows) {
    const auto hosts = plan(cluster_of(row.pods), {});
    ASSERT_FALSE(hosts.ok()) << row.says;
    EXPECT_THAT(hosts.error().message(), HasSubstr(row.says));
  }
  const auto both = plan(cluster_of({{"shop", "a", "10.0.0.1"}}), {{"x", {*net::Ip::parse("10.0.0.1")}}});
  ASSERT_FALSE(both.ok());
  EXPECT_EQ(both.error().message(),
            "outside host x and pod shop/a both have the address 10.0.0.1; rename or remove one");
}

TEST(Outside, IsANameAndAddresses) {
  const auto host = parse_outside("internet=203.0.113.1,2001:db8::1");
  ASSERT_TRUE(host.ok()) << host.error().message();
  EXPECT_EQ(host->name, "internet");
  EXPECT_EQ(host->ips.size(), 2u);
  for (const char* wrong : {"internet", "=1.2.3.4", "a/b=1.2.3.4", "a=", "a=1.2.3.4,", "a=1.2.3"})
    EXPECT_FALSE(parse_outside(wrong).ok()) << wrong;
}

}  // namespace
}  // namespace sluice::lab
