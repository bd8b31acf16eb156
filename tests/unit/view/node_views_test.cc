// NodeViews against the reference evaluator: on random clusters each verdict about a packet of one of the node's pods is
// the same by the node's view as by the whole cluster; and a view that followed changes is the one made afresh.
#include "agent/view/node_views.h"

#include <gtest/gtest.h>

#include "agent/reference/reference.h"
#include "agent/view/trim.h"
#include "tests/oracle/build.h"
#include "tests/oracle/random_cluster.h"

namespace sluice::view {
namespace {

using model::Change;
using model::Cluster;
using model::Kind;
using model::ObjectId;

// Equal objects, equal texts: enough for NodeViews, which never looks into them.
std::string pack_for_test(const model::Object& object) {
  if (const auto* pod = std::get_if<model::Pod>(&object)) {
    std::string text = pod->name.to_text() + pod->node_name + pod->uid + std::to_string(pod->created);
    for (const auto& [key, value] : pod->labels) text += "," + key + "=" + value;
    for (const auto& ip : pod->ips) text += " " + ip.to_text();
    for (const auto& port : pod->ports) text += " " + port.name + std::to_string(port.port.host());
    return text + pod->controller;
  }
  static uint64_t counter = 0;  // no two are equal: each change is told
  return std::to_string(++counter);
}

// A cluster, the views of its nodes as they were told, and what the nodes hold by it.
class Followed {
 public:
  explicit Followed(const Cluster& whole)
      : views_(pack_for_test,
               [this](const std::string& node, const ObjectId& id) { told_[node].insert(id); }) {
    for (const model::Object& object : whole.objects()) apply(Change::upsert(object));
  }

  void apply(const Change& change) {
    whole_.apply(change);
    views_.apply(change);
  }
  void follow(const std::string& node) {
    views_.follow(node);
    Cluster& held = held_[node];
    held = fresh(node);
    told_[node].clear();
  }
  // What the node was told of is looked at, as a relay does.
  void catch_up(const std::string& node) {
    for (const ObjectId& id : std::exchange(told_[node], {})) {
      const auto shown = shown_object(node, id);
      held_[node].apply(shown ? Change::upsert(*shown) : Change::remove(id));
    }
  }
  size_t told(const std::string& node) const {
    const auto found = told_.find(node);
    return found == told_.end() ? 0 : found->second.size();
  }
  const Cluster& held(const std::string& node) const { return held_.at(node); }
  Cluster fresh(const std::string& node) const {
    Cluster made;
    for (const ObjectId& id : views_.all(node)) {
      const auto shown = shown_object(node, id);
      EXPECT_TRUE(shown) << id.to_text() << " is named and not shown";
      if (shown) made.apply(Change::upsert(*shown));
    }
    return made;
  }
  const Cluster& whole() const { return whole_; }

 private:
  std::optional<model::Object> shown_object(const std::string& node, const ObjectId& id) const {
    const auto shown = views_.show(node, id);
    if (shown.form == NodeViews::Form::kNone) return std::nullopt;
    for (const model::Object& object : whole_.objects()) {
      if (model::id_of(object) != id) continue;
      if (shown.form == NodeViews::Form::kWhole) return object;
      if (const auto* pod = std::get_if<model::Pod>(&object)) return as_peer(*pod);
      return without_selector(std::get<model::Service>(object));
    }
    return std::nullopt;
  }

  Cluster whole_;
  NodeViews views_;
  std::map<std::string, std::set<ObjectId>> told_;
  std::map<std::string, Cluster> held_;
};

// As an API server has it: endpoints stand in EndpointSlices alone.
Cluster without_selectors(Cluster cluster) {
  for (auto& [name, service] : cluster.services) service = without_selector(service);
  return cluster;
}

std::vector<std::string> nodes_of(const Cluster& cluster) {
  std::set<std::string> nodes;
  for (const auto& [name, node] : cluster.nodes) nodes.insert(name.name);
  for (const auto& [name, pod] : cluster.pods)
    if (!pod.node_name.empty()) nodes.insert(pod.node_name);
  return {nodes.begin(), nodes.end()};
}

// The same packet where the other end may be nobody that is known by name.
model::Probe by_address(const model::ResolvedProbe& resolved, model::Probe probe) {
  probe.from = resolved.from.ip;
  probe.to = resolved.to.ip;
  probe.family = resolved.family();
  return probe;
}

// What the node's agent decides: the sides of those ends that are its own pods. A Service's address among a pod's own is
// judged by its sender's node.
void expect_same(const Cluster& whole, const Cluster& view, const std::string& node, uint64_t seed) {
  const model::PodAddresses addresses(whole);
  const reference::Reference by_whole(whole), by_view(view);
  for (const model::Probe& probe : oracle::random_probes(whole, seed, 60)) {
    const auto resolved = model::resolve(whole, addresses, probe);
    if (!resolved) continue;
    const bool sends = resolved->from.pod && resolved->from.pod->node_name == node;
    const bool receives = resolved->to.pod && resolved->to.pod->node_name == node &&
                          !model::goes_to_service(whole, addresses, *resolved);
    if (!sends && !receives) continue;
    const model::Probe asked = by_address(*resolved, probe);
    const auto wanted = by_whole.evaluate(asked), got = by_view.evaluate(asked);
    ASSERT_TRUE(wanted) << model::to_text(asked) << ": " << wanted.error().message();
    ASSERT_TRUE(got) << model::to_text(asked) << ": " << got.error().message();
    if (sends) {
      EXPECT_EQ(got->egress, wanted->egress) << node << ": " << model::to_text(asked);
    }
    if (receives && !model::goes_to_service(view, model::PodAddresses(view),
                                            *model::resolve(view, model::PodAddresses(view), asked))) {
      EXPECT_EQ(got->ingress, wanted->ingress) << node << ": " << model::to_text(asked);
    }
  }
  for (const reference::Sending& sending : oracle::random_sendings(whole, seed, 40)) {
    const auto& pod = whole.pods.at(sending.pod);
    if (pod.node_name != node) continue;
    EXPECT_EQ(by_view.evaluate(sending), by_whole.evaluate(sending))
        << node << ": " << sending.pod.to_text() << " " << sending.source.to_text();
  }
}

Cluster random_world(uint64_t seed) {
  Cluster cluster = oracle::random_cluster(seed, 12 + static_cast<int>(seed % 20));
  if (seed % 2 == 0) cluster = oracle::with_tiers(std::move(cluster), seed);
  return without_selectors(std::move(cluster));
}

#if defined(SLUICE_SANITIZE)
constexpr uint64_t kWorlds = 40;
#else
constexpr uint64_t kWorlds = 400;
#endif

TEST(NodeViewsOracle, EachVerdictOfANodesPodsIsTheSame) {
  size_t left_out = 0;
  for (uint64_t seed = 1; seed <= kWorlds; ++seed) {
    const Cluster whole = random_world(seed);
    Followed followed(whole);
    for (const std::string& node : nodes_of(whole)) {
      followed.follow(node);
      left_out += whole.pods.size() - followed.held(node).pods.size();
      expect_same(whole, followed.held(node), node, seed);
      if (HasFailure()) FAIL() << "world " << seed;
    }
  }
  EXPECT_GT(left_out, kWorlds) << "views that leave nothing out show nothing";
}

TEST(NodeViewsOracle, WhatFollowedChangesIsWhatIsMadeAfresh) {
  for (uint64_t seed = 1; seed <= kWorlds / 4; ++seed) {
    Followed followed(random_world(seed));
    const auto nodes = nodes_of(followed.whole());
    for (const std::string& node : nodes) followed.follow(node);
    for (uint64_t step = 0; step < 30; ++step) {
      for (Change change : oracle::random_change(followed.whole(), seed * 1000 + step)) {
        if (!change.is_removal())
          if (auto* service = std::get_if<model::Service>(&std::get<model::Object>(change.what)))
            service->selector.reset();
        followed.apply(change);
      }
      for (size_t i = 0; i < nodes.size(); ++i) {
        if ((step + i) % 3 != 0) continue;  // some are slow
        followed.catch_up(nodes[i]);
        ASSERT_EQ(followed.held(nodes[i]), followed.fresh(nodes[i]))
            << nodes[i] << " " << seed << "/" << step;
      }
    }
    expect_same(followed.whole(), followed.fresh(nodes.front()), nodes.front(), seed);
    if (HasFailure()) FAIL() << "world " << seed;
  }
}

model::Pod pod(const std::string& name, const std::string& node, const std::string& ip,
               const model::Labels& labels) {
  model::Pod made;
  made.name = {"shop", name};
  made.node_name = node;
  made.ips = {*net::Ip::parse(ip)};
  made.labels = labels;
  return made;
}

model::NetworkPolicy policy_from(const std::string& name, const model::LabelSelector& subject,
                                 const model::LabelSelector& peer) {
  model::NetworkPolicy made;
  made.name = {"shop", name};
  made.pod_selector = subject;
  made.ingress = {{{model::SelectorPeer{peer, std::nullopt}}, {}}};
  return made;
}

model::LabelSelector app(const std::string& value) {
  return {{{"app", model::Operator::kIn, {value}}}};
}

class NodeViewsTest : public testing::Test {
 protected:
  NodeViewsTest() : followed_({}) {
    followed_.apply(Change::upsert(policy_from("api", app("api"), app("web"))));
    followed_.apply(Change::upsert(pod("api", "one", "10.0.1.1", {{"app", "api"}})));
    followed_.apply(Change::upsert(pod("web", "two", "10.0.2.1", {{"app", "web"}})));
    followed_.apply(Change::upsert(pod("job", "two", "10.0.2.2", {{"app", "job"}})));
    for (const char* node : {"one", "two", "three"}) followed_.follow(node);
  }
  bool holds(const std::string& node, const std::string& pod) {
    followed_.catch_up(node);
    return followed_.held(node).pods.contains({"shop", pod});
  }
  Followed followed_;
};

TEST_F(NodeViewsTest, APodIsThereWhereAPeerOfALocalPodsPolicySelectsIt) {
  EXPECT_TRUE(holds("one", "web"));
  EXPECT_FALSE(holds("one", "job"));
  EXPECT_FALSE(holds("two", "api"));
  EXPECT_EQ(followed_.held("two").policies.size(), 0u);
}

TEST_F(NodeViewsTest, AChangeElsewhereCostsTheNodesForWhichItMatters) {
  followed_.apply(Change::upsert(pod("job", "two", "10.0.2.3", {{"app", "job"}})));
  EXPECT_EQ(followed_.told("one"), 0u);
  EXPECT_EQ(followed_.told("two"), 1u);
  EXPECT_EQ(followed_.told("three"), 0u);
}

TEST_F(NodeViewsTest, WhetherAPeerIsReadyIsNoNewsElsewhere) {
  model::Pod web = pod("web", "two", "10.0.2.1", {{"app", "web"}});
  web.ready = false;
  followed_.apply(Change::upsert(web));
  EXPECT_EQ(followed_.told("one"), 0u);
  EXPECT_EQ(followed_.told("two"), 1u);
}

TEST_F(NodeViewsTest, ARelabelledPodComesAndGoes) {
  followed_.apply(Change::upsert(pod("job", "two", "10.0.2.2", {{"app", "web"}})));
  EXPECT_TRUE(holds("one", "job"));
  followed_.apply(Change::upsert(pod("job", "two", "10.0.2.2", {{"app", "job"}})));
  EXPECT_FALSE(holds("one", "job"));
}

TEST_F(NodeViewsTest, WhoSharesAnAddressWithAPeerIsThere) {
  model::Pod later = pod("later", "three", "10.0.2.1", {{"app", "other"}});
  later.created = 7;
  followed_.apply(Change::upsert(later));
  EXPECT_TRUE(holds("one", "later"));
  followed_.apply(Change::remove({Kind::kPod, {"shop", "later"}}));
  EXPECT_FALSE(holds("one", "later"));
}

TEST_F(NodeViewsTest, PoliciesAreThereBeforeAPodHasAnAddress) {
  model::Pod starting = pod("api-2", "three", "10.0.3.1", {{"app", "api"}});
  starting.ips.clear();
  followed_.apply(Change::upsert(starting));
  EXPECT_TRUE(holds("three", "web"));
  EXPECT_EQ(followed_.held("three").policies.size(), 1u);
  followed_.apply(Change::remove({Kind::kPod, {"shop", "api-2"}}));
  EXPECT_FALSE(holds("three", "web"));
  EXPECT_EQ(followed_.held("three").policies.size(), 0u);
}

model::EndpointSlice slice(const std::string& service, const std::string& ip, int port) {
  model::EndpointSlice made;
  made.name = {"shop", service + "-1"};
  made.service = service;
  made.ports = {{"", net::kTcp, net::Port::from_host(static_cast<uint16_t>(port))}};
  made.endpoints = {{{*net::Ip::parse(ip)}}};
  return made;
}

TEST_F(NodeViewsTest, ServicesGoWhereSomethingIsJudgedThatPodsSend) {
  model::Service service;
  service.name = {"shop", "db"};
  followed_.apply(Change::upsert(service));
  EXPECT_EQ(followed_.told("one"), 0u);
  model::NetworkPolicy egress = policy_from("out", app("job"), app("web"));
  egress.isolates_egress = true;
  followed_.apply(Change::upsert(egress));
  followed_.catch_up("two");
  followed_.catch_up("one");
  EXPECT_EQ(followed_.held("two").services.size(), 1u);
  EXPECT_EQ(followed_.held("one").services.size(), 0u);
}

TEST_F(NodeViewsTest, EndpointsGoWhereARuleMayMeanOne) {
  model::NetworkPolicy egress = policy_from("out", app("job"), app("web"));
  egress.isolates_ingress = false;
  egress.isolates_egress = true;
  egress.egress = std::exchange(egress.ingress, {});
  egress.egress[0].peers = {model::SelectorPeer{app("api"), std::nullopt}};
  followed_.apply(Change::upsert(egress));
  followed_.apply(Change::upsert(slice("api", "10.0.1.1", 8080)));
  followed_.apply(Change::upsert(slice("db", "10.0.9.9", 5432)));
  const auto slices = [&] {
    followed_.catch_up("two");
    EXPECT_EQ(followed_.held("two"), followed_.fresh("two"));
    std::string names;
    for (const auto& [name, each] : followed_.held("two").endpoint_slices) names += name.name + " ";
    return names;
  };
  EXPECT_EQ(slices(), "api-1 ");
  followed_.apply(Change::upsert(pod("db", "three", "10.0.9.9", {{"app", "api"}})));
  EXPECT_EQ(slices(), "api-1 db-1 ") << "a pod of a peer came to its address";
  followed_.apply(Change::upsert(slice("db", "10.0.9.8", 5432)));
  EXPECT_EQ(slices(), "api-1 ");
  egress.egress.push_back({{}, {{net::kTcp, net::PortRange::one(net::Port::from_host(5432))}}});
  followed_.apply(Change::upsert(egress));
  EXPECT_EQ(slices(), "api-1 db-1 ") << "any destination at that port";
  followed_.apply(Change::remove({Kind::kNetworkPolicy, {"shop", "out"}}));
  EXPECT_EQ(slices(), "");
}

TEST_F(NodeViewsTest, EndpointsOfExposedServicesGoWithServices) {
  model::NetworkPolicy egress = policy_from("out", app("job"), app("web"));
  egress.isolates_egress = true;
  followed_.apply(Change::upsert(egress));
  model::Service a, b;
  a.name = {"shop", "a"};
  b.name = {"shop", "b"};
  a.addresses = b.addresses = {*net::Ip::parse("172.20.0.1")};
  for (const char* name : {"a", "b"}) followed_.apply(Change::upsert(slice(name, "10.0.9.9", 80)));
  followed_.apply(Change::upsert(a));
  const auto count = [&] {
    followed_.catch_up("two");
    EXPECT_EQ(followed_.held("two"), followed_.fresh("two"));
    return followed_.held("two").endpoint_slices.size();
  };
  EXPECT_EQ(count(), 0u);
  followed_.apply(Change::upsert(b));
  EXPECT_EQ(count(), 2u) << "both stand behind one address";
  followed_.apply(Change::remove({Kind::kService, {"shop", "a"}}));
  EXPECT_EQ(count(), 0u);
  model::Node node;
  node.name = {"", "elsewhere"};
  node.addresses = b.addresses;
  followed_.apply(Change::upsert(node));
  EXPECT_EQ(count(), 1u) << "an address of a node";
}

}  // namespace
}  // namespace sluice::view
