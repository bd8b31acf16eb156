#include "agent/explain/answer.h"

#include <gtest/gtest.h>

#include "agent/reference/reference.h"
#include "agent/source/decode/decode.h"
#include "agent/source/encode/object.h"
#include "agent/source/encode/text.h"
#include "tests/oracle/build.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::explain {
namespace {

using model::Direction;
using model::Side;

const SideAnswer& side_of(const Answer& answer, Direction direction) {
  return direction == Direction::kEgress ? answer.egress : answer.ingress;
}

// Is the pod isolated by these policies?
bool is_isolated(const model::Cluster& world, const model::Pod& pod, Direction direction) {
  for (const auto& [name, policy] : world.policies)
    if (name.ns == pod.name.ns && policy.isolates(direction) &&
        model::matches(policy.pod_selector, pod.labels))
      return true;
  return false;
}

model::NetworkPolicy read_back(const model::NetworkPolicy& policy) {
  auto decoded =
      source::decode::decode(source::encode::to_yaml_document(source::encode::to_json_object(policy)), "fix");
  EXPECT_TRUE(decoded.problems.empty() && decoded.warnings.empty() && decoded.objects.size() == 1)
      << source::encode::to_yaml_document(source::encode::to_json_object(policy));
  return decoded.objects.empty() ? model::NetworkPolicy()
                                 : std::get<model::NetworkPolicy>(decoded.objects[0].object);
}

// May a policy isolate it, which nothing isolated?
bool is_in_baseline(const model::Cluster& world, const model::Pod& pod, Direction direction) {
  for (const auto& [name, policy] : world.cluster_policies)
    if (policy.tier == model::Tier::kBaseline && !policy.rules(direction).empty() &&
        model::matches(policy.subject.pods, pod.labels) &&
        model::matches(policy.subject.namespaces, world.namespace_labels(pod.name.ns)))
      return true;
  return false;
}

bool is_of_tier(const std::string& rule, const char* tier) {
  return rule.starts_with(std::string(tier) + "/");
}

// Alike for everyone who selects by labels.
bool alike(const model::ProbeEnd& a, const model::ProbeEnd& b) {
  if (a.pod == nullptr || b.pod == nullptr) return a.pod == b.pod && a.ip == b.ip;
  return a.pod->name.ns == b.pod->name.ns && a.pod->labels == b.pod->labels;
}

struct World {
  explicit World(uint64_t seed)
      : cluster(oracle::random_cluster(seed, static_cast<int>(2 + seed % 20))),
        probes(oracle::random_probes(cluster, seed, 120)) {
    if (seed % 5 == 0) cluster = oracle::with_tiers(std::move(cluster), seed);
  }
  model::Cluster cluster;
  std::vector<model::Probe> probes;
};

using Rules = std::vector<std::string>;

struct Counts {
  size_t answers = 0, denied = 0, fixes = 0, opened = 0, by_baseline = 0;
};

// What the policy opens of the other probes is alike to what was asked, at both ends and by port.
void expect_nothing_more(const World& world, const model::Cluster& mended, const model::ResolvedProbe& asked,
                         Direction direction, Counts& counts) {
  const reference::Reference before(world.cluster), after(mended);
  const model::PodAddresses addresses(world.cluster);
  for (const model::Probe& probe : world.probes) {
    const auto resolved = model::resolve(world.cluster, addresses, probe);
    const auto old = before.evaluate(probe), now = after.evaluate(probe);
    if (!resolved || !old || !now || old->verdict() == now->verdict()) continue;
    ++counts.opened;
    EXPECT_EQ(now->verdict(), model::Verdict::kAllow) << model::to_text(probe);
    const bool egress = direction == Direction::kEgress;
    EXPECT_TRUE(alike(egress ? resolved->from : resolved->to, egress ? asked.from : asked.to))
        << model::to_text(probe);
    if (asked.port && !model::goes_to_service(world.cluster, addresses, asked) &&
        !model::goes_to_service(world.cluster, addresses, *resolved)) {
      EXPECT_TRUE(alike(egress ? resolved->to : resolved->from, egress ? asked.to : asked.from))
          << model::to_text(probe);
      EXPECT_EQ(resolved->port, asked.port);
    }
  }
}

void expect_mends(const World& world, const model::Probe& probe, const SideAnswer& side, Direction direction,
                  bool look_around, Counts& counts) {
  ++counts.fixes;
  ASSERT_FALSE(world.cluster.policies.contains(side.fix->name)) << "a name of its own";
  const model::NetworkPolicy policy = read_back(*side.fix);
  model::Cluster mended = world.cluster;
  mended.policies[policy.name] = policy;
  const auto answer = reference::Reference(mended).evaluate(probe);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(direction == Direction::kEgress ? answer->egress : answer->ingress, Side::kAllow)
      << model::to_text(probe) << "\n"
      << source::encode::to_yaml_document(source::encode::to_json_object(policy));
  for (const auto& [name, pod] : world.cluster.pods)
    for (const Direction each : model::kDirections)
      EXPECT_TRUE(!pod.takes_part() ||
                  is_isolated(mended, pod, each) == is_isolated(world.cluster, pod, each) ||
                  (side.isolated_by.empty() && is_in_baseline(world.cluster, pod, each)))
          << name.to_text();
  if (side.isolated_by.empty())
    return;  // from the Baseline into a policy of its own: it loses what that allowed
  const auto resolved = model::resolve(world.cluster, model::PodAddresses(world.cluster), probe);
  if (look_around) expect_nothing_more(world, mended, *resolved, direction, counts);
}

// Under the sanitizers, which look at memory rather than at answers and take six times as long, a twentieth.
#ifdef SLUICE_SANITIZE
constexpr uint64_t kClusters = 125;
#else
constexpr uint64_t kClusters = 2500;
#endif

// Law: opinions and rules are the reference's; each near rule is of a policy that isolates, and fails; a fix allows.
TEST(Answer, AgreesWithTheReferenceAndWhatItSuggestsAllows) {
  Counts counts;
  for (uint64_t seed = 1; seed <= kClusters; ++seed) {
    SCOPED_TRACE(seed);
    const World world(seed);
    const model::PodAddresses addresses(world.cluster);
    const reference::Reference reference(world.cluster);
    size_t number = 0;
    for (const model::Probe& probe : world.probes) {
      if (++number > 40) break;
      const auto wanted = reference.evaluate(probe);
      const auto answer = check(world.cluster, probe, false);
      ASSERT_EQ(wanted.ok(), answer.ok()) << model::to_text(probe);
      if (!wanted) continue;
      ++counts.answers;
      const bool service = answer->egress.behind.has_value();
      EXPECT_EQ(answer->egress.opinion, wanted->egress) << model::to_text(probe);
      EXPECT_EQ(answer->egress.rules, wanted->egress_rules) << model::to_text(probe);
      if (!service) {
        EXPECT_EQ(answer->ingress.opinion, wanted->ingress) << model::to_text(probe);
        EXPECT_EQ(answer->ingress.rules, wanted->ingress_rules) << model::to_text(probe);
      }
      for (const Direction direction : model::kDirections) {
        const SideAnswer& side = side_of(*answer, direction);
        if (side.opinion != Side::kDeny) {
          EXPECT_TRUE(side.near.empty() && !side.fix);
          continue;
        }
        ++counts.denied;
        counts.by_baseline += side.isolated_by.empty() && side.fix;
        EXPECT_FALSE(side.isolated_by.empty() && side.rules.empty() && side.reason != "truncated");
        for (const std::string& rule : service&& direction == Direction::kIngress ? Rules() : side.rules) {
          EXPECT_TRUE(is_of_tier(rule, "Admin") || is_of_tier(rule, "Baseline"))
              << "only tiers deny by rules";
          EXPECT_FALSE(is_of_tier(rule, "Admin") && (side.fix || !side.near.empty())) << "no policy opens it";
        }
        for (const Miss& miss : side.near) {
          EXPECT_FALSE(miss.failed.empty());
          const std::string policy = miss.rule.substr(0, miss.rule.find(':'));
          EXPECT_NE(std::ranges::find(side.isolated_by, policy), side.isolated_by.end()) << miss.rule;
        }
        if (side.fix && !(service && direction == Direction::kIngress))
          expect_mends(world, probe, side, direction, number % 4 == 0, counts);
      }
    }
  }
  EXPECT_GT(counts.answers, 32 * kClusters);
  EXPECT_GT(counts.denied, 8 * kClusters);
  EXPECT_GT(counts.fixes, counts.denied / 2);
  EXPECT_GT(counts.opened, kClusters * 2 / 5);
  EXPECT_GT(counts.by_baseline, kClusters / 25);
}

using oracle::build::cluster;
using oracle::build::pod;
using oracle::build::pods;
using oracle::build::policy;
using oracle::build::rule;
using oracle::build::service;
using oracle::build::tcp;

TEST(Answer, AServiceIsItsEndpoints) {
  const auto api = [](const char* name, const char* ip) { return pod(name, ip).label("app", "api"); };
  const model::Cluster world = cluster(
      pod("shop/web", "10.0.0.1").label("app", "web"), api("shop/api-1", "10.0.0.2"),
      api("shop/api-2", "10.0.0.3").label("old", "yes"),
      service("shop/api", "10.96.0.1").selects({{"app", "api"}}).port(80, 8080),
      policy("shop/p").selects({{"old", "yes"}}).ingress(rule().from(pods({{"app", "web"}})).tcp(8081)));
  const auto answer = check(world, tcp("shop/web", "shop/service/api", 80), false);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  ASSERT_EQ(answer->endpoints.size(), 2u);
  EXPECT_EQ(answer->verdict(), model::Verdict::kDeny);
  EXPECT_EQ(answer->endpoints[0].ingress.opinion, Side::kNone);
  EXPECT_EQ(answer->endpoints[1].ingress.opinion, Side::kDeny);
  EXPECT_EQ(answer->ingress.near,
            (std::vector<Miss>{{"shop/p:ingress[0]", {{"ports[0]", "TCP 8081", "TCP 8080"}}}}));
  EXPECT_EQ(answer->reason(), "no_rule");
}

// Whose address it is besides: a pod's is asked for nothing there.
TEST(Answer, AServiceWithoutEndpointsSaysSo) {
  const model::Cluster world =
      cluster(pod("shop/web", "10.0.0.1"), pod("shop/db", "10.0.0.2"),
              service("shop/api", "10.0.0.2").selects({{"app", "api"}}).port(80, 8080));
  const auto answer = check(world, tcp("shop/web", "shop/db", 80), false);
  ASSERT_TRUE(answer.ok()) << answer.error().message();
  EXPECT_EQ(answer->ingress.opinion, Side::kNone);
  EXPECT_EQ(answer->ingress.text, "10.0.0.2 is a Service's address, behind which no endpoint stands");
}

// Both sides' policies would be called so, and one that is outside its hours is.
TEST(Answer, NamesItsFixesApart) {
  namespace build = oracle::build;
  const auto both = {Direction::kIngress, Direction::kEgress};
  const auto world = build::cluster(build::pod("shop/web", "10.0.0.1").label("app", "web"),
                                    build::pod("shop/api", "10.0.0.2").label("app", "api"),
                                    build::policy("shop/closed").types(both),
                                    build::policy("shop/allow-web-to-api-80-3").types(both));
  const model::Probe probe = build::tcp("shop/web", "shop/api", 80);
  const auto plain = check(world, probe, false);
  ASSERT_TRUE(plain && plain->egress.fix && plain->ingress.fix);
  EXPECT_EQ(plain->egress.fix->name.name, "allow-web-to-api-80");
  EXPECT_EQ(plain->ingress.fix->name.name, "allow-web-to-api-80-2");
  const auto away = check(world, probe, false, {{"shop", "allow-web-to-api-80"}});
  EXPECT_EQ(away->egress.fix->name.name, "allow-web-to-api-80-2");
  EXPECT_EQ(away->ingress.fix->name.name, "allow-web-to-api-80-4");
  EXPECT_NE(fixes_yaml(*away).find("name: allow-web-to-api-80-4\n"), std::string::npos);
}

}  // namespace
}  // namespace sluice::explain
