// From events to readers: a node in memory, readers that take what they want.
#include "agent/stream/observer.h"

#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

using stream::Observer;

constexpr int64_t kNow = 1'795'939'200'000'000'000, kASecond = 1'000'000'000;

// A reader: it says when it has written what it was given.
class FakeSink final : public stream::Sink {
 public:
  void follow(std::function<void()> more, std::function<void()> gone) override {
    more_ = std::move(more), gone_ = std::move(gone);
  }
  void give(std::vector<v1::Flow> flows) override {
    ASSERT_FALSE(busy_) << "it was given more before it asked";
    busy_ = true;
    for (auto& flow : flows) taken.push_back(std::move(flow));
  }
  void finish(stream::End how, const std::string& text) override { end = how, why = text; }

  void write() {  // all that there is
    while (std::exchange(busy_, false)) more_();
  }
  void leave() { gone_(); }
  // "8080 81": the destination ports, with what was lost before.
  std::string ports() {
    std::string text;
    for (const auto& flow : std::exchange(taken, {})) {
      text += (text.empty() ? "" : " ") + std::to_string(flow.destination().port());
      if (flow.count() > 1) text += "x" + std::to_string(flow.count());
      if (flow.lost() > 0) text += "(-" + std::to_string(flow.lost()) + ")";
    }
    return text;
  }

  std::vector<v1::Flow> taken;
  std::optional<stream::End> end;
  std::string why;

 private:
  bool busy_ = false;
  std::function<void()> more_, gone_;
};

class ObserverTest : public ReconcilerTest {
 protected:
  ObserverTest() : node_(make_node()) {
    give_first(*node_);
    node_->apply();
    start(1 << 20);
  }
  void start(size_t history_bytes) {
    observer_ = std::make_unique<Observer>(
        stream::Surroundings{"node-1", node_->view(),
                             [this](const net::Ip& address) { return node_->pod_of(address); },
                             [this](uint64_t) { return parts_; }, [this] { return kNow + clock_; },
                             [this] { return clock_; }, [this] { ++asks_changed_; },
                             [this](std::function<void()> act) { later_.push_back(std::move(act)); },
                             [this](const observe::LogLine& line) { logged_ += line.back().second + " "; }},
        history_bytes);
  }
  // Denied on its way from db to web.
  sluice_event event(uint16_t port) const {
    sluice_event made{};
    for (const auto& [id, endpoint] : node_->view().image().endpoints)
      if (endpoint.name == "prod/web") made.pod = id.value;
    made.time = static_cast<uint64_t>(clock_);
    made.family = 4;
    made.protocol = 6;
    made.direction = SLUICE_INGRESS;
    made.reason = SLUICE_DENIED_NO_RULE;
    made.local_port = net::Port::from_host(port).network();
    std::ranges::copy(ip("10.0.0.1").bytes(), made.local);
    std::ranges::copy(ip("10.0.0.2").bytes(), made.remote);
    return made;
  }
  std::shared_ptr<FakeSink> observe(const v1::ObserveRequest& request) {
    auto sink = std::make_shared<FakeSink>();
    observer_->observe(request, sink);
    return sink;
  }
  static v1::ObserveRequest following() {
    v1::ObserveRequest request;
    request.set_follow(true);
    return request;
  }
  void run_later() {
    for (auto& act : std::exchange(later_, {})) act();
  }

  std::unique_ptr<Reconciler> node_;
  std::vector<sluice_endpoint_stats> parts_;
  int64_t clock_ = 1000 * kASecond;
  int asks_changed_ = 0;
  std::vector<std::function<void()>> later_;
  std::string logged_;
  std::unique_ptr<Observer> observer_;
};

TEST_F(ObserverTest, AnEventHasItsNamesAndPolicies) {
  auto reader = observe(following());
  observer_->accept(event(8080));
  ASSERT_EQ(reader->taken.size(), 1u);
  const v1::Flow& flow = reader->taken[0];
  EXPECT_EQ(flow.verdict() + " " + flow.reason() + " " + flow.direction(), "denied no_rule ingress");
  EXPECT_EQ(flow.source().namespace_() + "/" + flow.source().pod(), "prod/db");
  EXPECT_EQ(flow.destination().pod(), "web");
  EXPECT_EQ(flow.node(), "node-1");
  EXPECT_EQ(flow.unix_nanoseconds(), kNow + clock_);
  ASSERT_EQ(flow.isolated_by_size(), 1);
  EXPECT_EQ(flow.isolated_by(0), "prod/web");
  EXPECT_EQ(observer_->event(flow.id())->destination().port(), 8080u);
  EXPECT_FALSE(observer_->event("nobody-1"));
}

TEST_F(ObserverTest, AnAllowedConnectionHasTheRuleThatAllowsIt) {
  node_->set_objects(objects(policy("prod/web").selects({{"app", "web"}}).ingress(rule().tcp(80))));
  node_->apply();
  auto reader = observe(following());
  sluice_event allowed = event(80);
  allowed.reason = SLUICE_ALLOWED_POLICY;
  observer_->accept(allowed);
  ASSERT_EQ(reader->taken.size(), 1u);
  EXPECT_EQ(reader->taken[0].rule(), "prod/web:ingress[0]");
  EXPECT_EQ(reader->taken[0].isolated_by_size(), 0);
}

TEST_F(ObserverTest, WhatAClusterNetworkPolicyDeniesNamesItsRule) {
  node_->set_objects(objects(admin("quiet").ingress(deny().from(namespaces_all()).tcp(22))));
  node_->apply();
  auto reader = observe(following());
  observer_->accept(event(22));
  observer_->accept(event(80));
  reader->write();
  ASSERT_EQ(reader->taken.size(), 2u);
  EXPECT_EQ(reader->taken[0].rule(), "Admin/quiet:ingress[0]");
  EXPECT_EQ(reader->taken[0].isolated_by_size(), 0);
  EXPECT_EQ(reader->taken[1].rule(), "");
  ASSERT_EQ(reader->taken[1].isolated_by_size(), 1) << "the tier of NetworkPolicies denies it";
  EXPECT_EQ(reader->taken[1].isolated_by(0), "prod/web");
}

TEST_F(ObserverTest, WhereNoNameIsLearntItSaysSo) {
  node_->set_objects(objects(admin("only")
                                 .egress(accept().to(domains({"www.example.com"})).tcp(443))
                                 .egress(deny().to(networks({"0.0.0.0/0"})))));
  node_->apply();
  auto reader = observe(following());
  // From web to the outside, as its reports have it.
  const auto denied = [&](const char* remote, uint16_t port) {
    sluice_event made = event(40'000);
    made.direction = SLUICE_EGRESS;
    made.remote_port = net::Port::from_host(port).network();
    std::ranges::copy(ip(remote).bytes(), made.remote);
    observer_->accept(made);
    reader->write();
    return reader->taken.back();
  };
  EXPECT_TRUE(denied("203.0.113.9", 443).no_name_learnt());
  EXPECT_EQ(reader->taken.back().rule(), "Admin/only:egress[1]");
  EXPECT_FALSE(denied("203.0.113.9", 80).no_name_learnt()) << "a name would not help";
  constexpr image::NameSlot kSlot = 7;
  node_->learn({{kSlot, "www.example.org"}}, {{ip("203.0.113.9"), {kSlot}}});
  EXPECT_FALSE(denied("203.0.113.9", 443).no_name_learnt()) << "in the same epoch: one that no rule names";
  EXPECT_TRUE(denied("203.0.113.8", 443).no_name_learnt());
}

TEST_F(ObserverTest, WhatPoliciesInAuditWouldDenyNamesThemAndIsCounted) {
  model::NetworkPolicy trial = policy("prod/trial").selects({{"app", "web"}});
  trial.audit = true;
  node_->set_objects(objects(trial));
  node_->apply();
  auto reader = observe(following());
  sluice_event audited = event(80);
  audited.reason = SLUICE_ALLOWED_AUDIT;
  observer_->accept(audited);
  ASSERT_EQ(reader->taken.size(), 1u);
  const v1::Flow& flow = reader->taken[0];
  EXPECT_EQ(flow.verdict() + " " + flow.reason(), "audit audit");
  ASSERT_EQ(flow.isolated_by_size(), 1);
  EXPECT_EQ(flow.isolated_by(0), "prod/trial");
  EXPECT_EQ(observer_->audited_in_last_hour(), 1u);
  clock_ += 3700 * kASecond;
  EXPECT_EQ(observer_->audited_in_last_hour(), 0u);
}

TEST_F(ObserverTest, HistoryThenWhatComes) {
  for (uint16_t port = 1; port <= 3; ++port) observer_->accept(event(port));
  v1::ObserveRequest request = following();
  request.set_last(2);
  auto reader = observe(request);
  EXPECT_EQ(reader->ports(), "2 3");
  observer_->accept(event(4));
  EXPECT_EQ(reader->ports(), "") << "it has not taken those before";
  reader->write();
  EXPECT_EQ(reader->ports(), "4");
  EXPECT_FALSE(reader->end);
  request.set_follow(false);
  auto once = observe(request);
  once->write();
  EXPECT_EQ(once->ports(), "3 4");
  EXPECT_EQ(once->end, stream::End::kDone);
}

TEST_F(ObserverTest, ASlowReaderLosesAndCostsNobodyElse) {
  start(8192);
  auto slow = observe(following()), quick = observe(following()), other = observe(following());
  for (uint16_t port = 1; port <= 200; ++port) {
    observer_->accept(event(port));
    quick->write();
    other->write();
  }
  EXPECT_EQ(quick->taken.size(), 200u);
  EXPECT_EQ(other->taken.size(), 200u);
  EXPECT_EQ(slow->ports(), "1");
  slow->write();
  uint64_t told = 1, lost = 0;
  for (const auto& flow : slow->taken) ++told, lost += flow.lost();
  EXPECT_EQ(told + lost, 200u);
  EXPECT_GT(lost, 100u);
}

TEST_F(ObserverTest, AFilterThatFindsNothingTakesTurns) {
  start(16 << 20);
  for (size_t i = 0; i < Observer::kTurn + 10; ++i) observer_->accept(event(1));
  v1::ObserveRequest request;
  request.mutable_filter()->add_ports(2);
  auto reader = observe(request);
  EXPECT_FALSE(reader->end);
  run_later();
  EXPECT_EQ(reader->end, stream::End::kDone);
}

TEST_F(ObserverTest, WhatMakesNoSenseIsRefused) {
  v1::ObserveRequest request;
  request.mutable_filter()->add_from("nobody");
  auto reader = observe(request);
  EXPECT_EQ(reader->end, stream::End::kWrong);
  EXPECT_THAT(reader->why, ::testing::HasSubstr("--from: \"nobody\" is nobody"));
  request = following();
  request.set_allowed_seconds(3601);
  EXPECT_EQ(observe(request)->end, stream::End::kWrong);
}

TEST_F(ObserverTest, SoManyReadersAndNoMore) {
  std::vector<std::shared_ptr<FakeSink>> readers;
  for (size_t i = 0; i < Observer::kMostReaders; ++i) readers.push_back(observe(following()));
  EXPECT_EQ(observe(following())->end, stream::End::kTooMany);
  readers[0]->leave();
  EXPECT_FALSE(observe(following())->end);
  observer_->stop();
  EXPECT_EQ(readers[1]->end, stream::End::kStopping);
  EXPECT_EQ(observe(following())->end, stream::End::kStopping);
}

TEST_F(ObserverTest, TheEndOfABurstIsToldASecondLater) {
  auto reader = observe(following());
  observer_->accept(event(1));
  sluice_event last = event(2);
  last.last = 1;
  reader->write();
  observer_->accept(last);
  reader->write();
  EXPECT_EQ(reader->ports(), "1 2");
  parts_.resize(1);
  parts_[0].suppressed[SLUICE_REPORT_DENIED] = 40;
  ASSERT_TRUE(observer_->next());
  observer_->tick();
  EXPECT_EQ(reader->ports(), "") << "its second is not over";
  clock_ += kASecond;
  observer_->tick();
  reader->write();
  EXPECT_EQ(reader->ports(), "2x40");
  sluice_event next = event(3);
  next.suppressed = 45;
  observer_->accept(next);
  reader->write();
  EXPECT_EQ(reader->ports(), "3x6");
}

TEST_F(ObserverTest, AllowedOnesAreAskedForOfThePodsThatAFilterMayMean) {
  const auto asks = [this](const char* name) {
    const auto& pods = node_->view().compiler().cluster().pods;
    return observer_->asks_for(pods.at({"prod", name}));
  };
  observe(following());
  EXPECT_FALSE(asks("web"));
  v1::ObserveRequest request = following();
  request.set_allowed_seconds(30);
  request.mutable_filter()->add_either("prod/web");
  auto reader = observe(request);
  EXPECT_EQ(asks_changed_, 1);
  EXPECT_TRUE(asks("web"));
  EXPECT_FALSE(asks("db"));
  reader->leave();
  EXPECT_EQ(asks_changed_, 2);
  EXPECT_FALSE(asks("web"));
  request.mutable_filter()->Clear();
  auto all = observe(request);
  EXPECT_TRUE(asks("db"));
  clock_ += 30 * kASecond;
  observer_->tick();
  EXPECT_FALSE(asks("db"));
  EXPECT_FALSE(all->end) << "it goes on with what is denied";
}

TEST_F(ObserverTest, DropsAreLogged) {
  observer_->accept(event(1));
  observer_->accept(event(1));
  EXPECT_EQ(logged_, "1 ");
  sluice_event allowed = event(2);
  allowed.reason = SLUICE_ALLOWED_POLICY;
  observer_->accept(allowed);
  clock_ += 5 * kASecond;
  observer_->tick();
  EXPECT_EQ(logged_, "1 1 ");
}

}  // namespace
}  // namespace sluice::node
