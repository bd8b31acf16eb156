#include "agent/explain/fix.h"

#include <gtest/gtest.h>

#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"
#include "tests/oracle/build.h"

namespace sluice::explain {
namespace {

using model::Direction;
using namespace oracle::build;

std::string fix(const model::Cluster& world, const char* to, const char* from, uint16_t port = 80) {
  const model::Pod& own = world.pods.at(object_name(to));
  const auto found = world.pods.find(object_name(from));
  compile::why::FarEnd far;
  far.ip = found == world.pods.end() ? ip(from) : found->second.ips.front();
  far.pod = found == world.pods.end() ? nullptr : &found->second;
  far.port = number(port);
  const auto policy = fix_for(world, {{&own, Direction::kIngress, net::kTcp, far}});
  return policy ? source::encode::to_yaml_document(source::encode::to_json_object(*policy)) : "none";
}

TEST(Fix, ByAllLabelsButThoseOfControllers) {
  const model::Cluster world =
      cluster(pod("shop/api-1", "10.0.0.9").label("app", "api").label("pod-template-hash", "5d8"),
              pod("web/front-1", "10.0.0.1").label("app", "front").label("tier", "1"), policy("shop/deny"));
  EXPECT_EQ(fix(world, "shop/api-1", "web/front-1"), R"(apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: allow-front-1-to-api-1-80
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes:
  - Ingress
  ingress:
  - from:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: web
      podSelector:
        matchLabels:
          app: front
          tier: "1"
    ports:
    - protocol: TCP
      port: 80
)");
  EXPECT_NE(fix(world, "shop/api-1", "192.0.2.7").find("cidr: \"192.0.2.7/32\""), std::string::npos);
}

TEST(Fix, IsolatesNoPodThatWasOpen) {
  const model::Cluster world = cluster(
      pod("shop/api", "10.0.0.9").label("app", "api"),
      pod("shop/open", "10.0.0.8").label("app", "api").label("free", "y"), pod("shop/web", "10.0.0.1"),
      policy("shop/deny").selects(labels({{"app", "api"}}).where("free", model::Operator::kDoesNotExist)));
  EXPECT_NE(fix(world, "shop/api", "shop/web").find("key: free\n      operator: DoesNotExist"),
            std::string::npos)
      << fix(world, "shop/api", "shop/web");
}

TEST(Fix, NoneWhereOnlyAControllersLabelTellsApart) {
  const model::Cluster world =
      cluster(pod("shop/a", "10.0.0.9").label("controller-uid", "1"),
              pod("shop/b", "10.0.0.8").label("controller-uid", "2"), pod("shop/web", "10.0.0.1"),
              policy("shop/deny").selects({{"controller-uid", "1"}}));
  EXPECT_EQ(fix(world, "shop/a", "shop/web"), "none");
}

TEST(Fix, ANameOfItsOwn) {
  const model::Cluster world =
      cluster(pod("shop/api", "10.0.0.9"), pod("shop/web", "10.0.0.1"), policy("shop/deny"),
              policy("shop/allow-web-to-api-80").types({Direction::kEgress}));
  EXPECT_NE(fix(world, "shop/api", "shop/web").find("name: allow-web-to-api-80-2\n"), std::string::npos);
  EXPECT_NE(fix(world, "shop/api", "fd00::1").find("name: allow-fd00--1-to-api-80\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice::explain
