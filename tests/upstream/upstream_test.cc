// Every subtest of the conformance suite, asked of the engines that need no kernel, in both families, the pods on one
// node and on two.
#include "agent/apps/ctl/engines.h"
#include "tests/upstream/suite.h"

namespace sluice::upstream {
namespace {

// The suite says nothing of nodes. On two, a pod of each house is on either.
enum class Placement : uint8_t { kOneNode, kTwoNodes };

void place(model::Cluster& cluster, Placement placement) {
  if (placement == Placement::kOneNode) return;
  for (auto& [name, pod] : cluster.pods)
    if (name.name.ends_with("-1")) pod.node_name = "worker-b";
}

void expect_answers(const State& state, engine::Engine& engine) {
  for (const Question& question : state.questions)
    for (const net::Family family : kFamilies) {
      model::Probe probe = question.probe;
      probe.family = family;
      const auto answer = engine.evaluate(probe);
      ASSERT_TRUE(answer) << state.name << ": " << to_text(probe) << ": " << answer.error().message();
      EXPECT_EQ(answer->verdict() == model::Verdict::kAllow, question.allow)
          << state.name << ": " << to_text(probe) << "\n"
          << question.subtest;
    }
}

class Upstream : public testing::TestWithParam<std::tuple<const char*, Placement>> {};

TEST_P(Upstream, EverySubtestPasses) {
  const auto [engine_name, placement] = GetParam();
  for (const Group& group : kGroups) {
    std::vector<State> states = read_states(group);
    EXPECT_EQ(subtests_of(states).size(), group.subtests) << group.folder;
    for (State& state : states) {
      place(state.cluster, placement);
      expect_answers(state, *apps::ctl::make_engine(engine_name, state.cluster));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Engines, Upstream,
                         testing::Combine(testing::Values("reference", "native"),
                                          testing::Values(Placement::kOneNode, Placement::kTwoNodes)),
                         [](const auto& parameter) {
                           const bool one = std::get<Placement>(parameter.param) == Placement::kOneNode;
                           return std::string(std::get<0>(parameter.param)) +
                                  (one ? "_one_node" : "_two_nodes");
                         });

// A client and a node as its peer, on the same machine and on another: each is asked about.
TEST(UpstreamNodePeers, AreTheClientsOwnNodeAndAnother) {
  size_t own = 0, other = 0;
  for (const State& state : read_states(kGroups[0]))
    for (const Question& question : state.questions) {
      const auto& from = state.cluster.pods.at(std::get<model::ObjectName>(question.probe.from));
      const auto& to = state.cluster.pods.at(std::get<model::ObjectName>(question.probe.to));
      if (to.host_network) ++(from.node_name == to.node_name ? own : other);
    }
  EXPECT_EQ(own, 9u);
  EXPECT_EQ(other, 9u);
}

}  // namespace
}  // namespace sluice::upstream
