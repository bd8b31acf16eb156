// The compiler against the oracle, and against itself: random clusters, random changes.
#include <gtest/gtest.h>

#include <cstdlib>

#include "agent/compile/compiler.h"
#include "agent/reference/reference.h"
#include "tests/oracle/names.h"
#include "tests/oracle/random_cluster.h"
#include "tests/oracle/shrink.h"
#include "tests/oracle/text.h"
#include "tests/unit/compile/evaluate.h"

namespace sluice::compile {
namespace {

using model::Direction;
using reference::Reference;

// How many clusters: half under the sanitizers, which take forty times as long; SLUICE_ROUNDS says how many.
uint64_t rounds(uint64_t usual) {
#ifdef SLUICE_SANITIZE
  usual /= 2;
#endif
  const char* wanted = std::getenv("SLUICE_ROUNDS");
  return wanted ? std::strtoull(wanted, nullptr, 10) : usual;
}

std::vector<LocalPod> pods_on(const model::Cluster& cluster, const std::string& node) {
  std::vector<LocalPod> pods;
  for (const auto& [name, pod] : cluster.pods)
    if (pod.node_name == node) pods.push_back({name, 0});
  return pods;
}

image::Image compile_node(const model::Cluster& cluster, const std::string& node) {
  return compile({cluster, node, {}, pods_on(cluster, node)});
}

// What the cluster's names resolve to, as news.
void learn(Compiler& compiler, const model::Cluster& cluster) {
  const Learnt learnt = learnt_of(cluster);
  (void)compiler.learn({learnt.names.begin(), learnt.names.end()}, learnt.addresses);
}

// What the images of all nodes say about one probe.
class Engine {
 public:
  explicit Engine(const model::Cluster& cluster)
      : cluster_(cluster), addresses_(cluster), learnt_(learnt_of(cluster)) {}

  base::Result<model::Answer> evaluate(const model::Probe& probe) {
    auto resolved = model::resolve(cluster_, addresses_, probe);
    if (!resolved) return resolved.error();
    model::Answer answer;
    answer.egress = side(resolved->from, resolved->to, Direction::kEgress, *resolved);
    answer.ingress = side(resolved->to, resolved->from, Direction::kIngress, *resolved);
    return answer;
  }

 private:
  model::Side side(const model::ProbeEnd& own, const model::ProbeEnd& other, Direction direction,
                   const model::ResolvedProbe& probe) {
    if (own.pod == nullptr) return model::Side::kNone;
    auto [image, is_new] = images_.try_emplace(own.pod->node_name);
    if (is_new) image->second = compile_node(cluster_, own.pod->node_name);
    const auto names = learnt_.addresses.find(other.ip);
    return compile::evaluate(
        image->second,
        {endpoint_id(*own.pod), direction, other.ip, probe.protocol, probe.port.value_or(net::Port())},
        names == learnt_.addresses.end() ? std::vector<NameSlot>() : names->second);
  }

  const model::Cluster& cluster_;
  model::PodAddresses addresses_;
  Learnt learnt_;
  std::map<std::string, image::Image> images_;
};

// The far side of a Service address is judged elsewhere (semantics 22): `none` in the oracle.
bool agree(const model::Answer& mine, const model::Answer& wanted, bool far_side_counts) {
  return mine.egress == wanted.egress && (!far_side_counts || mine.ingress == wanted.ingress);
}

bool is_service_address(const model::Cluster& cluster, const model::Probe& probe) {
  model::PodAddresses addresses(cluster);
  auto resolved = model::resolve(cluster, addresses, probe);
  return resolved && resolved->port &&
         reference::service_backends(cluster, addresses, resolved->from.pod, resolved->to.ip,
                                     resolved->protocol, *resolved->port);
}

bool disagrees(const model::Cluster& cluster, const model::Probe& probe) {
  auto wanted = reference::evaluate(cluster, probe);
  auto mine = Engine(cluster).evaluate(probe);
  return wanted.ok() && mine.ok() && !agree(*mine, *wanted, !is_service_address(cluster, probe));
}

std::string report(const model::Cluster& cluster, const model::Probe& probe) {
  const model::Cluster small = oracle::shrink(
      cluster, [&](const model::Cluster& candidate) { return disagrees(candidate, probe); }, 3000);
  auto wanted = reference::evaluate(small, probe);
  auto mine = Engine(small).evaluate(probe);
  std::string images;
  for (const auto& [name, node] : small.nodes) images += to_text(compile_node(small, name.name));
  return oracle::to_yaml(small) + "\n" + oracle::to_json(probe) + "\noracle: egress " +
         std::string(model::to_text(wanted->egress)) + " ingress " +
         std::string(model::to_text(wanted->ingress)) + "\nimage: egress " +
         std::string(model::to_text(mine->egress)) + " ingress " +
         std::string(model::to_text(mine->ingress)) + "\n" + images;
}

// Every second one has tiers, and every fourth names.
model::Cluster drawn(uint64_t seed, uint64_t most_pods) {
  model::Cluster cluster = oracle::random_cluster(seed, static_cast<int>(1 + seed % most_pods));
  if (seed % 2 != 0) return cluster;
  cluster = oracle::with_tiers(std::move(cluster), seed);
  if (seed % 4 != 0) return cluster;
  cluster = oracle::with_names(std::move(cluster), seed);
  cluster.resolved = oracle::random_resolved(cluster, seed);
  return cluster;
}

TEST(Random, ImagesSayWhatTheOracleSays) {
  for (uint64_t seed = 1; seed <= rounds(200); ++seed) {
    const model::Cluster cluster = drawn(seed, 40);
    Engine engine(cluster);
    const Reference reference(cluster);
    for (const model::Probe& probe : oracle::random_probes(cluster, seed, 200)) {
      auto wanted = reference.evaluate(probe);
      auto mine = engine.evaluate(probe);
      ASSERT_EQ(wanted.ok(), mine.ok());
      if (!wanted.ok()) continue;
      ASSERT_TRUE(agree(*mine, *wanted, true) || !disagrees(cluster, probe)) << "seed " << seed << "\n"
                                                                             << report(cluster, probe);
    }
  }
}

// Were the policies in audit in force, the pods that they concern would stand as in a cluster without any audit.
TEST(Random, AuditedSidesSayWhatTheOracleSaysWithoutTheAudit) {
  size_t audited = 0;
  for (uint64_t seed = 1; seed <= rounds(150); ++seed) {
    const model::Cluster cluster = oracle::random_cluster(seed, static_cast<int>(1 + seed % 40));
    model::Cluster enforced = cluster;
    for (auto& [name, policy] : enforced.policies) policy.audit = false;
    for (auto& [name, ns] : enforced.namespaces) ns.audit = false;
    const auto image_of = [&cluster](const std::string& node) {
      image::Image image = compile_node(cluster, node);
      for (auto& [id, endpoint] : image.endpoints)
        for (size_t d = 0; d < endpoint.sides.size(); ++d)
          if (endpoint.audited[d].ruleset) endpoint.sides[d] = endpoint.audited[d];
      return image;
    };
    std::map<std::string, image::Image> images;
    const model::PodAddresses addresses(cluster);
    const Reference reference(enforced);
    for (const model::Probe& probe : oracle::random_probes(cluster, seed, 200)) {
      const auto wanted = reference.evaluate(probe);
      const auto resolved = model::resolve(cluster, addresses, probe);
      if (!wanted || !resolved || resolved->from.pod == nullptr) continue;
      const model::Pod& pod = *resolved->from.pod;
      const auto [image, is_new] = images.try_emplace(pod.node_name);
      if (is_new) image->second = image_of(pod.node_name);
      for (const auto& side : image->second.endpoints.at(endpoint_id(pod)).audited)
        audited += bool(side.ruleset);
      ASSERT_EQ(compile::evaluate(image->second, {endpoint_id(pod), Direction::kEgress, resolved->to.ip,
                                                  resolved->protocol, resolved->port.value_or(net::Port())}),
                wanted->egress)
          << "seed " << seed << "\n"
          << oracle::to_yaml(cluster) << oracle::to_json(probe);
    }
  }
  EXPECT_GT(audited, 100u) << "too few pods in audit to prove anything";
}

// A node's view as it changes: the cluster by random changes, its pods as they come and go, its addresses.
TEST(Random, EveryStepEqualsACompileFromNothing) {
  for (uint64_t seed = 1; seed <= rounds(80); ++seed) {
    model::Cluster cluster = drawn(seed, 30);
    const std::string node = cluster.nodes.empty() ? "n" : cluster.nodes.begin()->first.name;
    Compiler compiler(node);
    learn(compiler, cluster);
    std::vector<model::Change> changes = model::difference({}, cluster);
    image::Image before;
    for (uint64_t step = 0; step < 25; ++step) {
      std::vector<net::Ip> extra;
      if (step % 5 == 4) extra.push_back(net::Ip::parse("203.0.113.1").value());
      for (const model::Change& change : changes) cluster.apply(change);
      std::vector<LocalPod> locals = pods_on(cluster, node);
      if (step % 3 == 2 && !locals.empty()) locals.pop_back();
      for (LocalPod& local : locals) local.ifindex = step % 7 == 6 ? 7 : 0;
      auto difference = compiler.update(changes, locals, extra);
      ASSERT_TRUE(difference.ok()) << difference.error().message();
      const image::Image fresh = compile({cluster, node, extra, locals});
      ASSERT_EQ(to_text(compiler.image()), to_text(fresh)) << "seed " << seed << " step " << step;
      ASSERT_EQ(compiler.image(), fresh);
      ASSERT_EQ(*difference, image::difference(before, fresh)) << "seed " << seed << " step " << step;
      before = fresh;
      changes = oracle::random_change(cluster, seed * 1000 + step);
    }
  }
}

// In one step or one object a step, forwards or backwards: the same image. And everything taken away leaves
// nothing.
TEST(Random, TheWayThereDoesNotShow) {
  for (uint64_t seed = 1; seed <= rounds(60); ++seed) {
    const model::Cluster cluster = drawn(seed, 30);
    const std::string node = cluster.nodes.empty() ? "n" : cluster.nodes.begin()->first.name;
    const std::vector<LocalPod> locals = pods_on(cluster, node);
    const std::vector<model::Change> changes = model::difference({}, cluster);
    const image::Image wanted = compile({cluster, node, {}, locals});
    Compiler forward(node), backward(node);
    learn(backward, cluster);
    ASSERT_TRUE(forward.update({}, locals).ok());
    for (const auto& change : changes) ASSERT_TRUE(forward.update({&change, 1}).ok());
    learn(forward, cluster);
    ASSERT_TRUE(forward.update({}, locals).ok());
    for (auto change = changes.rbegin(); change != changes.rend(); ++change)
      ASSERT_TRUE(backward.update({&*change, 1}).ok());
    ASSERT_TRUE(backward.update({}, locals).ok());
    ASSERT_EQ(to_text(forward.image()), to_text(wanted)) << "seed " << seed;
    ASSERT_EQ(to_text(backward.image()), to_text(wanted)) << "seed " << seed;
    for (const auto& change : model::difference(cluster, {})) ASSERT_TRUE(forward.update({&change, 1}).ok());
    ASSERT_EQ(to_text(forward.image()), "") << "seed " << seed;
  }
}

}  // namespace
}  // namespace sluice::compile
