// Every fault of an API server, at every kind of request: the agent ends up with what the server holds.
#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "tests/kubeapi/invented.h"
#include "tests/kubeapi/stack.h"

namespace sluice::kubeapi {
namespace {

using model::Kind;

enum class At { kFirstPage, kLaterPage, kWatch };

struct Row {
  const char* name;
  Fault fault;
  const char* failure;  // as sluice_watcher_failures_total names it; null: none is due
  bool watch_only = false;
};
constexpr Row kRows[] = {
    {"HTTP 410", Fault::kGone, "forgotten"},
    {"HTTP 429", Fault::kTooMany, "throttled"},
    {"HTTP 503 with Retry-After", Fault::kBusy, "server"},
    {"HTTP 500", Fault::kServerError, "server"},
    {"HTTP 504", Fault::kTimeout, "server"},
    {"HTTP 401", Fault::kUnauthorized, "refused"},
    {"HTTP 403", Fault::kForbidden, "refused"},
    {"HTTP 404", Fault::kNotFound, "missing"},
    {"hangs up", Fault::kHangUp, "broken"},
    {"cut body", Fault::kCutBody, "broken"},
    {"silent", Fault::kSilent, "broken"},
    {"silent body", Fault::kSilentBody, "broken"},
    {"garbage", Fault::kGarbage, "senseless"},
    {"dribble", Fault::kDribble, nullptr},
    {"ERROR event 410", Fault::kErrorGone, "forgotten", true},
    {"ERROR event 500", Fault::kErrorOther, "senseless", true},
    {"ends in good order", Fault::kEndWatch, nullptr, true},
};

// The first three requests of the kind for pods take the fault; the fourth and later go well.
Script script_of(Fault fault, At at) {
  auto left = std::make_shared<std::atomic<int>>(3);
  return [=](const Asked& asked) {
    const At where = asked.watch ? At::kWatch : asked.continued ? At::kLaterPage : At::kFirstPage;
    return asked.kind == Kind::kPod && where == at && left->fetch_sub(1) > 0 ? fault : Fault::kNone;
  };
}

class Faults : public testing::TestWithParam<std::tuple<Row, At, bool>> {};

TEST_P(Faults, TheAgentEndsUpWithWhatTheServerHolds) {
  const auto& [row, at, protobuf] = GetParam();
  SCOPED_TRACE(row.name);
  Stack::Options options;
  options.protobuf = protobuf;
  options.script = script_of(row.fault, at);
  Stack stack(std::move(options));
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
  std::mt19937 random(2);
  stack.world.put(Kind::kPod, invent(Kind::kPod, 3, random));
  stack.world.put(Kind::kPod, invent(Kind::kPod, 40, random));
  stack.world.remove(Kind::kPod, stack.world.names(Kind::kPod).front());
  ASSERT_TRUE(stack.run_until_equal()) << stack.watcher().not_ready();
  EXPECT_EQ(stack.agent.broken(), "");
  EXPECT_EQ(stack.agent.snapshots(), 1u) << "later changes are told as changes";
  if (row.failure != nullptr) {
    EXPECT_GT(stack.metric("sluice_watcher_failures_total", std::string("reason=\"") + row.failure + "\""),
              0);
  }
}

std::vector<std::tuple<Row, At, bool>> all_rows() {
  std::vector<std::tuple<Row, At, bool>> rows;
  for (const Row& row : kRows)
    for (const At at : {At::kFirstPage, At::kLaterPage, At::kWatch})
      for (const bool protobuf : {false, true})
        if (!row.watch_only || at == At::kWatch) rows.emplace_back(row, at, protobuf);
  return rows;
}
INSTANTIATE_TEST_SUITE_P(All, Faults, testing::ValuesIn(all_rows()));

TEST(Relist, TellsTheDifferenceAlone) {
  std::atomic<bool> away = false;
  Stack::Options options;
  options.script = [&](const Asked&) { return away ? Fault::kHangUp : Fault::kNone; };
  Stack stack(std::move(options));
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  const double before = stack.metric("sluice_watcher_sent_events_total");
  ASSERT_EQ(before, kInventedOfAKind * std::size(model::kKinds));
  away = true;
  stack.api.drop_connections();
  std::mt19937 random(9);
  Json changed = invent(Kind::kNamespace, 1, random);
  changed["metadata"].as_object()["labels"] = Json{{"changed", "yes"}};
  stack.world.put(Kind::kNamespace, std::move(changed));
  stack.world.remove(Kind::kPod, stack.world.names(Kind::kPod).front());
  stack.world.compact();
  ASSERT_TRUE(stack.run_until([&] { return stack.told("/api/v1/pods: https://"); }))
      << "the agent is told why";
  EXPECT_NE(stack.agent.cluster(), model::Cluster()) << "what is known stands";
  EXPECT_EQ(stack.watcher().answer_http({"/readyz"}).status, 200u) << "and is all that the agent needs";
  ASSERT_TRUE(stack.run_until([&] { return stack.metric("sluice_watcher_watching") == 0; }));
  EXPECT_GT(stack.metric("sluice_watcher_unfollowed_seconds", "\"Pod\""), 0);
  away = false;
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_EQ(stack.metric("sluice_watcher_sent_events_total"), before + 2) << "one change, one removal";
  ASSERT_TRUE(stack.run_until([&] { return stack.agent.problems().empty(); }));
  EXPECT_TRUE(stack.run_until([&] { return stack.metric("sluice_watcher_unfollowed_seconds") == 0; }));
}

// Versions begin anew below those that were seen. Two servers that disagree look the same: one of them lags behind.
TEST(Relist, OfAServerThatWasPutBackFromABackup) {
  Stack stack;
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  const auto backup = stack.world.backup();
  std::mt19937 random(9);
  stack.world.remove(Kind::kNetworkPolicy, stack.world.names(Kind::kNetworkPolicy).front());
  for (int pod = 0; pod < 5; ++pod) stack.world.put(Kind::kPod, invent(Kind::kPod, 50 + pod, random));
  ASSERT_TRUE(stack.run_until_equal());
  stack.world.restore(*backup);
  stack.api.drop_connections();
  const model::Cluster wanted = stack.world.cluster();
  ASSERT_TRUE(stack.run_until([&] {
    stack.world.bookmark();  // a server sends one each minute or so
    return stack.agent.cluster() == wanted;
  })) << stack.watcher().not_ready();
  EXPECT_GT(stack.metric("sluice_watcher_failures_total", "reason=\"forgotten\""), 0);
  stack.world.put(Kind::kPod, invent(Kind::kPod, 60, random));
  EXPECT_TRUE(stack.run_until_equal()) << "followed from there";
}

TEST(Snapshot, WaitsForEveryKind) {
  std::atomic<bool> closed = true;
  Stack::Options options;
  options.script = [&](const Asked& asked) {
    return closed && asked.kind == Kind::kNetworkPolicy ? Fault::kForbidden : Fault::kNone;
  };
  Stack stack(std::move(options));
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until([&] {
    return stack.metric("sluice_watcher_failures_total", "reason=\"refused\"") >= 3 &&
           stack.metric("sluice_watcher_watching") == std::size(model::kKinds) - 1;
  }));
  EXPECT_EQ(stack.metric("sluice_watcher_streams_total"), 0) << "the agent is not called before all is known";
  EXPECT_NE(stack.watcher().not_ready().find("ClusterRole"), std::string::npos)
      << stack.watcher().not_ready();
  closed = false;
  EXPECT_TRUE(stack.run_until_equal());
}

TEST(EndpointSlices, FallBackToV1beta1) {
  Stack::Options options;
  options.script = [](const Asked& asked) {
    return asked.path.find("/discovery.k8s.io/v1/") != std::string::npos ? Fault::kNotFound : Fault::kNone;
  };
  Stack stack(std::move(options));
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  std::mt19937 random(5);
  stack.world.put(Kind::kEndpointSlice, invent(Kind::kEndpointSlice, 77, random));
  EXPECT_TRUE(stack.run_until_equal());
}

TEST(OddObjects, AreToldAndCostNobodyElse) {
  Stack stack;
  fill(stack.world, 1);
  std::mt19937 random(3);
  stack.world.put(Kind::kPod, invent_odd(Kind::kPod, 90, random));
  stack.world.put(Kind::kNetworkPolicy, invent_odd(Kind::kNetworkPolicy, 90, random));
  stack.world.put(Kind::kEndpointSlice, invent_odd(Kind::kEndpointSlice, 90, random));
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  ASSERT_TRUE(stack.run_until([&] { return stack.told("Pod prod/pod-90") && stack.told("policyTypes[0]"); }));
  EXPECT_EQ(stack.agent.problems().size(), 2u);
  EXPECT_EQ(stack.metric("sluice_watcher_skipped_total"), 1) << "the slice of host names";
  stack.world.put(Kind::kPod, invent(Kind::kPod, 90, random));
  stack.world.remove(Kind::kNetworkPolicy, {"prod", "networkpolicy-90"});
  ASSERT_TRUE(stack.run_until_equal());
  EXPECT_TRUE(stack.run_until([&] { return stack.agent.problems().empty(); }));
}

// A policy that cannot be read as it should, in a cluster with pods that it isolates: never open, whether the
// watcher knew it before or starts with it.
struct Unreadable {
  const char* name;
  void (*spoil)(Json& spec);
  const char* problem;
  bool json_only = false;  // protobuf has no word for it here
};
const Unreadable kUnreadable[] = {
    {"a field of the future",
     [](Json& spec) {
       spec["ingress"].as_array().push_back(Json{{"audit", true}});
     },
     "meanwhile it isolates all the same", true},
    {"a CIDR that is none",
     [](Json& spec) {
       const Json block{{"ipBlock", Json{{"cidr", "10.0.0/8"}}}};
       spec["ingress"].as_array().push_back(Json{{"from", boost::json::array{block}}});
     },
     "meanwhile it isolates all the same"},
    {"a selector that older servers took",
     [](Json& spec) {
       spec["podSelector"] = Json{{"matchLabels", Json{{"app", "-"}}}};
     },
     "meanwhile it isolates every pod of namespace prod for ingress and allows nothing"},
    {"more than an agent is sent",
     [](Json& spec) {
       const std::string longest(63, 'a'), key = longest + '.' + longest + '.' + longest + '/' + longest;
       for (int i = 0; i < 4'000; ++i) {
         const Json selector{{"matchLabels", Json{{key, longest}}}};
         spec["ingress"].as_array().push_back(
             Json{{"from", boost::json::array{Json{{"podSelector", selector}}}}});
       }
     },
     "meanwhile it isolates the pods that it selects for ingress and allows nothing"},
};

Json sound_policy() {
  const Json anyone{{"from", boost::json::array{Json{{"podSelector", Json{}}}}}};
  return {{"metadata", Json{{"name", "closed"}, {"namespace", "prod"}}},
          {"spec", Json{{"podSelector", Json{{"matchLabels", Json{{"app", "web"}}}}},
                        {"policyTypes", boost::json::array{"Ingress"}},
                        {"ingress", boost::json::array{anyone}}}}};
}

class UnreadablePolicies : public testing::TestWithParam<std::tuple<Unreadable, bool>> {};

TEST_P(UnreadablePolicies, IsolateAlsoAfterARestart) {
  const Unreadable& row = std::get<0>(GetParam());  // lambdas want names, not bindings (clang 14)
  const bool protobuf = std::get<1>(GetParam());
  SCOPED_TRACE(row.name);
  if (row.json_only && protobuf) return;
  Stack::Options options;
  options.protobuf = protobuf;
  Stack stack(std::move(options));
  fill(stack.world, 1);
  const model::ObjectId id{Kind::kNetworkPolicy, {"prod", "closed"}};
  const auto held = [&] {
    const auto& policies = stack.agent.cluster().policies;
    const auto found = policies.find(id.name);
    return found == policies.end() ? std::nullopt : std::optional(found->second);
  };
  stack.world.put(Kind::kNetworkPolicy, sound_policy());
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until([&] { return stack.watcher().not_ready().empty() && held(); }));
  const model::NetworkPolicy sound = *held();
  Json spoilt = sound_policy();
  row.spoil(spoilt["spec"].as_object());
  stack.world.put(Kind::kNetworkPolicy, std::move(spoilt));
  ASSERT_TRUE(stack.run_until([&] { return stack.told(row.problem); }));
  // Sent after the policy, so in force after it.
  stack.world.put(Kind::kNamespace, Json{{"metadata", Json{{"name", "marker"}}}});
  ASSERT_TRUE(stack.run_until([&] { return stack.agent.cluster().namespaces.contains({"", "marker"}); }));
  const auto closed = held();
  ASSERT_TRUE(closed);
  EXPECT_TRUE(closed->isolates_ingress);
  EXPECT_LE(closed->ingress.size(), sound.ingress.size());
  stack.stop_watcher();
  stack.start();
  ASSERT_TRUE(
      stack.run_until([&] { return stack.agent.snapshots() == 2 && stack.watcher().not_ready().empty(); }));
  EXPECT_EQ(held(), closed) << "what holds does not hang on what the watcher knew";
  stack.world.put(Kind::kNetworkPolicy, sound_policy());
  EXPECT_TRUE(stack.run_until([&] { return held() == sound && stack.agent.problems().empty(); }));
}
INSTANTIATE_TEST_SUITE_P(All, UnreadablePolicies,
                         testing::Combine(testing::ValuesIn(kUnreadable), testing::Bool()));

TEST(OddObjects, AChangeThatMakesNoSenseLeavesTheLastGoodOne) {
  Stack stack;
  fill(stack.world, 1);
  stack.agent.start();
  stack.start();
  ASSERT_TRUE(stack.run_until_equal());
  const model::Cluster good = stack.agent.cluster();
  std::mt19937 random(3);
  stack.world.put(Kind::kPod, invent_odd(Kind::kPod, 3, random));
  stack.world.compact();  // and a new list, too
  ASSERT_TRUE(stack.run_until([&] { return stack.told("Pod prod/pod-3"); }));
  ASSERT_TRUE(stack.run_until([&] { return stack.metric("sluice_watcher_lists_total", "\"Pod\"") >= 2; }));
  ASSERT_TRUE(stack.run_until([&] { return stack.metric("sluice_watcher_watching") == 6; }));
  EXPECT_EQ(stack.agent.cluster(), good);
}

}  // namespace
}  // namespace sluice::kubeapi
