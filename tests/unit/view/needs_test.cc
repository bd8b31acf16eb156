// Which objects a policy's verdicts depend on.
#include "agent/view/needs.h"

#include <gtest/gtest.h>

namespace sluice::view {
namespace {

using model::LabelSelector;

LabelSelector app(const std::string& value) {
  return {{{"app", model::Operator::kIn, {value}}}};
}
model::IpBlock block(const char* cidr) {
  return {*net::Cidr::parse(cidr), {}};
}

model::NetworkPolicy policy() {
  model::NetworkPolicy made;
  made.name = {"shop", "p"};
  made.pod_selector = app("web");
  return made;
}

TEST(PolicyNeeds, PeersAreOfThePolicysNamespaceUnlessTheySayWhich) {
  model::NetworkPolicy p = policy();
  p.ingress = {
      {{model::SelectorPeer{app("a"), std::nullopt}, model::SelectorPeer{std::nullopt, app("team")}}, {}}};
  const PolicyNeeds needs = needs_of(p);
  EXPECT_EQ(needs.subject, (PodsKey{"shop", {}, app("web")}));
  EXPECT_EQ(needs.pods, (std::set<PodsKey>{{"shop", {}, app("a")}, {std::nullopt, app("team"), {}}}));
  EXPECT_FALSE(needs.egress);
}

TEST(PolicyNeeds, RulesOfADirectionThatIsNotIsolatedSayNothing) {
  model::NetworkPolicy p = policy();
  p.egress = {{{model::SelectorPeer{app("a"), std::nullopt}}, {}}};
  EXPECT_TRUE(needs_of(p).pods.empty());
  p.isolates_egress = true;
  EXPECT_EQ(needs_of(p).pods.size(), 1u);
  EXPECT_TRUE(needs_of(p).egress);
}

TEST(PolicyNeeds, ANamedPortMayBeAnyDestinationsThatAnAddressNames) {
  const model::PolicyPort http{net::kTcp, "http"};
  model::NetworkPolicy p = policy();
  p.isolates_egress = true;
  p.ingress = {{{}, {http}}};  // the destination is the subject
  EXPECT_TRUE(needs_of(p).port_names.empty());
  p.egress = {{{model::SelectorPeer{app("a"), std::nullopt}}, {http}}};  // is there anyway
  EXPECT_TRUE(needs_of(p).port_names.empty());
  p.egress = {{{block("10.0.0.0/8")}, {http}}};
  EXPECT_EQ(needs_of(p).port_names, std::set<std::string>{"http"});
  p.egress = {{{}, {http}}};
  EXPECT_EQ(needs_of(p).port_names, std::set<std::string>{"http"});
}

TEST(PolicyNeeds, WhoseEndpointsCountBesidesThoseOfPeers) {
  model::NetworkPolicy p = policy();
  p.isolates_egress = true;
  const auto dns = net::PortRange::one(net::Port::from_host(53));
  p.egress = {{{}, {}},
              {{}, {{net::kTcp, std::monostate()}}},
              {{model::SelectorPeer{app("a"), {}}}, {{net::kTcp, dns}}}};
  EXPECT_TRUE(needs_of(p).endpoint_ports.empty()) << "what is allowed at the Service's own address, too";
  EXPECT_FALSE(needs_of(p).every_endpoint);
  p.egress = {{{}, {{net::kUdp, dns}}}, {{block("0.0.0.0/0")}, {{net::kTcp, dns}}}};
  EXPECT_EQ(needs_of(p).endpoint_ports, (std::set<PortsKey>{{net::kTcp, dns}, {net::kUdp, dns}}));
  EXPECT_FALSE(needs_of(p).every_endpoint);
  p.egress = {{{block("10.0.0.0/8")}, {}}};
  EXPECT_TRUE(needs_of(p).every_endpoint);
  model::IpBlock most = block("0.0.0.0/0");
  most.except = {*net::Cidr::parse("10.0.0.0/8")};
  p.egress = {{{most}, {}}};
  EXPECT_TRUE(needs_of(p).every_endpoint);
}

TEST(PolicyNeeds, OfAClusterPolicy) {
  model::ClusterNetworkPolicy p;
  p.subject = {app("team"), app("web")};
  p.egress = {{"",
               model::Action::kDeny,
               false,
               {model::PodsPeer{app("x"), {}}, model::NodesPeer{app("edge")}},
               {model::NamedPort{"http"}}}};
  const PolicyNeeds needs = needs_of(p);
  EXPECT_EQ(needs.subject, (PodsKey{std::nullopt, app("team"), app("web")}));
  EXPECT_EQ(needs.pods, (std::set<PodsKey>{{std::nullopt, app("x"), {}}}));
  EXPECT_EQ(needs.nodes, std::vector<LabelSelector>{app("edge")});
  EXPECT_EQ(needs.port_names, std::set<std::string>{"http"})
      << "a node has names, where a pod has its address";
  EXPECT_TRUE(needs.egress);
}

}  // namespace
}  // namespace sluice::view
