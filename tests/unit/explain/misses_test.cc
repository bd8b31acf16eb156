#include "agent/explain/misses.h"

#include <gtest/gtest.h>

#include "tests/oracle/build.h"

namespace sluice::explain {
namespace {

using model::Direction;
using namespace oracle::build;

// "RULE: TERM wants WANT, has HAVE; …" a line each, for the ingress of shop/api.
std::string misses(const model::Cluster& world, const char* from, net::Protocol protocol, uint16_t port) {
  const model::PodAddresses addresses(world);
  const auto found = world.pods.find(object_name(from));
  compile::why::FarEnd far;
  far.ip = found == world.pods.end() ? ip(from) : found->second.ips.front();
  far.pod = found == world.pods.end() ? nullptr : &found->second;
  far.port = number(port);
  std::string text;
  for (const Miss& miss :
       nearest_misses(world, {&world.pods.at({"shop", "api"}), Direction::kIngress, protocol, far})) {
    text += miss.rule + ":";
    for (const FailedTerm& term : miss.failed)
      text += " " + term.term + " wants " + term.want + ", has " + term.have + ";";
    text += "\n";
  }
  return text;
}

model::Cluster world(const model::NetworkPolicy& one) {
  return cluster(pod("shop/api", "10.0.0.9").port("http", 8080),
                 pod("shop/web", "10.0.0.1").label("app", "web2"),
                 pod("other/web", "10.0.0.2").label("app", "web"), one);
}

TEST(Misses, EachTermWithBothValues) {
  const auto one = [](RuleBuilder of) { return world(policy("shop/p").ingress(of)); };
  const model::Cluster by_label = one(rule().from(pods({{"app", "web"}})).tcp(8080));
  EXPECT_EQ(misses(by_label, "shop/web", net::kTcp, 8080),
            "shop/p:ingress[0]: from[0].podSelector wants app=web, has app=web2;\n");
  EXPECT_EQ(misses(by_label, "other/web", net::kTcp, 8080),
            "shop/p:ingress[0]: from[0].namespaceSelector wants namespace shop, has namespace other;\n");
  EXPECT_EQ(misses(by_label, "shop/web", net::kTcp, 8081),
            "shop/p:ingress[0]: from[0].podSelector wants app=web, has app=web2; ports[0] wants TCP 8080, "
            "has TCP 8081;\n");
  EXPECT_EQ(misses(by_label, "192.0.2.1", net::kTcp, 8080),
            "shop/p:ingress[0]: from[0].podSelector wants app=web, has no pod;\n");
  EXPECT_EQ(misses(by_label, "shop/web", net::kIcmp, 0),
            "shop/p:ingress[0]: from[0].podSelector wants app=web, has app=web2; ports wants TCP 8080, has "
            "ICMP;\n");
  EXPECT_EQ(misses(one(rule().from(pods_in({{"team", "a"}}, {{"app", "web"}}))), "192.0.2.1", net::kTcp, 80),
            "shop/p:ingress[0]: from[0].namespaceSelector wants team=a, has no pod; from[0].podSelector "
            "wants app=web, "
            "has no pod;\n");
  EXPECT_EQ(misses(one(rule().from(namespaces({{"team", "a"}}))), "other/web", net::kTcp, 80),
            "shop/p:ingress[0]: from[0].namespaceSelector wants team=a, has no team;\n");
  EXPECT_EQ(misses(one(rule().from(block("10.0.0.0/8", {"10.0.0.0/30"}))), "shop/web", net::kTcp, 80),
            "shop/p:ingress[0]: from[0].ipBlock wants 10.0.0.0/8 except 10.0.0.0/30, has 10.0.0.1;\n");
  const Selector odd =
      labels().where("app", model::Operator::kNotIn, {"web2", "x"}).where("tier", model::Operator::kExists);
  EXPECT_EQ(misses(one(rule().from(pods(odd))), "shop/web", net::kTcp, 80),
            "shop/p:ingress[0]: from[0].podSelector wants app notin (web2,x),tier, has app=web2,no tier;\n");
}

TEST(Misses, TheNearestPeerAndPort) {
  const auto several = rule()
                           .from(pods_in({{"team", "a"}}, {{"app", "web"}}))
                           .from(pods({{"app", "web"}}))
                           .tcp(80)
                           .tcp("http")
                           .udp(8079);
  EXPECT_EQ(misses(world(policy("shop/p").ingress(several)), "shop/web", net::kTcp, 8079),
            "shop/p:ingress[0]: from[1].podSelector wants app=web, has app=web2; ports[1] wants TCP http, "
            "has TCP 8079;\n");
}

TEST(Misses, FewestFailedTermsFirstThenByNameAndOnlyOfPoliciesThatIsolate) {
  model::Cluster all = world(policy("shop/b").ingress(rule().tcp(1)));
  for (const auto& other : {policy("shop/a").ingress(rule().from(pods({{"x", "y"}})).tcp(1)),
                            policy("shop/c").ingress(rule().tcp(2)), policy("shop/deny"),
                            policy("shop/else").selects({{"not", "it"}}).ingress(rule().tcp(3)),
                            policy("shop/out").types({Direction::kEgress}).ingress(rule().tcp(3))})
    all.policies[other.name] = other;
  EXPECT_EQ(
      misses(all, "shop/web", net::kTcp, 80),
      "shop/b:ingress[0]: ports[0] wants TCP 1, has TCP 80;\n"
      "shop/c:ingress[0]: ports[0] wants TCP 2, has TCP 80;\n"
      "shop/a:ingress[0]: from[0].podSelector wants x=y, has no x; ports[0] wants TCP 1, has TCP 80;\n");
}

}  // namespace
}  // namespace sluice::explain
