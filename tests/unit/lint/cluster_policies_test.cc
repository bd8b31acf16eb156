// Of ClusterNetworkPolicies: who is matched by nobody, names of ports, host bits.
#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWorld = ns("shop", "team: a") + ns("empty", "team: e") +
                           pod("shop", "web-1", "app: web", "{name: http, containerPort: 80}");

std::string subject(const std::string& text) {
  return kWorld + cluster_policy("c", "Admin, priority: 1, subject: {" + text + "}");
}
std::string peer(const std::string& text) {
  return kWorld +
         cluster_policy(
             "c", "Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{" + text +
                      "}]}]");
}
std::string egress(const std::string& rule) {
  return kWorld +
         cluster_policy(
             "c", "Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Deny, " + rule + "}]");
}

TEST(ClusterPolicies, SubjectsThatNobodyIs) {
  check_rows(
      Rule::kSelectsNoPod,
      {{"somebody is", subject("pods: {podSelector: {matchLabels: {app: web}}}"), ""},
       {"everybody, whoever comes", subject("namespaces: {}"), ""},
       {"a slip in a pod's label", subject("pods: {podSelector: {matchLabels: {app: wbe}}}"),
        "ClusterNetworkPolicy c spec.subject.pods.podSelector: no pod of namespaces empty and shop matches "
        "app=wbe"},
       {"in one namespace",
        subject(
            "pods: {namespaceSelector: {matchLabels: {team: a}}, podSelector: {matchLabels: {app: wbe}}}"),
        "ClusterNetworkPolicy c spec.subject.pods.podSelector: no pod of namespace shop has app=wbe: the "
        "nearest that is there is app=web"},
       {"a label that no namespace has", subject("namespaces: {matchLabels: {tema: a}}"),
        "ClusterNetworkPolicy c spec.subject.namespaces: no namespace has tema=a: team=a is there"},
       {"the same in the long form",
        subject("pods: {namespaceSelector: {matchLabels: {tema: a}}, podSelector: {}}"),
        "ClusterNetworkPolicy c spec.subject.pods.namespaceSelector: no namespace has tema=a: team=a is "
        "there"},
       {"a namespace without pods", subject("namespaces: {matchLabels: {team: e}}"),
        "ClusterNetworkPolicy c spec.subject.namespaces: no pod is in namespace empty, which team=e "
        "matches"}});
  EXPECT_EQ(found(Rule::kSelectsHostNetwork, host_pod("shop", "proxy", "app: proxy") +
                                                 subject("pods: {podSelector: {matchLabels: {app: proxy}}}")),
            "ClusterNetworkPolicy c spec.subject.pods.podSelector: app=proxy matches shop/proxy on the host "
            "network: a "
            "hostNetwork pod is its node, and no policy is for it");
}

TEST(ClusterPolicies, PeersThatNobodyIs) {
  check_rows(
      Rule::kPeerSelectsNoPod,
      {{"somebody is", peer("namespaces: {matchLabels: {team: a}}"), ""},
       {"everybody", peer("namespaces: {}"), ""},
       {"no such pod", peer("pods: {podSelector: {matchLabels: {app: db}}}"),
        "ClusterNetworkPolicy c spec.ingress[0].from[0].pods.podSelector: no pod of namespaces empty and "
        "shop "
        "matches app=db"},
       {"on the host network",
        host_pod("shop", "proxy", "app: proxy") + peer("pods: {podSelector: {matchLabels: {app: proxy}}}"),
        "ClusterNetworkPolicy c spec.ingress[0].from[0].pods.podSelector: it matches shop/proxy on the host "
        "network alone, which selectors of pods never match"}});
  EXPECT_EQ(found(Rule::kNamespaceLabelUnknown, peer("namespaces: {matchLabels: {tenant: x}}")),
            "ClusterNetworkPolicy c spec.ingress[0].from[0].namespaces: no namespace has tenant=x");
}

TEST(ClusterPolicies, PortsByName) {
  const std::string web = "to: [{pods: {podSelector: {matchLabels: {app: web}}}}], protocols: [";
  check_rows(
      Rule::kNamedPortUnknown,
      {{"there", egress(web + "{destinationNamedPort: http}]"), ""},
       {"not there", egress(web + "{tcp: {destinationPort: {number: 1}}}, {destinationNamedPort: htpp}]"),
        "ClusterNetworkPolicy c spec.egress[0].protocols[1].destinationNamedPort: no pod that it leads to "
        "defines port htpp"}});
}

TEST(ClusterPolicies, HostBits) {
  check_rows(Rule::kCidrHostBits,
             {{"none", egress("to: [{networks: [10.0.0.0/8]}]"), ""},
              {"some", egress("to: [{networks: [192.168.0.0/24, 10.1.2.3/8]}]"),
               "ClusterNetworkPolicy c spec.egress[0].to[0].networks[1]: 10.1.2.3/8 has host bits and means "
               "10.0.0.0/8"}});
}

TEST(ClusterPolicies, WhoIsProtected) {
  const std::string closed =
      cluster_policy("c",
                     "Baseline, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: "
                     "[{namespaces: {}}]}]");
  EXPECT_EQ(found(Rule::kUnprotectedPod, kWorld + closed), "");
  EXPECT_EQ(found(Rule::kNamespaceWithoutDefaultDeny, kWorld + closed), "");
  EXPECT_NE(found(Rule::kUnprotectedPod, subject("namespaces: {}")), "");
  EXPECT_NE(found(Rule::kNamespaceWithoutDefaultDeny, subject("namespaces: {}")), "");
}

}  // namespace
}  // namespace sluice::lint
