// Policies of Cilium taken as they come: what each becomes, under which name, and what changes when something changes. What
// they mean is cilium_test.cc's and tests/convert's.
#include "agent/convert/acceptance.h"

#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"

namespace sluice::convert {
namespace {

namespace decode = source::decode;
using model::Change;

constexpr const char* kShop = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n";
constexpr const char* kLab = "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab}\n---\n";

std::string cilium(const std::string& name, const std::string& spec) {
  const bool wide = name.find('/') == std::string::npos;
  const size_t slash = wide ? 0 : name.find('/');
  return std::string("apiVersion: cilium.io/v2\nkind: ") +
         (wide ? "CiliumClusterwideNetworkPolicy" : "CiliumNetworkPolicy") +
         "\nmetadata: {name: " + (wide ? name : name.substr(slash + 1)) +
         (wide ? "}" : ", namespace: " + name.substr(0, slash) + "}") + "\nspec: " + spec + "\n---\n";
}

std::string own(const std::string& name) {
  return "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: " + name +
         ", namespace: shop}\nspec: {podSelector: {}}\n---\n";
}

// An Acceptance that is told texts.
struct Accepting {
  Acceptance acceptance{{*net::Cidr::parse("10.0.0.0/8")}};
  model::Cluster cluster;

  // The changes as "+NetworkPolicy shop/web -ClusterNetworkPolicy x".
  std::string tell(const std::string& text) {
    const decode::Decoded decoded = decode::decode(text, "f", decode::Wanted::kObjects, &acceptance);
    EXPECT_TRUE(decoded.problems.empty()) << decoded.problems.front().to_text();
    std::vector<Change> changes;
    for (const auto& one : decoded.objects) changes.push_back(Change::upsert(one.object));
    std::vector<source::decode::ForeignChange> foreign;
    for (const auto& one : decoded.foreign) foreign.push_back({one.id, one});
    return apply(std::move(changes), foreign);
  }
  std::string remove(const model::ObjectId& id) { return apply({Change::remove(id)}, {}); }
  std::string remove(const std::string& kind, model::ObjectName name) {
    return apply({}, {{{kind, std::move(name)}, std::nullopt}});
  }
  std::string apply(std::vector<Change> changes, const std::vector<source::decode::ForeignChange>& foreign) {
    std::string said;
    for (const Change& change : acceptance.apply(std::move(changes), foreign)) {
      cluster.apply(change);
      said +=
          (said.empty() ? "" : " ") + std::string(change.is_removal() ? "-" : "+") + change.id().to_text();
    }
    return said;
  }
  std::string problems() const { return texts(acceptance.problems()); }
  std::string warnings() const { return texts(acceptance.warnings()); }
  static std::string texts(const std::vector<source::Finding>& findings) {
    std::string text;
    for (const auto& finding : findings) text += finding.to_text() + "\n";
    return text;
  }
};

constexpr const char* kIngress = "{endpointSelector: {}, ingress: [{fromEndpoints: [{}]}]}";
constexpr const char* kOutside = "{endpointSelector: {}, egress: [{toCIDR: [192.0.2.0/24]}]}";

TEST(Acceptance, WhatIsMadeHasNamesThatAreKept) {
  Accepting a;
  EXPECT_EQ(a.tell(std::string(kShop) + cilium("shop/web", kIngress)),
            "+Namespace shop +NetworkPolicy shop/cnp.cilium.io.web");
  EXPECT_EQ(a.tell(cilium("web", kIngress)), "+NetworkPolicy shop/ccnp.cilium.io.web");
  EXPECT_EQ(a.tell(cilium("shop/out", kOutside)),
            "+NetworkPolicy shop/cnp.cilium.io.out +ClusterNetworkPolicy ccnp.cilium.io.pass "
            "+ClusterNetworkPolicy cnp.cilium.io.outside.shop.out");
  for (const auto& [name, policy] : a.cluster.cluster_policies) EXPECT_GE(policy.priority, kAcceptedPriority);
  for (const model::Object& object : a.cluster.objects())
    EXPECT_EQ(is_kept_name(model::id_of(object)), model::id_of(object).kind != model::Kind::kNamespace);
  EXPECT_EQ(a.problems() + a.warnings(), "");
}

TEST(Acceptance, SpecsOfOneObjectHaveANumberInFront) {
  Accepting a;
  std::string text = cilium("shop/web", kIngress);
  text.replace(text.find("spec: {"), 6, "specs: [");
  text.insert(text.rfind("\n---"), std::string(", ") + kIngress + "]");
  EXPECT_EQ(a.tell(text), "+NetworkPolicy shop/cnp-2.cilium.io.web +NetworkPolicy shop/cnp.cilium.io.web");
  EXPECT_EQ(a.tell(cilium("shop/web-2", kIngress)), "+NetworkPolicy shop/cnp.cilium.io.web-2");
}

// A name may have 253 characters, and what is made of it has more.
TEST(Acceptance, NamesThatDifferAtTheirEndAloneStayApart) {
  Accepting a;
  a.tell(kShop);
  const std::string label(60, 'n');
  for (const std::string& start :
       {std::string(252, 'n'), label + "." + label + "." + label + "." + label + ".nnnnnnn"})
    for (const char* spec : {kIngress, kOutside})
      for (const char* kind : {"shop/", ""}) {
        SCOPED_TRACE(kind + start);
        ASSERT_LE(start.size(), 252u);
        const auto before = a.cluster.objects().size();
        a.tell(cilium(kind + start + "a", spec));
        const auto one = a.cluster.objects().size() - before;
        a.tell(cilium(kind + start + "b", spec));
        EXPECT_EQ(a.cluster.objects().size(), before + 2 * one - (spec == kOutside)) << "but for the pass";
        for (const model::Object& object : a.cluster.objects()) {
          const model::ObjectId id = model::id_of(object);
          EXPECT_LE(id.name.name.size(), 253u);
          EXPECT_NE(is_kept_name(id), id.kind == model::Kind::kNamespace) << id.to_text();
        }
        for (const char* end : {"a", "b"})
          a.remove(*kind ? "CiliumNetworkPolicy" : "CiliumClusterwideNetworkPolicy",
                   {*kind ? "shop" : "", start + end});
        EXPECT_EQ(a.cluster.objects().size(), before);
      }
}

TEST(Acceptance, AChangeTouchesWhatIsMadeOfThatObjectAlone) {
  Accepting a;
  a.tell(std::string(kShop) + cilium("shop/a", kOutside) + cilium("shop/b", kOutside));
  EXPECT_EQ(a.tell(cilium("shop/a", kOutside)), "") << "said again";
  EXPECT_EQ(a.tell(cilium("shop/a", kIngress)),
            "+NetworkPolicy shop/cnp.cilium.io.a -ClusterNetworkPolicy cnp.cilium.io.outside.shop.a");
  EXPECT_EQ(a.remove("CiliumNetworkPolicy", {"shop", "b"}),
            "-NetworkPolicy shop/cnp.cilium.io.b -ClusterNetworkPolicy ccnp.cilium.io.pass "
            "-ClusterNetworkPolicy cnp.cilium.io.outside.shop.b");
  EXPECT_EQ(a.remove("CiliumNetworkPolicy", {"shop", "b"}), "");
}

TEST(Acceptance, NamespacesAndNodesThatComeAreTakenIn) {
  Accepting a;
  a.tell(std::string(kShop) + cilium("all", kIngress) +
         cilium("shop/nodes", "{endpointSelector: {}, ingress: [{fromEntities: [remote-node]}]}"));
  EXPECT_EQ(a.tell(kLab), "+Namespace lab +NetworkPolicy lab/ccnp.cilium.io.all");
  EXPECT_EQ(a.remove({model::Kind::kNamespace, {"", "lab"}}),
            "-Namespace lab -NetworkPolicy lab/ccnp.cilium.io.all");
  EXPECT_NE(a.warnings().find("f: document 3: CiliumNetworkPolicy shop/nodes: spec.ingress[0]"),
            std::string::npos)
      << a.warnings();
  EXPECT_EQ(
      a.tell("apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\nstatus: {addresses: [{type: InternalIP, "
             "address: 192.0.2.1}]}\n"),
      "+Node node-1 +NetworkPolicy shop/cnp.cilium.io.nodes");
  EXPECT_EQ(a.warnings(), "");
}

// A pod whose address is in no prefix given says that the prefixes are not all.
TEST(Acceptance, APodThatIsElsewhereTakesWhatIsOfOutside) {
  Accepting a;
  a.tell(std::string(kShop) +
         cilium("shop/world", "{endpointSelector: {}, ingress: [{fromEntities: [world]}]}"));
  const auto pod = [](const std::string& ip) {
    return "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: shop}\nstatus: {phase: Running, "
           "podIP: " +
           ip + "}\n";
  };
  EXPECT_EQ(a.tell(pod("10.1.1.1")), "+Pod shop/p");
  EXPECT_EQ(a.tell(pod("172.16.0.1")), "+Pod shop/p +NetworkPolicy shop/cnp.cilium.io.world");
  EXPECT_NE(a.warnings().find("Pod shop/p has 172.16.0.1"), std::string::npos) << a.warnings();
  EXPECT_EQ(a.remove({model::Kind::kPod, {"shop", "p"}}),
            "-Pod shop/p +NetworkPolicy shop/cnp.cilium.io.world");
  EXPECT_EQ(a.warnings(), "");
}

TEST(Acceptance, WhatCannotBeSaidIsLeftOutAndSaid) {
  Accepting a;
  EXPECT_EQ(a.tell(std::string(kShop) +
                   cilium("shop/web",
                          "{endpointSelector: {}, ingress: [{toPorts: [{ports: [{port: \"80\"}], "
                          "rules: {http: [{}]}}]}]}")),
            "+Namespace shop +NetworkPolicy shop/cnp.cilium.io.web");
  EXPECT_TRUE(a.cluster.policies.begin()->second.ingress.empty());
  EXPECT_EQ(a.problems(), "");
  EXPECT_EQ(
      a.warnings(),
      "f: document 2: CiliumNetworkPolicy shop/web: spec.ingress[0].toPorts[0].rules.http: only addresses, "
      "protocols and ports can be said: left out, which allows less\n");
}

TEST(Acceptance, WhatWouldOpenCloses) {
  Accepting a;
  EXPECT_EQ(a.tell(std::string(kShop) + cilium("shop/web",
                                               "{endpointSelector: {matchLabels: {app: web}}, "
                                               "ingressDeny: [{fromEntities: [world]}]}")),
            "+Namespace shop +NetworkPolicy shop/cnp.cilium.io.web +ClusterNetworkPolicy "
            "cnp.cilium.io.closed.shop.web");
  EXPECT_NE(a.problems().find("to leave it out would allow more: take it out of the input; meanwhile what it "
                              "selects is closed"),
            std::string::npos)
      << a.problems();
  const model::NetworkPolicy& isolates = a.cluster.policies.begin()->second;
  EXPECT_TRUE(isolates.isolates_ingress && !isolates.isolates_egress && isolates.ingress.empty());
  const model::ClusterNetworkPolicy& denies = a.cluster.cluster_policies.begin()->second;
  EXPECT_TRUE(denies.ingress.at(0).closed) << "to sources outside the cluster too";
  EXPECT_EQ(denies.ingress.at(0).action, model::Action::kDeny);
  EXPECT_TRUE(denies.egress.empty());
}

TEST(Acceptance, WhatIsNotKnownClosesBothWays) {
  Accepting a;
  a.tell(std::string(kShop) + cilium("shop/web", "{endpointSelector: {}, ingres: []}"));
  EXPECT_NE(a.problems().find("unknown field \"ingres\""), std::string::npos) << a.problems();
  const model::NetworkPolicy& isolates = a.cluster.policies.begin()->second;
  EXPECT_TRUE(isolates.isolates_ingress && isolates.isolates_egress);
  EXPECT_TRUE(a.cluster.cluster_policies.begin()->second.egress.at(0).closed);
  // Of a selector that says nothing to us: every pod of the namespace, and of the whole cluster nobody.
  EXPECT_EQ(
      a.tell(cilium("shop/web", "{endpointSelector: {matchLabels: {\"reserved:x\": a}}, ingress: [{}]}")),
      "+NetworkPolicy shop/cnp.cilium.io.web +ClusterNetworkPolicy cnp.cilium.io.closed.shop.web");
  EXPECT_EQ(a.tell(cilium("all", "{endpointSelector: {matchLabels: {\"reserved:x\": a}}, ingress: [{}]}")),
            "");
  EXPECT_EQ(a.tell(cilium("nodes", "{nodeSelector: {}, ingress: [{}]}")), "");
  EXPECT_NE(a.problems().find("CiliumClusterwideNetworkPolicy nodes: spec.nodeSelector: it protects nodes"),
            std::string::npos);
  EXPECT_NE(a.problems().find("; it is not in force"), std::string::npos);
}

TEST(Acceptance, AKeptNameOfSomebodyElseGivesWay) {
  Accepting a;
  EXPECT_EQ(a.tell(kShop + own("cnp.cilium.io.web")),
            "+Namespace shop +NetworkPolicy shop/cnp.cilium.io.web");
  const model::Cluster before = a.cluster;
  EXPECT_EQ(a.problems(), "") << "nothing is made";
  EXPECT_EQ(a.tell(cilium("shop/web", kOutside)).substr(0, 40), "+NetworkPolicy shop/cnp.cilium.io.web +C");
  EXPECT_TRUE(a.cluster.policies.begin()->second.isolates_egress) << "what is made counts";
  EXPECT_EQ(
      a.problems(),
      "NetworkPolicy shop/cnp.cilium.io.web: metadata.name: is kept for what --accept-cilium makes, which "
      "counts: give it another name\n");
  EXPECT_EQ(a.tell(own("cnp.cilium.io.web")), "");
  a.remove("CiliumNetworkPolicy", {"shop", "web"});
  EXPECT_EQ(a.cluster, before);
}

TEST(Acceptance, WhoStandsAtTheEndOfTheTierIsTold) {
  Accepting a;
  const auto policy = [](int priority) {
    return "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: "
           "x}\nspec: {tier: "
           "Admin, priority: " +
           std::to_string(priority) +
           ", subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}]}]}\n";
  };
  a.tell(policy(960));
  EXPECT_NE(a.warnings().find("ClusterNetworkPolicy x: spec.priority: from 960 on"), std::string::npos)
      << a.warnings();
  a.tell(policy(959));
  EXPECT_EQ(a.warnings(), "");
}

TEST(Acceptance, KeptNames) {
  const auto kept = [](const std::string& name, model::Kind kind = model::Kind::kNetworkPolicy) {
    return is_kept_name({kind, {"", name}});
  };
  for (const char* name :
       {"cnp.cilium.io.a", "ccnp.cilium.io.a", "cnp-2.cilium.io.a", "ccnp-01-2.cilium.io.a"})
    EXPECT_TRUE(kept(name)) << name;
  for (const char* name :
       {"cnp", "cnp.cilium.io", "cnpx.cilium.io.a", "xcnp.cilium.io.a", "cnp.cilium.iox.a"})
    EXPECT_FALSE(kept(name)) << name;
  EXPECT_FALSE(kept("cnp.cilium.io.a", model::Kind::kPod));
}

TEST(Acceptance, KindsThatAreNearlyCiliumsAreAFault) {
  const Acceptance acceptance({});
  EXPECT_TRUE(acceptance.read_kind("cilium.io/v2", "CiliumNetworkPolicy").namespaced);
  EXPECT_TRUE(acceptance.read_kind("cilium.io/v2", "CiliumClusterwideNetworkPolicy").taken);
  EXPECT_FALSE(acceptance.read_kind("cilium.io/v2", "CiliumClusterwideNetworkPolicy").namespaced);
  for (const auto& [version, kind] : {std::pair{"cilium.io/v2", "CiliumClusterWideNetworkPolicy"},
                                      {"cilium.io/v1", "CiliumNetworkPolicy"},
                                      {"cilium.io/v2", "CiliumNetworkPolicies"}}) {
    EXPECT_FALSE(acceptance.read_kind(version, kind).taken);
    EXPECT_NE(acceptance.read_kind(version, kind).fault.find("did you mean"), std::string::npos) << kind;
  }
  for (const auto& [version, kind] : {std::pair{"cilium.io/v2", "CiliumEndpoint"},
                                      {"projectcalico.org/v3", "NetworkPolicy"},
                                      {"cilium.io/v2", "CiliumEgressGatewayPolicy"}})
    EXPECT_EQ(acceptance.read_kind(version, kind).fault, "") << kind;
}

}  // namespace
}  // namespace sluice::convert
