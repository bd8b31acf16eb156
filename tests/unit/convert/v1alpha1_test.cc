// AdminNetworkPolicy and BaselineAdminNetworkPolicy: each field, and what is refused.
#include <gtest/gtest.h>

#include "agent/convert/convert.h"

namespace sluice::convert {
namespace {

Conversion from_v1alpha1(const std::string& text) {
  return convert(text, "f", Dialect::kV1alpha1, {});
}

std::string admin(const std::string& spec) {
  return "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: AdminNetworkPolicy\nmetadata: {name: "
         "a}\nspec: " +
         spec;
}

TEST(V1alpha1, EveryFieldHasItsPlace) {
  const Conversion made = from_v1alpha1(
      admin(R"({priority: 7, subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}},
  ingress: [{name: one, action: Pass, from: [{namespaces: {}}], ports: [{portNumber: {protocol: UDP, port: 53}}, {namedPort: http}]}],
  egress: [{action: Allow, to: [{domainNames: ["*.Example.com."]}, {nodes: {}}, {networks: [10.0.0.0/8]}], ports: [{portRange: {start: 1, end: 9}}]},
           {action: Deny, to: [{pods: {podSelector: {}}}]}]})"));
  ASSERT_TRUE(made.holds(false)) << made.problems.at(0);
  ASSERT_EQ(made.objects.size(), 1u);
  const auto& policy = std::get<model::ClusterNetworkPolicy>(made.objects[0]);
  EXPECT_EQ(policy.priority, 7u);
  EXPECT_EQ(policy.tier, model::Tier::kAdmin);
  EXPECT_EQ(policy.subject.pods.requirements.at(0).key, "a");
  ASSERT_EQ(policy.ingress.size(), 1u);
  EXPECT_EQ(policy.ingress[0].action, model::Action::kPass);
  EXPECT_EQ(policy.ingress[0].name, "one");
  EXPECT_EQ(policy.ingress[0].protocols.at(1), model::ClusterProtocol(model::NamedPort{"http"}));
  ASSERT_EQ(policy.egress.size(), 2u);
  EXPECT_EQ(policy.egress[0].peers.at(0), model::ClusterPeer(model::DomainNamesPeer{{"*.example.com"}}));
  EXPECT_EQ(policy.egress[1].action, model::Action::kDeny);
}

TEST(V1alpha1, TheBaselineIsATier) {
  const Conversion made = from_v1alpha1(
      "apiVersion: policy.networking.k8s.io/v1alpha1\nkind: BaselineAdminNetworkPolicy\nmetadata: {name: "
      "default}\n"
      "spec: {subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}");
  ASSERT_EQ(made.objects.size(), 1u);
  EXPECT_EQ(std::get<model::ClusterNetworkPolicy>(made.objects[0]).tier, model::Tier::kBaseline);
}

// 100 rules, peers and ports may be there, 25 here.
TEST(V1alpha1, WhatIsTooLongIsSeveral) {
  std::string rules;
  for (int i = 0; i < 60; ++i)
    rules += (i > 0 ? ", " : "") + std::string("{name: r") + std::to_string(i) +
             ", action: Pass, from: [{namespaces: {}}]}";
  const Conversion made =
      from_v1alpha1(admin("{priority: 1, subject: {namespaces: {}}, ingress: [" + rules + "]}"));
  ASSERT_EQ(made.objects.size(), 3u);
  std::string names;
  for (const model::Object& object : made.objects) {
    const auto& policy = std::get<model::ClusterNetworkPolicy>(object);
    EXPECT_LE(policy.ingress.size(), 25u);
    for (const auto& rule : policy.ingress) names += rule.name + " ";
  }
  EXPECT_TRUE(names.starts_with("r0 r1 r2 ") && names.ends_with(" r58 r59 ")) << names;
}

TEST(V1alpha1, WhatIsWrongIsNamed) {
  const std::pair<const char*, const char*> rows[] = {
      {"{priority: 1, subject: {namespaces: {}}, ingres: []}",
       "AdminNetworkPolicy a: spec: unknown field \"ingres\""},
      {"{subject: {namespaces: {}}}", "spec.priority: is missing"},
      {"{priority: 1001, subject: {namespaces: {}}}", "spec.priority: 1001 is out of range"},
      {"{priority: 1, subject: {}}", "spec.subject: has no subject: write one of namespaces, pods"},
      {"{priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, to: [{domainNames: [a.b]}]}]}",
       "spec.egress[0].to[0].domainNames: can stand in Allow rules"},
      {"{priority: 1, subject: {namespaces: {}}, egress: [{action: Accept, to: [{namespaces: {}}]}]}",
       "spec.egress[0].action: \"Accept\" is not an action"},
      {"{priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: []}]}",
       "spec.ingress[0].from: has no entry"},
      {"{priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{networks: "
       "[1.2.3.4/32]}]}]}",
       "spec.ingress[0].from[0]"}};
  for (const auto& [spec, text] : rows) {
    const Conversion made = from_v1alpha1(admin(spec));
    ASSERT_EQ(made.problems.size(), 1u) << spec;
    EXPECT_NE(made.problems[0].find(text), std::string::npos) << made.problems[0];
    EXPECT_FALSE(made.holds(true));
  }
}

TEST(V1alpha1, TheLastDefinitionCounts) {
  const std::string one = admin("{priority: 1, subject: {namespaces: {}}}"),
                    two = admin("{priority: 2, subject: {namespaces: {}}}");
  const Conversion made = from_v1alpha1(one + "\n---\n" + two);
  ASSERT_EQ(made.objects.size(), 1u);
  EXPECT_EQ(std::get<model::ClusterNetworkPolicy>(made.objects[0]).priority, 2u);
}

}  // namespace
}  // namespace sluice::convert
