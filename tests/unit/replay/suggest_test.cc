#include "agent/replay/suggest.h"

#include <gtest/gtest.h>

#include "agent/reference/reference.h"
#include "agent/replay/replay.h"
#include "tests/oracle/build.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::replay {
namespace {

using namespace oracle::build;

// As observe would have recorded the probe.
std::optional<Flow> recorded(const model::Cluster& world, const model::PodAddresses& addresses,
                             const model::Probe& probe) {
  const auto resolved = model::resolve(world, addresses, probe);
  if (!resolved) return std::nullopt;
  Flow flow;
  flow.verdict = "allowed";
  flow.protocol = probe.protocol;
  for (const auto& [end, from] :
       {std::pair(&flow.source, &resolved->from), {&flow.destination, &resolved->to}}) {
    end->ip = from->ip;
    if (from->pod == nullptr) continue;
    end->ns = from->pod->name.ns;
    end->pod = from->pod->name.name;
  }
  flow.destination.port = probe.port;
  return flow;
}

Replayed replayed(const model::Cluster& world, const std::vector<Flow>& flows) {
  const reference::Reference reference(world);
  explain::Checker checker(world, false);
  return replay(
      world, flows,
      [&](const model::Probe& probe) -> base::Result<model::Verdict> {
        const auto answer = reference.evaluate(probe);
        if (!answer) return answer.error();
        return answer->verdict();
      },
      [&](const model::Probe& probe) { return checker.check(probe); });
}

// Law 4: the line says by which rule it was denied before any policy was suggested.
bool is_left_out(explain::Checker& checker, const model::Probe& probe, const Suggested& suggested) {
  const auto answer = checker.check(probe);
  std::vector<const explain::SideAnswer*> sides = {&answer->egress, &answer->ingress};
  for (const explain::EndpointAnswer& endpoint : answer->endpoints) sides.push_back(&endpoint.ingress);
  return std::ranges::any_of(sides, [&](const auto* side) {
    const std::string rule = explain::denying_rule(*side),
                      line = model::to_text(probe) + ": " + rule + " denies it, ";
    return !rule.empty() && std::ranges::any_of(suggested.left_out, [&](const std::string& one) {
      return one.starts_with(line + (rule.starts_with("Admin/") ? "whatever" : "and policies of namespace"));
    });
  });
}

// Law 1, on random clusters whose policies are taken away.
TEST(Suggest, WhatWentInIsNotDenied) {
  size_t flows_in_all = 0, policies = 0, denied_others = 0, left_out = 0;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    model::Cluster world = oracle::random_cluster(seed, static_cast<int>(3 + seed % 15));
    world.policies.clear();
    if (seed % 2 == 0) world = oracle::with_tiers(std::move(world), seed);
    const model::PodAddresses addresses(world);
    std::vector<Flow> flows, others;
    for (const model::Probe& probe : oracle::random_probes(world, seed, 60)) {
      const bool cut_off = probe.protocol.is_ipv6_extension();
      auto flow = recorded(world, addresses, probe);
      if (flow && !cut_off) (flows.size() <= others.size() ? flows : others).push_back(*flow);
    }
    explain::Checker checker(world, false);
    const Suggested suggested =
        suggest(world, flows, [&](const model::Probe& probe) { return checker.check(probe); });
    model::Cluster closed = world;
    for (const model::NetworkPolicy& policy : suggested.policies) closed.policies[policy.name] = policy;
    EXPECT_EQ(suggested.policies.size(), closed.policies.size()) << "each has a name of its own";
    for (const Judged& judged : replayed(closed, flows).denied) {
      const bool said = is_left_out(checker, *Names(world).probe_of(judged.flow), suggested);
      left_out += said;
      if (said) continue;
      ADD_FAILURE() << to_text(judged.flow.source) << " -> " << to_text(judged.flow.destination) << " "
                    << judged.flow.protocol.to_text() << "\n"
                    << explain::to_text(judged.answer, false);
    }
    denied_others += replayed(closed, others).denied.size();
    flows_in_all += flows.size();
    policies += suggested.policies.size();
  }
  EXPECT_GT(flows_in_all, 2000u);
  EXPECT_GT(policies, 300u);
  EXPECT_GT(left_out, 50u);
  EXPECT_GT(denied_others, 300u) << "it allows what was not seen";
}

TEST(Suggest, ByLabelsWithDnsAndWithoutWhatWasDenied) {
  const model::Cluster world =
      cluster(pod("shop/web-1", "10.0.0.1").label("app", "web").label("pod-template-hash", "5d8"),
              pod("shop/api-1", "10.0.0.2").label("app", "api"));
  const model::PodAddresses addresses(world);
  Flow good = *recorded(world, addresses, tcp("shop/web-1", "shop/api-1", 8080)), denied = good;
  denied.verdict = "denied";
  denied.destination.port = number(22);
  explain::Checker checker(world, false);
  const Suggested suggested =
      suggest(world, {good, denied}, [&](const model::Probe& probe) { return checker.check(probe); });
  EXPECT_EQ(suggested.denied, 1u);
  EXPECT_EQ(to_yaml(suggested.policies), R"(---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: observed-api-1
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: api
  policyTypes:
  - Ingress
  ingress:
  - from:
    - podSelector:
        matchLabels:
          app: web
    ports:
    - protocol: TCP
      port: 8080
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: observed-web-1
  namespace: shop
spec:
  podSelector:
    matchLabels:
      app: web
  policyTypes:
  - Egress
  egress:
  - to:
    - podSelector:
        matchLabels:
          app: api
    ports:
    - protocol: TCP
      port: 8080
  - to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchLabels:
          k8s-app: kube-dns
    ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
)");
}

TEST(Replay, OncePerPairProtocolAndPortAndWhoIsUnknown) {
  const model::Cluster world =
      cluster(pod("shop/web", "10.0.0.1"), pod("shop/api", "10.0.0.2"), policy("shop/deny"));
  Flow flow;
  flow.protocol = net::kTcp;
  flow.source = {ip("10.0.0.1"), number(40000), "shop", "web", ""};
  flow.destination = {ip("10.0.0.2"), number(80), "shop", "api", ""};
  Flow again = flow, nobody = flow;
  again.source.port = number(40001);
  nobody.source = {std::nullopt, std::nullopt, "shop", "gone", ""};
  const Replayed result = replayed(world, {flow, again, nobody});
  EXPECT_EQ(result.flows, 3u);
  ASSERT_EQ(result.denied.size(), 1u);
  EXPECT_EQ(result.denied[0].flow.count, 2u);
  EXPECT_EQ(result.unknown.size(), 1u);
  EXPECT_NE(to_json(result).find(R"("verdict":"denied","reason":"no_rule","direction":"ingress")"),
            std::string::npos)
      << to_json(result);
}

TEST(Replay, WhatATierDeniesNamesItsRule) {
  const model::Cluster world =
      cluster(pod("shop/web", "10.0.0.1"), pod("shop/api", "10.0.0.2"), policy("shop/deny"),
              admin("no-mail").egress(deny().to(networks({"10.0.0.0/8"})).tcp(25)));
  const model::PodAddresses addresses(world);
  const Replayed result = replayed(world, {*recorded(world, addresses, tcp("shop/web", "shop/api", 25))});
  ASSERT_EQ(result.denied.size(), 1u);
  EXPECT_NE(to_json(result).find(R"("rule":"Admin/no-mail:egress[0]","isolated_by":[])"), std::string::npos)
      << to_json(result);
}

}  // namespace
}  // namespace sluice::replay
