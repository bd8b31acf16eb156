// What a change costs, and the corners of the image that no verdict shows.
#include <gtest/gtest.h>

#include "agent/compile/compiler.h"
#include "tests/oracle/build.h"

namespace sluice::compile {
namespace {

using model::Change;
using oracle::build::block;
using oracle::build::cidr;
using oracle::build::cluster;
using oracle::build::ip;
using oracle::build::node;
using oracle::build::number;
using oracle::build::pod;
using oracle::build::pods;
using oracle::build::policy;
using oracle::build::rule;
using oracle::build::service;
using oracle::build::slice;

const LocalPod kWeb{{"prod", "web"}, 7};

auto web() {
  return pod("prod/web", "10.0.0.1").label("app", "web").on("n1");
}

image::Image image_of(const model::Cluster& world) {
  return compile({world, "n1", {}, {kWeb}});
}

TEST(Image, OpenPodsNeedNothingButTheirEndpoint) {
  const image::Image image =
      image_of(cluster(web(), pod("prod/db", "10.0.0.2"), service("prod/db", "10.96.0.1").port(80)));
  EXPECT_EQ(to_text(image), "endpoint " + image.endpoints.begin()->first.to_text() +
                                " prod/web 10.0.0.1 interface 7 ingress open egress open\n");
}

TEST(Image, IsolatedWithoutARuleIsARuleset) {
  const image::Image image = image_of(cluster(web(), policy("prod/deny").types({model::Direction::kEgress})));
  const auto& sides = image.endpoints.begin()->second.sides;
  EXPECT_FALSE(sides[SLUICE_INGRESS].ruleset);
  EXPECT_TRUE(sides[SLUICE_EGRESS].ruleset);
  EXPECT_EQ(sides[SLUICE_EGRESS].default_ref, Ref::none());
}

TEST(Image, ARuleForEveryoneLeavesNoOtherPeersToTellApart) {
  const image::Image image =
      image_of(cluster(web(), pod("prod/db", "10.0.0.2"),
                       policy("prod/p").ingress(rule().from(block("10.0.0.0/8")).tcp(80)).ingress(rule())));
  EXPECT_EQ(image.endpoints.begin()->second.sides[SLUICE_INGRESS].default_ref, Ref::all());
  EXPECT_TRUE(image.addresses.empty());
  EXPECT_TRUE(image.prefixes.empty());
}

TEST(Image, PrefixesThatSayNothingNewAreLeftOut) {
  const image::Image image = image_of(cluster(
      web(), policy("prod/p").ingress(rule().from(block("10.0.0.0/8")).from(block("10.1.0.0/16")).tcp(80))));
  ASSERT_EQ(image.prefixes.size(), 1u);
  EXPECT_EQ(image.prefixes.begin()->first, cidr("10.0.0.0/8"));
}

TEST(Image, ServicesOfOneSetOfEndpointsShareAnIdentity) {
  const image::Image image = image_of(cluster(
      web(), pod("prod/db", "10.0.0.2").label("app", "db"), service("prod/a", "10.96.0.1").port(80, 5432),
      slice("prod/a-1", "a").port(5432).ready("10.0.0.2"), service("prod/b", "10.96.0.2").port(81, 5432),
      slice("prod/b-1", "b").port(5432).ready("10.0.0.2"),
      policy("prod/p").egress(rule().to(pods({{"app", "db"}})))));
  ASSERT_EQ(image.services.size(), 2u);
  EXPECT_EQ(image.services.begin()->second, std::next(image.services.begin())->second);
}

class Changing : public testing::Test {
 protected:
  void SetUp() override {
    const auto world =
        cluster(node("n1", {"192.168.1.1"}), web(), pod("prod/db", "10.0.0.2").label("app", "db"),
                policy("prod/p").egress(rule().to(pods({{"app", "db"}})).tcp(5432)));
    ASSERT_TRUE(compiler_.update(model::difference({}, world), std::vector<LocalPod>{kWeb}).ok());
  }
  std::string changed(const Change& change) { return to_text(*compiler_.update({&change, 1})); }
  std::string identity() const { return compiler_.image().addresses.at(ip("10.0.0.2")).identity.to_text(); }

  Compiler compiler_{"n1"};
};

TEST_F(Changing, AnotherPodOfAKnownKindIsOneEntry) {
  EXPECT_EQ(changed(Change::upsert(pod("prod/db-2", "10.0.0.3").label("app", "db"))),
            "+ address 10.0.0.3 identity " + identity() + "\n");
}

TEST_F(Changing, APodThatNoPolicyNamesIsNoEntry) {
  EXPECT_EQ(changed(Change::upsert(pod("prod/other", "10.0.0.3").label("app", "other"))), "");
  EXPECT_EQ(changed(Change::remove({model::Kind::kPod, {"prod", "other"}})), "");
}

TEST_F(Changing, APolicyOfAnotherNamespaceIsNoEntry) {
  EXPECT_EQ(changed(Change::upsert(policy("test/p"))), "");
}

TEST_F(Changing, AnAddressThatALaterPodTakesGoesAndComesBack) {
  const std::string before = to_text(compiler_.image());
  const std::string gone =
      changed(Change::upsert(pod("prod/late", "10.0.0.2").label("app", "x").created_at(9)));
  EXPECT_EQ(gone.substr(0, 18), "- address 10.0.0.2");
  changed(Change::remove({model::Kind::kPod, {"prod", "late"}}));
  EXPECT_EQ(to_text(compiler_.image()), before);
}

TEST_F(Changing, AHostPortComesAndGoesWithItsPod) {
  const auto with = pod("prod/h", "10.0.0.4").label("app", "db").on("n1").host_port(8888, 5432);
  const std::string before = to_text(compiler_.image());
  const char* service = "service node-port IPv4 TCP 8888";
  auto answers = [&] { return to_text(compiler_.image()).find(service) != std::string::npos; };
  changed(Change::upsert(with));
  EXPECT_TRUE(answers()) << to_text(compiler_.image());
  const struct {
    const char* what;
    model::Pod pod;
  } ends[] = {{"finished", oracle::build::PodBuilder(with).in_phase(model::PodPhase::kSucceeded)},
              {"moved to another node", oracle::build::PodBuilder(with).on("n2")},
              {"without the port", pod("prod/h", "10.0.0.4").label("app", "db").on("n1")}};
  for (const auto& end : ends) {
    changed(Change::upsert(end.pod));
    EXPECT_FALSE(answers()) << end.what;
    changed(Change::upsert(with));
    EXPECT_TRUE(answers()) << "no longer " << end.what;
  }
  changed(Change::remove({model::Kind::kPod, {"prod", "h"}}));
  EXPECT_EQ(to_text(compiler_.image()), before);
}

TEST_F(Changing, AHostIpAnswersWhileTheNodeHasIt) {
  changed(Change::upsert(pod("prod/h", "10.0.0.4").on("n1").host_port(8888, 80, "192.168.1.9")));
  const std::string before = to_text(compiler_.image());
  EXPECT_EQ(before.find("8888"), std::string::npos);
  ASSERT_TRUE(compiler_.update({}, std::nullopt, std::vector{ip("192.168.1.9")}).ok());
  EXPECT_NE(to_text(compiler_.image()).find("192.168.1.9 TCP 8888"), std::string::npos)
      << to_text(compiler_.image());
  ASSERT_TRUE(compiler_.update({}, std::nullopt, std::vector<net::Ip>()).ok());
  EXPECT_EQ(to_text(compiler_.image()), before);
}

TEST_F(Changing, ALocalPodThatFinishesIsNoEndpoint) {
  changed(Change::upsert(web().in_phase(model::PodPhase::kSucceeded)));
  EXPECT_EQ(to_text(compiler_.image()), "address 192.168.1.1 identity - node\n");
}

// What a pod may send from, as "CIDR allowed" and "CIDR foreign".
std::vector<std::string> sources_of(const image::Image& image) {
  std::vector<std::string> lines;
  for (const auto& [key, value] : image.sources)
    lines.push_back(key.prefix.to_text() + (value == SLUICE_SOURCE_ALLOWED ? " allowed" : " foreign"));
  return lines;
}
using Lines = std::vector<std::string>;

TEST(Sources, OfThePodAndItsNamespaceWithoutOthersAddresses) {
  model::Namespace prod = oracle::build::ns("prod");
  prod.source_prefixes = {cidr("2001:db8::/32")};
  const auto router = web().sends_from({"10.0.0.0/29", "10.0.0.4/31", "192.0.2.0/24"});
  const image::Image image =
      image_of(cluster(router, prod, pod("prod/db", "10.0.0.2"), pod("prod/far", "10.0.0.9"),
                       pod("prod/done", "10.0.0.3").in_phase(model::PodPhase::kSucceeded)));
  EXPECT_EQ(sources_of(image), (Lines{"10.0.0.0/29 allowed", "10.0.0.2/32 foreign", "192.0.2.0/24 allowed",
                                      "2001:db8::/32 allowed"}));
  EXPECT_TRUE(image.endpoints.begin()->second.has_sources);
  EXPECT_FALSE(image_of(cluster(web(), pod("prod/db", "10.0.0.2"))).endpoints.begin()->second.has_sources);
}

TEST(Sources, FollowEveryChange) {
  Compiler compiler("n1");
  const auto router = web().sends_from({"10.0.0.0/29", "10.0.0.5/32"});
  const auto after = [&](const Change& change) {
    const auto updated = compiler.update({{change}}, {{kWeb}});
    EXPECT_TRUE(updated);
    EXPECT_EQ(compiler.image(), image_of(compiler.cluster()));
    return sources_of(compiler.image());
  };
  EXPECT_EQ(after(Change::upsert(router)), Lines{"10.0.0.0/29 allowed"});
  EXPECT_EQ(after(Change::upsert(pod("prod/db", "10.0.0.5"))),
            (Lines{"10.0.0.0/29 allowed", "10.0.0.5/32 foreign"}));
  EXPECT_EQ(after(Change::remove({model::Kind::kPod, {"prod", "db"}})), Lines{"10.0.0.0/29 allowed"});
  model::Namespace prod = oracle::build::ns("prod");
  prod.source_prefixes = {cidr("192.0.2.0/24")};
  EXPECT_EQ(after(Change::upsert(prod)), (Lines{"10.0.0.0/29 allowed", "192.0.2.0/24 allowed"}));
  EXPECT_EQ(after(Change::upsert(web())), Lines{"192.0.2.0/24 allowed"});
  EXPECT_EQ(after(Change::remove({model::Kind::kNamespace, {"", "prod"}})), Lines{});
}

}  // namespace
}  // namespace sluice::compile
