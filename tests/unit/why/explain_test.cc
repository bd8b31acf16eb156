#include "agent/compile/why/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agent/compile/compiler.h"
#include "agent/compile/why/lists.h"
#include "agent/reference/reference.h"
#include "tests/oracle/build.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::compile::why {
namespace {

using model::Direction;
using oracle::build::block;
using oracle::build::cluster;
using oracle::build::ip;
using oracle::build::node;
using oracle::build::pod;
using oracle::build::pods;
using oracle::build::policy;
using oracle::build::rule;
using testing::ElementsAre;
using testing::IsEmpty;

std::unique_ptr<Compiler> compiler_for(const model::Cluster& world, const std::string& name) {
  auto compiler = std::make_unique<Compiler>(name);
  std::vector<LocalPod> locals;
  for (const auto& [pod_name, object] : world.pods)
    if (object.node_name == name) locals.push_back({pod_name, 0});
  const Learnt learnt = learnt_of(world);
  compiler->learn({learnt.names.begin(), learnt.names.end()}, learnt.addresses);
  EXPECT_TRUE(compiler->update(model::difference({}, world), locals).ok());
  return compiler;
}

struct Explained {
  model::Side side;
  std::vector<std::string> rules;
};

Explained explained(const Compiler& compiler, const model::ProbeEnd& own, const model::ProbeEnd& other,
                    Direction direction, const model::ResolvedProbe& probe) {
  auto explanation = explain(compiler.compilation(), {own.pod->name, direction, other.ip, probe.protocol,
                                                      probe.port.value_or(net::Port())});
  EXPECT_TRUE(explanation.ok());
  return {!explanation->isolated ? model::Side::kNone
          : explanation->allowed ? model::Side::kAllow
                                 : model::Side::kDeny,
          explanation->rules};
}

TEST(Explain, SaysWhatTheOracleSaysAndForTheSameReasons) {
  for (uint64_t seed = 1; seed <= 120; ++seed) {
    model::Cluster world = oracle::random_cluster(seed, static_cast<int>(1 + seed % 30));
    if (seed % 2 == 0) world = oracle::with_tiers(std::move(world), seed);
    if (seed % 4 == 0) world = oracle::with_names(std::move(world), seed);
    if (seed % 4 == 0) world.resolved = oracle::random_resolved(world, seed);
    const model::PodAddresses addresses(world);
    const reference::Reference reference(world);
    std::map<std::string, std::unique_ptr<Compiler>> compilers;
    for (const model::Probe& probe : oracle::random_probes(world, seed, 100)) {
      auto resolved = model::resolve(world, addresses, probe);
      auto wanted = reference.evaluate(probe);
      if (!resolved || !wanted) continue;
      auto ask = [&](const model::ProbeEnd& own, const model::ProbeEnd& other, Direction direction) {
        auto& compiler = compilers[own.pod->node_name];
        if (!compiler) compiler = compiler_for(world, own.pod->node_name);
        return explained(*compiler, own, other, direction, *resolved);
      };
      SCOPED_TRACE("seed " + std::to_string(seed) + " " + to_text(probe));
      if (resolved->from.pod) {
        const Explained egress = ask(resolved->from, resolved->to, Direction::kEgress);
        ASSERT_EQ(egress.side, wanted->egress);
        ASSERT_EQ(egress.rules, wanted->egress_rules);
      }
      if (resolved->to.pod && wanted->ingress != model::Side::kNone) {
        const Explained ingress = ask(resolved->to, resolved->from, Direction::kIngress);
        ASSERT_EQ(ingress.side, wanted->ingress);
        ASSERT_EQ(ingress.rules, wanted->ingress_rules);
      }
    }
  }
}

model::Cluster two_tiers() {
  return cluster(node("n1", {"192.168.1.1"}), pod("prod/web-1", "10.0.0.1").label("app", "web").on("n1"),
                 pod("prod/web-2", "10.0.0.2").label("app", "web").on("n1"),
                 pod("prod/db", "10.0.0.3").label("app", "db").port("sql", 5432).on("n2"),
                 policy("prod/web")
                     .selects({{"app", "web"}})
                     .ingress(rule().from(block("10.0.0.0/8", {"10.9.0.0/16"})).tcp(80))
                     .egress(rule().to(pods({{"app", "db"}})).tcp("sql")));
}

TEST(Explain, RulesetsNameTheirRulesAndEndpoints) {
  auto infos = rulesets_of(compiler_for(two_tiers(), "n1")->compilation());
  ASSERT_EQ(infos.size(), 2u);
  for (const RulesetInfo& info : infos) {
    const bool ingress = info.direction == Direction::kIngress;
    EXPECT_THAT(info.rules, ElementsAre(ingress ? "prod/web:ingress[0]" : "prod/web:egress[0]"));
    EXPECT_THAT(info.endpoints, ElementsAre("prod/web-1", "prod/web-2"));
  }
}

TEST(Explain, IdentitiesNamePeersPortsAndAddresses) {
  auto infos = identities_of(compiler_for(two_tiers(), "n1")->compilation());
  std::map<std::vector<std::string>, IdentityInfo> by_sample;
  for (const IdentityInfo& info : infos) by_sample[info.sample] = info;
  ASSERT_EQ(by_sample.size(), 2u);
  const IdentityInfo& db = by_sample.at({"10.0.0.3"});
  EXPECT_THAT(db.peers, ElementsAre("10.0.0.0/8 except 10.9.0.0/16", "pods app=db in namespace prod"));
  EXPECT_THAT(db.ports, ElementsAre("sql=5432/TCP"));
  EXPECT_EQ(db.addresses, 1u);
  EXPECT_EQ(by_sample.count({"10.0.0.0/8"}), 1u);
}

TEST(Explain, NamesTheRuleOrNone) {
  auto compiler = compiler_for(two_tiers(), "n1");
  struct Row {
    const char* what;
    Question question;
    bool allowed;
    std::vector<std::string> rules;
  };
  const model::ObjectName web{"prod", "web-1"};
  auto port = [](uint16_t number) { return net::Port::from_host(number); };
  const Row rows[] = {
      {"db by name",
       {web, Direction::kEgress, ip("10.0.0.3"), net::kTcp, port(5432)},
       true,
       {"prod/web:egress[0]"}},
      {"db elsewhere", {web, Direction::kEgress, ip("10.0.0.3"), net::kTcp, port(5433)}, false, {}},
      {"own node", {web, Direction::kEgress, ip("192.168.1.1"), net::kTcp, port(1)}, true, {}},
      {"itself", {web, Direction::kEgress, ip("10.0.0.1"), net::kUdp, port(1)}, true, {}},
      {"in the block",
       {web, Direction::kIngress, ip("10.1.0.1"), net::kTcp, port(80)},
       true,
       {"prod/web:ingress[0]"}},
      {"in the hole", {web, Direction::kIngress, ip("10.9.0.1"), net::kTcp, port(80)}, false, {}},
  };
  for (const Row& row : rows) {
    auto explanation = explain(compiler->compilation(), row.question);
    ASSERT_TRUE(explanation.ok()) << row.what;
    EXPECT_TRUE(explanation->isolated) << row.what;
    EXPECT_EQ(explanation->allowed, row.allowed) << row.what;
    EXPECT_EQ(explanation->rules, row.rules) << row.what;
  }
  EXPECT_EQ(explain(compiler->compilation(),
                    {{"prod", "db"}, Direction::kIngress, ip("10.0.0.1"), net::kTcp, port(80)})
                .error()
                .message(),
            "prod/db is no endpoint of this node: ask the agent of its node");
}

model::Cluster with_shared_address() {
  model::Cluster world = cluster(pod("shop/web", "10.0.0.1").on("n1"));
  const model::ClusterNetworkPolicy only =
      oracle::build::admin("only")
          .egress(oracle::build::accept().to(oracle::build::domains({"*.example.com"})).tcp(443))
          .egress(oracle::build::deny().to(oracle::build::networks({"0.0.0.0/0"})));
  world.cluster_policies[only.name] = only;
  world.resolved = {{"www.example.com", {ip("203.0.113.9"), ip("203.0.113.8")}},
                    {"cdn.example.net", {ip("203.0.113.9")}}};
  return world;
}

TEST(Explain, SaysWhichNameAndWhoSharesTheAddress) {
  const auto compiler = compiler_for(with_shared_address(), "n1");
  const auto ask = [&](const char* remote, uint16_t port) {
    auto answer =
        explain(compiler->compilation(),
                {{"shop", "web"}, Direction::kEgress, ip(remote), net::kTcp, net::Port::from_host(port)});
    EXPECT_TRUE(answer);
    EXPECT_TRUE(answer->names_domains);
    return *answer;
  };
  const Explanation allowed = ask("203.0.113.9", 443);
  EXPECT_THAT(allowed.rules, ElementsAre("Admin/only:egress[0]"));
  EXPECT_THAT(allowed.by_names, ElementsAre("www.example.com"));
  EXPECT_THAT(allowed.names, ElementsAre("cdn.example.net", "www.example.com"));
  const Explanation denied = ask("203.0.113.9", 80);
  EXPECT_THAT(denied.rules, ElementsAre("Admin/only:egress[1]"));
  EXPECT_THAT(denied.by_names, IsEmpty());
  EXPECT_THAT(denied.names, ElementsAre("cdn.example.net", "www.example.com"));
  EXPECT_FALSE(denied.name_would_do) << "no rule by names is about port 80";
  EXPECT_THAT(ask("203.0.113.7", 443).names, IsEmpty());
  EXPECT_TRUE(ask("203.0.113.7", 443).name_would_do);
}

TEST(Explain, ANameWouldNotDoWhereAnEarlierRuleDenies) {
  model::Cluster world = with_shared_address();
  const model::ClusterNetworkPolicy first = oracle::build::admin("first").egress(
      oracle::build::deny().to(oracle::build::networks({"203.0.113.7/32"})));
  world.cluster_policies[first.name] = first;
  const auto compiler = compiler_for(world, "n1");
  for (const auto& [remote, would_do] : {std::pair("203.0.113.7", false), {"203.0.113.6", true}}) {
    const auto answer =
        explain(compiler->compilation(),
                {{"shop", "web"}, Direction::kEgress, ip(remote), net::kTcp, net::Port::from_host(443)});
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->allowed);
    EXPECT_EQ(answer->name_would_do, would_do) << remote;
  }
}

TEST(Explain, IdentitiesOfNames) {
  const auto infos = identities_of(compiler_for(with_shared_address(), "n1")->compilation());
  const auto named = std::ranges::find_if(infos, [](const IdentityInfo& info) {
    return std::ranges::find(info.peers, "names *.example.com") != info.peers.end();
  });
  ASSERT_NE(named, infos.end());
  EXPECT_EQ(named->addresses, 2u);
  EXPECT_THAT(named->sample, ElementsAre("203.0.113.8", "203.0.113.9"));
  for (const IdentityInfo& info : infos) EXPECT_FALSE(info.peers.empty()) << info.id.to_text();
}

}  // namespace
}  // namespace sluice::compile::why
