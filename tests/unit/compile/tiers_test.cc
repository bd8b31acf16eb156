// Admin tiers in the image: what they leave there, and what a change of one costs. What they mean is asked of random
// clusters in random_test.cc.
#include <gtest/gtest.h>

#include "agent/compile/compiler.h"
#include "tests/oracle/build.h"

namespace sluice::compile {
namespace {

using model::Change;
using namespace oracle::build;

const LocalPod kWeb{{"prod", "web"}, 7}, kApi{{"prod", "api"}, 8};

auto web() {
  return pod("prod/web", "10.0.0.1").label("app", "web").on("n1");
}
auto api() {
  return pod("prod/api", "10.0.0.2").label("app", "api").port("http", 8080).on("n1");
}

image::Image image_of(const model::Cluster& world) {
  return compile({world, "n1", {}, {kWeb, kApi}});
}

image::Side side_of(const image::Image& image, const char* pod, sluice_direction direction) {
  for (const auto& [id, endpoint] : image.endpoints)
    if (endpoint.name == pod) return endpoint.sides[direction];
  return {};
}

// What the rule set of prod/web's egress says of the address: "default", or the reference as text.
std::string said_of(const image::Image& image, const char* address) {
  const image::Side side = side_of(image, "prod/web", SLUICE_EGRESS);
  const auto found = image.addresses.find(ip(address));
  const image::IdentityId identity =
      found != image.addresses.end() ? found->second.identity : image::identity_by_prefix(image, ip(address));
  const auto rule = image.rules.find({side.ruleset, identity});
  if (rule == image.rules.end()) return "default";
  if (rule->second.kind == Ref::Kind::kPorts) return to_text(image.portsets.at(rule->second.portset));
  return to_text(rule->second);
}

ClusterPolicyBuilder of_web(ClusterPolicyBuilder policy) {
  return policy.selects({{"app", "web"}});
}

TEST(Tiers, ASubjectHasARulesetOnlyInDirectionsThatAreListed) {
  const image::Image image = image_of(cluster(web(), api(), of_web(admin("x").egress(deny().to(nodes())))));
  const image::Side egress = side_of(image, "prod/web", SLUICE_EGRESS);
  EXPECT_TRUE(egress.ruleset);
  EXPECT_TRUE(egress.whole);
  EXPECT_EQ(egress.default_ref, Ref::all()) << "a ClusterNetworkPolicy isolates nobody";
  EXPECT_FALSE(side_of(image, "prod/web", SLUICE_INGRESS).ruleset);
  EXPECT_FALSE(side_of(image, "prod/api", SLUICE_EGRESS).ruleset);
}

TEST(Tiers, TheTiersOfAnIdentityAreOnePortSet) {
  const image::Image image = image_of(cluster(
      web(), api(),
      policy("prod/p").selects({{"app", "web"}}).egress(rule().to(pods({{"app", "api"}})).tcp(1, 100)),
      of_web(admin("a", 1)
                 .egress(deny().to(pods_anywhere({{"app", "api"}})).tcp(80))
                 .egress(accept().to(pods_anywhere({{"app", "api"}})).named("http"))),
      of_web(admin("b", 2).egress(accept().to(pods_anywhere({{"app", "api"}})).tcp(80, 81)))));
  EXPECT_EQ(said_of(image, "10.0.0.2"), "TCP 1-79,81-100,8080");
  EXPECT_EQ(said_of(image, "10.0.0.9"), "default");
  EXPECT_EQ(side_of(image, "prod/web", SLUICE_EGRESS).default_ref, Ref::none());
}

TEST(Tiers, ADenyOfPortsLeavesOtherProtocols) {
  const image::Image image = image_of(
      cluster(web(), api(), of_web(admin("x").egress(deny().to(networks({"10.0.0.0/24"})).tcp(25)))));
  EXPECT_EQ(said_of(image, "10.0.0.2"), "TCP 0-24,26-65535 UDP 0-65535 SCTP 0-65535 others");
}

TEST(Tiers, WhatIsDeniedAltogetherSaysSo) {
  const image::Image image =
      image_of(cluster(web(), api(), of_web(admin("x").egress(deny().to(networks({"10.0.0.0/24"}))))));
  EXPECT_EQ(said_of(image, "10.0.0.2"), "nothing");
  EXPECT_EQ(said_of(image, "10.0.1.2"), "default");
}

TEST(Tiers, AClosedDenyIsTheDefault) {
  const image::Image image =
      image_of(cluster(web(), api(), of_web(admin("x").egress(closed(model::Action::kDeny)))));
  EXPECT_EQ(side_of(image, "prod/web", SLUICE_EGRESS).default_ref, Ref::none());
  EXPECT_TRUE(image.rules.empty());
}

TEST(Tiers, OneRulesetIsSharedByReplicas) {
  const image::Image image =
      image_of(cluster(web(), pod("prod/api", "10.0.0.2").label("app", "web").label("replica", "2").on("n1"),
                       of_web(admin("x").egress(deny().to(nodes())))));
  EXPECT_EQ(side_of(image, "prod/web", SLUICE_EGRESS), side_of(image, "prod/api", SLUICE_EGRESS));
}

base::Result<image::Difference> update(Compiler& compiler, const std::vector<Change>& changes) {
  return compiler.update(changes, std::vector<LocalPod>{kWeb, kApi});
}

// All that a change touched of the image, by the names of its endpoints.
std::string endpoints_of(const image::Difference& difference) {
  std::string text;
  for (const auto& [id, change] : difference.endpoints)
    text += (change.after ? change.after->name : "gone") + ";";
  return text;
}

TEST(Tiers, AChangeCostsItsOwnPods) {
  model::Cluster world =
      cluster(web(), api(), of_web(admin("a", 1).egress(deny().to(networks({"10.1.0.0/16"})).tcp(25))),
              admin("b", 2).selects({{"app", "api"}}).egress(deny().to(networks({"10.2.0.0/16"}))));
  Compiler compiler("n1");
  ASSERT_TRUE(update(compiler, model::difference({}, world)).ok());
  const auto moved = update(
      compiler, {Change::upsert(of_web(admin("a", 3).egress(deny().to(networks({"10.1.0.0/16"})).tcp(25))))});
  ASSERT_TRUE(moved.ok());
  EXPECT_TRUE(moved->empty()) << "another priority, and nobody to change places with";
  const auto changed = update(
      compiler, {Change::upsert(of_web(admin("a", 3).egress(deny().to(networks({"10.1.0.0/16"})).tcp(26))))});
  ASSERT_TRUE(changed.ok());
  EXPECT_EQ(endpoints_of(*changed), "prod/web;");
  const auto gone = update(compiler, {Change::remove({model::Kind::kClusterNetworkPolicy, {"", "a"}})});
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(endpoints_of(*gone), "prod/web;");
}

TEST(Tiers, LabelsOfNamespacesAndNodesAreFollowed) {
  Compiler compiler("n1");
  const model::Cluster world =
      cluster(web(), api(), ns("prod"), node("n2", {"192.168.1.2"}),
              admin("x").selects({}, {{"team", "a"}}).egress(deny().to(nodes({{"zone", "b"}}))));
  ASSERT_TRUE(update(compiler, model::difference({}, world)).ok());
  EXPECT_FALSE(side_of(compiler.image(), "prod/web", SLUICE_EGRESS).ruleset);
  ASSERT_TRUE(update(compiler, {Change::upsert(ns("prod", {{"team", "a"}}))}).ok());
  EXPECT_EQ(said_of(compiler.image(), "192.168.1.2"), "default");
  model::Node labelled = node("n2", {"192.168.1.2"});
  labelled.labels = {{"zone", "b"}};
  ASSERT_TRUE(update(compiler, {Change::upsert(labelled)}).ok());
  EXPECT_EQ(said_of(compiler.image(), "192.168.1.2"), "nothing");
}

}  // namespace
}  // namespace sluice::compile
