#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "agent/explain/answer.h"
#include "tests/oracle/build.h"

namespace sluice::explain {
namespace {

using namespace oracle::build;

model::Cluster shop() {
  return cluster(pod("shop/web-1", "10.0.0.1").label("app", "web2"),
                 pod("shop/api-1", "10.0.0.2").label("app", "api"), policy("shop/default-deny"),
                 policy("shop/api-from-web")
                     .selects({{"app", "api"}})
                     .ingress(rule().from(pods({{"app", "web"}})).tcp(8080)));
}

TEST(AnswerText, Denied) {
  const auto answer = check(shop(), tcp("shop/web-1", "shop/api-1", 8080), false);
  EXPECT_EQ(to_text(*answer, false),
            R"(denied: shop/web-1 -> shop/api-1 TCP 8080 (no_rule)
  egress of shop/web-1: open: no policy isolates shop/web-1 for egress
  ingress of shop/api-1: denied: isolated, and no policy rule allows it; isolated by shop/api-from-web, shop/default-deny
    nearest shop/api-from-web:ingress[0]
      from[0].podSelector  wants app=web, has app=web2
  to allow it: the same command with --fix prints the policy
)");
  EXPECT_TRUE(to_text(*answer, true).starts_with("\033[31mdenied\033[0m: "));
  EXPECT_TRUE(
      fixes_yaml(*answer).starts_with("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"));
}

TEST(AnswerText, Allowed) {
  const auto answer = check(shop(), tcp("shop/api-1", "10.9.9.9", 80), false);
  EXPECT_EQ(to_text(*answer, false),
            R"(allowed: shop/api-1 -> 10.9.9.9 TCP 80 (not_isolated)
  egress of shop/api-1: open: no policy isolates shop/api-1 for egress
  ingress of 10.9.9.9: open: 10.9.9.9 is no pod's address
)");
  EXPECT_EQ(fixes_yaml(*answer), "");
}

TEST(AnswerText, DeniedByTierAdmin) {
  model::ClusterRule no_ssh = deny().from(namespaces_all()).tcp(22);
  no_ssh.name = "no ssh";
  model::Cluster world = shop();
  world.cluster_policies[{"", "hands-off"}] = admin("hands-off", 10).ingress(no_ssh);
  const auto answer = check(world, tcp("shop/web-1", "shop/api-1", 22), false);
  EXPECT_EQ(to_text(*answer, false),
            R"(denied: shop/web-1 -> shop/api-1 TCP 22 (no_rule)
  egress of shop/web-1: open: no policy isolates shop/web-1 for egress
  ingress of shop/api-1: denied by Admin/hands-off:ingress[0] (no ssh)
  no NetworkPolicy opens what tier Admin denies: only a rule that accepts or passes before Admin/hands-off:ingress[0] does
)");
  EXPECT_EQ(fixes_yaml(*answer), "");
  world.cluster_policies.at({"", "hands-off"}).ingress[0].name = "\033[2Jno\nssh";
  EXPECT_EQ(to_text(*check(world, tcp("shop/web-1", "shop/api-1", 22), false), false).find('\033'),
            std::string::npos);
}

TEST(AnswerText, DeniedByTheBaseline) {
  const model::Cluster world = cluster(pod("shop/web-1", "10.0.0.1").label("app", "web"),
                                       pod("shop/api-1", "10.0.0.2").label("app", "api"),
                                       baseline("closed").ingress(deny().from(namespaces_all())));
  const auto answer = check(world, tcp("shop/web-1", "shop/api-1", 80), false);
  EXPECT_EQ(to_text(*answer, false),
            R"(denied: shop/web-1 -> shop/api-1 TCP 80 (no_rule)
  egress of shop/web-1: open: no policy isolates shop/web-1 for egress
  ingress of shop/api-1: denied by Baseline/closed:ingress[0]
  to allow it: the same command with --fix prints the policy
  whom a NetworkPolicy isolates the Baseline is not asked about: the policy must allow all else that is to work
)");
  EXPECT_NE(fixes_yaml(*answer).find("podSelector:\n"), std::string::npos);
}

TEST(AnswerText, AllowedByATierOrByNobody) {
  const model::Cluster world = cluster(pod("shop/web-1", "10.0.0.1").label("app", "web"),
                                       pod("shop/api-1", "10.0.0.2").label("app", "api"),
                                       admin("ops").ingress(accept().from(namespaces_all()).tcp(80)));
  EXPECT_NE(to_text(*check(world, tcp("shop/web-1", "shop/api-1", 80), false), false)
                .find("ingress of shop/api-1: allowed by Admin/ops:ingress[0]\n"),
            std::string::npos);
  EXPECT_NE(to_text(*check(world, tcp("shop/web-1", "shop/api-1", 81), false), false)
                .find("ingress of shop/api-1: allowed: no policy decides it\n"),
            std::string::npos);
}

TEST(AnswerText, JsonAsTheInterfaceHasIt) {
  const auto answer = check(shop(), tcp("shop/web-1", "shop/api-1", 8080), false);
  const auto json = boost::json::parse(to_json(*answer)).as_object();
  EXPECT_EQ(json.at("verdict"), "deny");
  EXPECT_EQ(json.at("reason"), "no_rule");
  EXPECT_EQ(json.at("egress").at("opinion"), "none");
  const auto& ingress = json.at("ingress");
  EXPECT_EQ(ingress.at("opinion"), "deny");
  EXPECT_EQ(ingress.at("isolated_by"), boost::json::parse(R"(["shop/api-from-web", "shop/default-deny"])"));
  EXPECT_EQ(ingress.at("near"), boost::json::parse(R"([{"rule": "shop/api-from-web:ingress[0]", "failed":
      [{"term": "from[0].podSelector", "want": "app=web", "have": "app=web2"}]}])"));
  EXPECT_EQ(ingress.at("fix").at("kind"), "NetworkPolicy");
  EXPECT_FALSE(json.at("egress").as_object().contains("fix"));
}

model::Cluster names_only() {
  model::Cluster world = cluster(pod("shop/web-1", "10.0.0.1"));
  world.cluster_policies[{"", "only"}] = admin("only")
                                             .egress(accept().to(domains({"*.example.com"})).tcp(443))
                                             .egress(deny().to(networks({"203.0.113.0/24"})));
  world.resolved = {{"www.example.com", {ip("203.0.113.9"), ip("2001:db8::9")}},
                    {"cdn.example.net", {ip("203.0.113.9")}},
                    {"www.example.org", {ip("203.0.113.8"), ip("203.0.113.9"), ip("192.0.2.1")}},
                    {"six.example.com", {ip("2001:db8::9")}},
                    {"nowhere.example.com", {}}};
  return world;
}

base::Result<NameAnswer> check_name(const model::Cluster& world, const std::string& name) {
  return Checker(world, false).check(name, tcp("shop/web-1", "shop/web-1", 443));
}

TEST(AnswerText, ANameIsAllOfItsAddresses) {
  const model::Cluster world = names_only();
  const auto allowed = check_name(world, "www.example.com");
  ASSERT_TRUE(allowed) << allowed.error().message();
  EXPECT_EQ(to_text(*allowed, false),
            R"(allowed: shop/web-1 -> 203.0.113.9 TCP 443 (policy)
  egress of shop/web-1: allowed by Admin/only:egress[0]
    because of the name www.example.com
    the address has other names, which are reached by it too: cdn.example.net, www.example.org
  ingress of 203.0.113.9: open: 203.0.113.9 is no pod's address
)") << "the pod has no IPv6 address";
  const auto denied = check_name(world, "www.example.org");
  ASSERT_TRUE(denied);
  EXPECT_EQ(denied->answers.size(), 3u);
  EXPECT_EQ(denied->deciding().to, "203.0.113.8") << "the first that is denied";
  const auto json = boost::json::parse(to_json(*denied));
  EXPECT_EQ(json.at("verdict"), "deny");
  EXPECT_EQ(json.at("name"), "www.example.org");
  EXPECT_EQ(json.at("addresses").as_array().size(), 3u);
  EXPECT_EQ(json.at("addresses").at(2).at("ip"), "203.0.113.9");
  EXPECT_EQ(json.at("addresses").at(2).at("egress").at("by_names").at(0), "www.example.com");
  EXPECT_NE(to_yaml(*denied).find("name: www.example.org"), std::string::npos);
}

TEST(AnswerText, ANameWithoutAnAddress) {
  const model::Cluster world = names_only();
  for (const char* name : {"nowhere.example.com", "never.example.com"})
    EXPECT_EQ(check_name(world, name).error().message(),
              std::string(name) + ": no address is known for it: give them with --names FILE");
  EXPECT_NE(check_name(world, "six.example.com").error().message().find("famil"), std::string::npos);
  model::Probe probe = tcp("shop/web-1", "shop/web-1", 443);
  probe.family = net::Family::kIpv4;
  EXPECT_EQ(Checker(world, false).check("six.example.com", probe).error().message(),
            "six.example.com: has no IPv4 address");
}

TEST(AnswerText, AnAddressWithoutAName) {
  const model::Cluster world = names_only();
  const auto answer = check(world, tcp("shop/web-1", "203.0.113.7", 443), false);
  EXPECT_NE(
      to_text(*answer, false).find("denied by Admin/only:egress[1]; no name is known for 203.0.113.7\n"),
      std::string::npos)
      << to_text(*answer, false);
  const auto other = check(world, tcp("shop/web-1", "203.0.113.8", 443), false);
  EXPECT_NE(to_text(*other, false).find("    names of the address: www.example.org\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice::explain
