#include "agent/apps/kubectl/cluster.h"

#include <gmock/gmock.h>

namespace sluice::apps::kubectl {
namespace {

using ::testing::HasSubstr;

std::string pod(const std::string& name, const std::string& more = "", const std::string& status = "{}") {
  return R"({"metadata":{"namespace":"shop","name":")" + name + "\"" + more +
         R"(},"spec":{"nodeName":"n1"},"status":)" + status + "}";
}
std::string list(const std::string& items) {
  return R"({"items":[)" + items + "]}";
}
constexpr char kOfWeb[] =
    R"(,"labels":{"pod-template-hash":"5d4"},"ownerReferences":[{"kind":"ReplicaSet","name":"web-5d4","controller":true}])";

TEST(ParsePods, OnWhichNodeWhatRuns) {
  const auto pods = parse_pods(
      list(pod("web-5d4-x", kOfWeb) + "," +
           pod("db-0", R"(,"ownerReferences":[{"kind":"StatefulSet","name":"db","controller":true}])") + "," +
           pod("sluice-a", "", R"({"containerStatuses":[{"name":"agent","state":{"running":{}}}]})") + "," +
           pod("sluice-b", "", R"({"containerStatuses":[{"name":"agent","state":{"waiting":{}}}]})") + "," +
           pod("removed", "", R"({"containerStatuses":[{"name":"removed","state":{"running":{}}}]})")));
  ASSERT_TRUE(pods) << pods.error().message();
  ASSERT_EQ(pods->size(), 5u);
  EXPECT_EQ((*pods)[0].workload, "deployment/web");
  EXPECT_EQ((*pods)[0].node, "n1");
  EXPECT_EQ((*pods)[1].workload, "statefulset/db");
  EXPECT_FALSE((*pods)[1].runs_agent);
  EXPECT_TRUE((*pods)[2].runs_agent);
  EXPECT_FALSE((*pods)[3].runs_agent);
  EXPECT_FALSE((*pods)[4].runs_agent);
}

TEST(ParsePods, WhatIsNoNameIsNoPod) {
  for (const char* name : {"", "-o", "a b", "$(x)", "a;b", "../a", "A", "a\\u001b[0m"})
    EXPECT_TRUE(parse_pods(list(pod(name))).value().empty()) << name;
  EXPECT_TRUE(parse_pods(list("7,null,{},[]")).value().empty());
}

TEST(ParsePods, WhatIsNoListIsRefused) {
  EXPECT_THAT(parse_pods("Error: x").error().message(), HasSubstr("is no JSON"));
  for (const char* text : {"[]", "{}", R"({"items":7})", "7"})
    EXPECT_THAT(parse_pods(text).error().message(), HasSubstr("is no list of pods")) << text;
}

TEST(ParseEnd, PodsAndWorkloadsOnly) {
  EXPECT_EQ(parse_end("shop/deploy/web")->kind, "deployment");
  EXPECT_EQ(parse_end("shop/web")->name, "web");
  for (const char* other :
       {"10.0.0.1", "fd00::1", "shop/service/api", "shop/svc/api", "node/n1", "a b/c", "x/", "/x"})
    EXPECT_FALSE(parse_end(other)) << other;
}

TEST(Find, ThePodElseOneOfTheWorkload) {
  const auto pods = *parse_pods(list(pod("web-5d4-x", kOfWeb) + "," + pod("web")));
  EXPECT_EQ(find(pods, {"shop", "", "web"})->name, "web");
  EXPECT_EQ(find(pods, {"shop", "deployment", "web"})->name, "web-5d4-x");
  EXPECT_EQ(find(pods, {"shop", "", "web-5d4"}), nullptr);
  EXPECT_EQ(find(pods, {"shop", "statefulset", "web"}), nullptr);
  EXPECT_EQ(find(pods, {"other", "", "web"}), nullptr);
}

}  // namespace
}  // namespace sluice::apps::kubectl
