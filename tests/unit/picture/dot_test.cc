#include "agent/picture/dot.h"

#include <gmock/gmock.h>

#include "tests/oracle/build.h"

namespace sluice::picture {
namespace {

using namespace oracle::build;
using ::testing::HasSubstr;
using ::testing::Not;

Graph of_two(Gate ingress, Gate egress) {
  Graph graph;
  Node one;
  one.ns = "shop";
  one.names = {"shop/web"};
  one.ingress = ingress;
  one.egress = egress;
  graph.nodes = {one, {NodeKind::kOutside, "", {"10.0.0.0/8"}}};
  graph.edges = {{1, 0, rehearse::one(net::kTcp, number(80)), {}}};
  return graph;
}

TEST(Dot, NamesIdsAndBoxes) {
  const std::string text = to_dot(of_two(Gate::kRules, Gate::kOpen));
  EXPECT_THAT(text, HasSubstr("subgraph cluster_0 {\n    graph [label=\"shop\""));
  EXPECT_THAT(text,
              HasSubstr("\"shop/web\" [id=\"n0\", class=\"pods in-rules out-open\", label=\"web\\nin by "
                        "rules, out open\""));
  EXPECT_THAT(text, HasSubstr("\"outside 10.0.0.0/8\" -> \"shop/web\" [id=\"e0\", label=\"TCP 80\"];"));
}

TEST(Dot, UnprotectedIsDashedAndClosedIsBold) {
  EXPECT_THAT(to_dot(of_two(Gate::kOpen, Gate::kOpen)), HasSubstr("unprotected: open to all"));
  EXPECT_THAT(to_dot(of_two(Gate::kOpen, Gate::kOpen)), HasSubstr("dashed"));
  EXPECT_THAT(to_dot(of_two(Gate::kClosed, Gate::kClosed)), HasSubstr("closed both ways"));
  EXPECT_THAT(to_dot(of_two(Gate::kClosed, Gate::kRules)), HasSubstr("in closed, out by rules"));
  EXPECT_THAT(to_dot(of_two(Gate::kClosed, Gate::kRules)), HasSubstr("penwidth"));
}

TEST(Dot, WhatIsInAuditIsDottedAndNamed) {
  Graph graph = of_two(Gate::kOpen, Gate::kRules);
  graph.nodes[0].audits_ingress = {"shop/a", "shop/b", "shop/c"};
  graph.nodes[0].audits_egress = {"shop/b", "shop/d"};
  const std::string text = to_dot(graph);
  EXPECT_THAT(text, HasSubstr("class=\"pods in-open out-rules audit\""));
  EXPECT_THAT(text, HasSubstr("out by rules\\nin audit: a, b +2\""));
  EXPECT_THAT(text, HasSubstr("style=\"rounded,filled,dotted\""));
}

TEST(Dot, ManyNamesAreCounted) {
  Graph graph = of_two(Gate::kRules, Gate::kRules);
  graph.nodes[0].names = {"shop/a", "shop/b", "shop/c", "shop/d", "shop/e"};
  graph.nodes[0].pods = 7;
  EXPECT_THAT(to_dot(graph), HasSubstr("label=\"a\\nb\\nc\\n+2  (7 pods)\\nin by rules"));
}

// No name ends a string, nor is an escape or an entity of graphviz'.
TEST(Dot, NamesStayNames) {
  Graph graph = of_two(Gate::kRules, Gate::kRules);
  graph.nodes[0].names = {"shop/a\"];x\\N&lt;\n\x1b\xff"};
  const std::string text = to_dot(graph);
  EXPECT_THAT(text, HasSubstr("\"shop/a\\\"];x\\\\N&amp;lt;???\" [id=\"n0\""));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Dot, NamespacesOfOneShapeSayThatEachIsMeant) {
  Graph graph = of_two(Gate::kMixed, Gate::kOpen);
  graph.by_namespace = true;
  graph.nodes[0] = {NodeKind::kNamespaces, "", {"a", "b"}};
  graph.edges[0].from = 0;
  EXPECT_THAT(to_dot(graph), HasSubstr("label=\"each within itself:\\nTCP 80\""));
}

}  // namespace
}  // namespace sluice::picture
