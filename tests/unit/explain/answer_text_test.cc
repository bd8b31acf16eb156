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

}  // namespace
}  // namespace sluice::explain
