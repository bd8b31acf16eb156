// Two contents with one id, as a search for them finds (SECURITY.md): an error wherever they meet, never a verdict.
#include <gmock/gmock.h>

#include "agent/compile/compiler.h"
#include "agent/compile/content/content.h"
#include "tests/oracle/build.h"

namespace sluice::compile {
namespace {

using namespace oracle::build;  // NOLINT(google-build-using-namespace)
using ::testing::HasSubstr;

// Their peer sets have the same 62 bits of SHA-256.
constexpr char kOne[] = "fd00::2abf:8627:a268:4e36/128", kOther[] = "fd00::1d55:c13d:99bc:d68b/128";

void expect_collision(const model::Cluster& cluster, const std::vector<LocalPod>& locals) {
  const auto image = try_compile({cluster, "n1", {}, locals});
  ASSERT_FALSE(image.ok());
  EXPECT_THAT(image.error().message(), HasSubstr("two different contents have the id of "));
}

model::Cluster pods_of_two_kinds() {
  model::Cluster cluster;
  cluster.apply(model::Change::upsert(model::Pod(pod("shop/a", "10.0.0.1").label("app", "a"))));
  cluster.apply(model::Change::upsert(model::Pod(pod("shop/b", "10.0.0.2").label("app", "b"))));
  return cluster;
}

TEST(Twins, AreTwo) {
  const auto one = content::peer_set_of("shop", {block(kOne)}),
             other = content::peer_set_of("shop", {block(kOther)});
  EXPECT_NE(one, other);
  EXPECT_EQ(content::id_of(one), content::id_of(other));
}

TEST(Twins, OfOneRuleSetAreAnError) {
  model::Cluster cluster = pods_of_two_kinds();
  cluster.apply(
      model::Change::upsert(model::NetworkPolicy(policy("shop/x")
                                                     .selects({{"app", "a"}})
                                                     .ingress(rule().from(block(kOne)).tcp(80))
                                                     .ingress(rule().from(block(kOther)).tcp(443)))));
  expect_collision(cluster, {{{"shop", "a"}, 7}});
}

TEST(Twins, OfTwoRuleSetsAreAnError) {
  model::Cluster cluster = pods_of_two_kinds();
  cluster.apply(model::Change::upsert(
      model::NetworkPolicy(policy("shop/x").selects({{"app", "a"}}).ingress(rule().from(block(kOne))))));
  cluster.apply(model::Change::upsert(
      model::NetworkPolicy(policy("shop/y").selects({{"app", "b"}}).ingress(rule().from(block(kOther))))));
  expect_collision(cluster, {{{"shop", "a"}, 7}, {{"shop", "b"}, 8}});
  EXPECT_TRUE(try_compile({cluster, "n1", {}, {{{"shop", "a"}, 7}}}).ok()) << "only one is met on this node";
}

// What was compiled before stays, and once one of them goes all is as ever.
TEST(Twins, ACompilerGoesOnWithoutThem) {
  model::Cluster cluster = pods_of_two_kinds();
  Compiler compiler("n1");
  const auto one =
      model::NetworkPolicy(policy("shop/x").selects({{"app", "a"}}).ingress(rule().from(block(kOne))));
  const auto other =
      model::NetworkPolicy(policy("shop/y").selects({{"app", "a"}}).ingress(rule().from(block(kOther))));
  std::vector<model::Change> first = model::difference({}, cluster);
  first.push_back(model::Change::upsert(one));
  ASSERT_TRUE(compiler.update(first, std::vector<LocalPod>{{{"shop", "a"}, 7}}).ok());
  const image::Image before = compiler.image();
  const std::vector<model::Change> twin{model::Change::upsert(other)},
      gone{model::Change::remove(model::id_of(model::Object(other)))};
  EXPECT_FALSE(compiler.update(twin).ok());
  EXPECT_EQ(compiler.image(), before);
  EXPECT_FALSE(compiler.update({}).ok());
  const auto difference = compiler.update(gone);
  ASSERT_TRUE(difference.ok());
  EXPECT_TRUE(difference->empty());
  EXPECT_EQ(compiler.image(), before);
}

}  // namespace
}  // namespace sluice::compile
