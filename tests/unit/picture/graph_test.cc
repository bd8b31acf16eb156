#include "agent/picture/graph.h"

#include <gmock/gmock.h>

#include "agent/model/workloads.h"
#include "agent/reference/reference.h"
#include "tests/oracle/build.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::picture {
namespace {

using namespace oracle::build;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string text(const Graph& graph, const Edge& edge) {
  std::string all = graph.nodes[edge.from].title() + " -> " + graph.nodes[edge.to].title() + ":";
  for (const std::string& what : edge.what()) all += " " + what;
  return all;
}

std::vector<std::string> edges(const Graph& graph) {
  std::vector<std::string> all;
  for (const Edge& edge : graph.edges) all.push_back(text(graph, edge));
  std::ranges::sort(all);
  return all;
}

std::string text(const Node& node) {
  std::string all(to_text(node.kind));
  for (const std::string& name : node.names) all += " " + name;
  if (node.has_gates())
    all += " in " + std::string(to_text(node.ingress)) + " out " + std::string(to_text(node.egress));
  return all;
}

std::vector<std::string> nodes(const Graph& graph) {
  std::vector<std::string> all;
  for (const Node& node : graph.nodes) all.push_back(text(node));
  return all;
}

PodBuilder of_app(const char* name, const char* app, const char* address) {
  return pod(name, address).label("app", app);
}

// What is in audit closes nothing, and the pods that it would isolate are told apart from others.
TEST(Graph, WhatIsInAuditIsNamedAndDecidesNothing) {
  PolicyBuilder audited = policy("shop/api").selects({{"app", "api"}}).ingress(rule().from(pods({})).tcp(80));
  audited.audit = true;
  const Graph graph = graph_of(
      cluster(of_app("shop/api", "api", "10.0.0.1"), of_app("shop/db", "db", "10.0.0.2"), audited), {});
  EXPECT_THAT(nodes(graph), ElementsAre("pods shop/api in open out open", "pods shop/db in open out open"));
  EXPECT_THAT(edges(graph), IsEmpty());
  EXPECT_THAT(graph.nodes[0].audits_ingress, ElementsAre("shop/api"));
  EXPECT_THAT(graph.nodes[0].audits_egress, IsEmpty());
  EXPECT_THAT(graph.nodes[1].audits_ingress, IsEmpty());
}

TEST(Graph, AWholeNamespaceInAuditIsNamedBesideWhatIsInForce) {
  auto trial = ns("trial");
  trial.audit = true;
  const Graph graph = graph_of(cluster(trial, pod("trial/a", "10.0.0.1"), pod("shop/a", "10.0.0.2"),
                                       policy("trial/closed"), policy("shop/closed")),
                               {});
  EXPECT_THAT(nodes(graph), ElementsAre("pods shop/a in closed out open", "pods trial/a in open out open"));
  EXPECT_THAT(graph.nodes[0].audits_ingress, IsEmpty());
  EXPECT_THAT(graph.nodes[1].audits_ingress, ElementsAre("trial/closed"));
}

TEST(Graph, AnOpenEndIsANodeAndNoEdge) {
  const auto world = cluster(
      of_app("shop/web", "web", "10.0.0.1"), of_app("shop/db", "db", "10.0.0.2"),
      of_app("shop/job", "job", "10.0.0.3"),
      policy("shop/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432)),
      policy("shop/job")
          .selects({{"app", "job"}})
          .types({model::Direction::kIngress, model::Direction::kEgress}));
  const Graph graph = graph_of(world, {});
  EXPECT_THAT(nodes(graph),
              ElementsAre("pods shop/db in rules out open", "pods shop/job in closed out closed",
                          "pods shop/web in open out open"));
  EXPECT_THAT(edges(graph), ElementsAre("shop/web -> shop/db: TCP 5432"));
  EXPECT_THAT(graph.edges[0].rules, ElementsAre("shop/db:ingress[0]"));
}

TEST(Graph, PodsThatNoPolicyTreatsOtherwiseAreOneNode) {
  model::Cluster world = cluster(
      of_app("shop/db", "db", "10.0.0.1"),
      policy("shop/db")
          .selects({{"app", "db"}})
          .ingress(rule().from(pods(labels().where("app", model::Operator::kIn, {"a", "b"}))).tcp(5432)));
  for (const auto& one : {of_app("shop/a-1", "a", "10.0.0.2"), of_app("shop/a-2", "a", "10.0.0.3"),
                          of_app("shop/b-1", "b", "10.0.0.4"), of_app("shop/c-1", "c", "10.0.0.5")})
    world.pods[one.name] = one;
  const Graph graph = graph_of(world, {});
  EXPECT_THAT(nodes(graph), ElementsAre("pods shop/a-1 shop/a-2 shop/b-1 in open out open",
                                        "pods shop/c-1 in open out open", "pods shop/db in rules out open"));
  EXPECT_EQ(graph.nodes[0].pods, 3u);
  EXPECT_EQ(graph.classes, 4u);
}

TEST(Graph, RulesForWholeGroupsAreOneEdgeEach) {
  model::Cluster world = cluster(ns("ops", {{"team", "ops"}}), of_app("ops/scrape", "scrape", "10.0.1.1"),
                                 policy("shop/all").selects({}).ingress(rule().from(pods({}))),
                                 policy("shop/web").selects({{"app", "a"}}).ingress(rule().tcp(443)),
                                 policy("shop/metrics")
                                     .selects({{"app", "b"}})
                                     .ingress(rule().from(namespaces({})).tcp(9090))
                                     .ingress(rule().from(block("10.9.0.0/16")).tcp(22)));
  for (const auto& one : {of_app("shop/a", "a", "10.0.0.2"), of_app("shop/b", "b", "10.0.0.3"),
                          of_app("shop/c", "c", "10.0.0.4")})
    world.pods[one.name] = one;
  EXPECT_THAT(
      edges(graph_of(world, {})),
      ElementsAre("anyone -> shop/a: TCP 443", "every pod -> shop/b: TCP 9090",
                  "every pod of shop -> shop/a: TCP 1-442,444-65535 UDP all SCTP all ICMP other",
                  "every pod of shop -> shop/b: TCP 1-9089,9091-65535 UDP all SCTP all ICMP other",
                  "every pod of shop -> shop/c: everything", "outside 10.9.0.0/16 -> shop/b: TCP 22"));
}

TEST(Graph, WhatTiersDenyIsNotDrawnAndTheirBoxSaysSo) {
  const auto db = [] { return of_app("shop/db", "db", "10.0.0.2"); };
  const auto world =
      cluster(of_app("shop/web", "web", "10.0.0.1"), db(), of_app("ops/scrape", "scrape", "10.0.1.1"),
              admin("metrics")
                  .selects({{"app", "db"}})
                  .ingress(accept().from(pods_anywhere({{"app", "scrape"}})).tcp(9100)),
              baseline("closed").selects({{"app", "db"}}).ingress(deny().from(namespaces_all())));
  const Graph graph = graph_of(world, {});
  EXPECT_THAT(nodes(graph), ElementsAre("pods ops/scrape in open out open", "pods shop/db in rules out open",
                                        "pods shop/web in open out open", "outside 0.0.0.0/0"));
  EXPECT_THAT(edges(graph),
              ElementsAre("ops/scrape -> shop/db: TCP 9100", "outside 0.0.0.0/0 -> shop/db: everything"));
  EXPECT_THAT(graph.nodes[1].isolates_ingress, ElementsAre("Baseline/closed"));
  EXPECT_THAT(graph.edges[0].rules, ElementsAre("Admin/metrics:ingress[0]"));
}

TEST(Graph, TiersThatDenyNobodyAnythingLeaveAnEndOpen) {
  const auto world = cluster(of_app("shop/web", "web", "10.0.0.1"), of_app("shop/db", "db", "10.0.0.2"),
                             admin("glass").ingress(accept().from(pods_anywhere({{"app", "web"}}))));
  EXPECT_THAT(edges(graph_of(world, {})), IsEmpty());
  EXPECT_EQ(graph_of(world, {}).nodes[0].ingress, Gate::kOpen);
}

TEST(Graph, WhatTiersLeaveToEverybodyIsOneEdge) {
  model::Cluster world =
      cluster(admin("no-ssh").selects({{"app", "a"}}).ingress(deny().from(namespaces_all()).tcp(22)));
  for (const auto& one : {of_app("shop/a", "a", "10.0.0.2"), of_app("shop/b", "b", "10.0.0.3"),
                          of_app("shop/c", "c", "10.0.0.4")})
    world.pods[one.name] = one;
  EXPECT_THAT(edges(graph_of(world, {})),
              ElementsAre("anyone -> shop/a: TCP 1-21,23-65535 UDP all SCTP all ICMP other",
                          "outside 0.0.0.0/0 -> shop/a: TCP 22"));
  for (const auto& policy : {policy("shop/a").selects({{"app", "a"}})}) world.policies[policy.name] = policy;
  EXPECT_THAT(edges(graph_of(world, {})), IsEmpty());
  EXPECT_EQ(graph_of(world, {}).nodes[0].ingress, Gate::kClosed);
}

// Law 4.
TEST(Graph, WhatIsTooMuchIsDrawnByNamespaces) {
  model::Cluster world;
  for (int i = 1; i <= 40; ++i) {
    const std::string team = "team-" + std::to_string(i), address = "10.0." + std::to_string(i) + ".";
    for (const char* app : {"a", "b"}) {
      const auto one = pod(team + "/" + app, {address + (app[0] == 'a' ? "1" : "2")}).label("app", app);
      world.pods[one.name] = one;
    }
    const auto only = policy(team + "/b")
                          .selects({{"app", "b"}})
                          .ingress(rule().from(pods({{"app", "a"}})).tcp(i == 40 ? 81 : 80));
    world.policies[only.name] = only;
  }
  EXPECT_EQ(graph_of(world, {}).nodes.size(), 80u);
  const Graph graph = graph_of(world, {20, 20});
  EXPECT_TRUE(graph.by_namespace);
  EXPECT_THAT(edges(graph), ElementsAre("namespace team-1 -> namespace team-1: TCP 80",
                                        "namespace team-40 -> namespace team-40: TCP 81"));
  EXPECT_EQ(graph.nodes[0].names.size(), 39u);
  EXPECT_EQ(graph.nodes[0].pods, 78u);
  EXPECT_EQ(text(graph.nodes[1]), "namespaces team-40 in mixed out open");
}

TEST(Graph, AChosenNamespaceIsDrawnInFullWithWhatItTalksTo) {
  const auto world = cluster(
      of_app("shop/web", "web", "10.0.0.1"), of_app("shop/db", "db", "10.0.0.2"),
      of_app("in/ingress", "ingress", "10.0.1.1"), of_app("in/other", "other", "10.0.1.2"),
      of_app("far/x", "x", "10.0.2.1"), of_app("far/y", "y", "10.0.2.2"),
      policy("shop/db").selects({{"app", "db"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(5432)),
      policy("shop/web")
          .selects({{"app", "web"}})
          .ingress(rule().from(pods_in({}, {{"app", "ingress"}})).tcp(80)),
      policy("far/x").selects({{"app", "x"}}).ingress(rule().from(pods({{"app", "y"}})).tcp(1)));
  Limits limits;
  limits.namespaces = {"shop"};
  const Graph graph = graph_of(world, limits);
  EXPECT_THAT(edges(graph), ElementsAre("in/ingress -> shop/web: TCP 80", "shop/web -> shop/db: TCP 5432"));
  EXPECT_EQ(graph.nodes.size(), 3u);
  limits.nodes = 2;
  EXPECT_THAT(edges(graph_of(world, limits)), ElementsAre("namespace in -> namespace shop: TCP 80",
                                                          "namespace shop -> namespace shop: TCP 5432"));
}

TEST(Graph, OfNothingIsNothing) {
  EXPECT_THAT(graph_of({}, {}).nodes, IsEmpty());
}

// ---- Laws 2 and 3, against the engine written from Kubernetes' text.

std::optional<size_t> node_of(const Graph& graph, const model::Pod& pod) {
  const std::string workload = model::workload_of(pod);
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    for (const std::string& name : graph.nodes[i].names)
      if (graph.nodes[i].kind == NodeKind::kPods &&
          (name == pod.name.to_text() || (!workload.empty() && name == pod.name.ns + "/" + workload)))
        return i;
  return std::nullopt;
}

bool has_edge(const Graph& graph, size_t from, size_t to, const rehearse::Traffic& wanted) {
  return std::ranges::any_of(graph.edges, [&](const Edge& edge) {
    return edge.from == from && edge.to == to && boost::icl::contains(edge.traffic, wanted);
  });
}

bool stands_for(const Node& node, const model::Pod& pod, net::Family family) {
  if (node.kind == NodeKind::kAnyone) return node.names.empty() || node.names[0] == net::to_text(family);
  return node.kind == NodeKind::kEveryPod || (node.kind == NodeKind::kEveryPodOf && node.ns == pod.name.ns);
}

struct Asked {
  net::Family family;
  rehearse::Traffic wanted;
};

// One end's own part: it is open, or a group that the other is in has an edge.
bool lets(const Graph& graph, size_t own, model::Direction direction, const model::Pod& other,
          const Asked& asked) {
  const bool in = direction == model::Direction::kIngress;
  if ((in ? graph.nodes[own].ingress : graph.nodes[own].egress) == Gate::kOpen) return true;
  for (size_t i = 0; i < graph.nodes.size(); ++i)
    if (stands_for(graph.nodes[i], other, asked.family) &&
        (in ? has_edge(graph, i, own, asked.wanted) : has_edge(graph, own, i, asked.wanted)))
      return true;
  return false;
}

TEST(Graph, SaysWhatTheReferenceSays) {
  size_t allowed = 0, denied = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    SCOPED_TRACE(seed);
    model::Cluster world = oracle::random_cluster(seed, static_cast<int>(2 + seed % 12));
    world.services.clear();  // what a node rewrites is no pod's own
    world.endpoint_slices.clear();
    for (auto& [name, pod] : world.pods) pod.host_ports.clear();
    if (seed % 2 == 0) world = oracle::with_tiers(std::move(world), seed);
    if (seed % 4 == 0) world = oracle::with_names(std::move(world), seed);
    if (seed % 4 == 0) world.resolved = oracle::random_resolved(world, seed);
    const Graph graph = graph_of(world, {});
    ASSERT_FALSE(graph.by_namespace);
    const model::PodAddresses addresses(world);
    const reference::Reference reference(world);
    for (const model::Probe& probe : oracle::random_probes(world, seed, 200)) {
      const auto resolved = model::resolve(world, addresses, probe);
      const auto said = reference.evaluate(probe);
      if (!resolved || !said || !probe.port || resolved->from.pod == nullptr || resolved->to.pod == nullptr)
        continue;
      const model::Pod &a = *resolved->from.pod, &b = *resolved->to.pod;
      if (&a == &b || resolved->from.ip.family() != a.ips.front().family() ||
          addresses.owned_by(a).front() != resolved->from.ip)
        continue;  // the graph meets pods at their first family
      const auto from = node_of(graph, a), to = node_of(graph, b);
      ASSERT_TRUE(from && to) << a.name.to_text() << " " << b.name.to_text();
      const Asked asked{resolved->family(), rehearse::one(probe.protocol, *probe.port)};
      const bool drawn = has_edge(graph, *from, *to, asked.wanted) ||
                         (lets(graph, *from, model::Direction::kEgress, b, asked) &&
                          lets(graph, *to, model::Direction::kIngress, a, asked));
      EXPECT_EQ(drawn, said->verdict() == model::Verdict::kAllow) << model::to_text(probe);
      ++(drawn ? allowed : denied);
    }
  }
  EXPECT_GT(allowed, 1000u);
  EXPECT_GT(denied, 1000u);
}

}  // namespace
}  // namespace sluice::picture
