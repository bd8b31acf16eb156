#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWeb = pod("shop", "web-1", "app: web, tier: front");

TEST(Selectors, APolicyThatSelectsNoPod) {
  check_rows(
      Rule::kSelectsNoPod,
      {{"matches", kWeb + policy("a", "podSelector: {matchLabels: {app: web}}"), ""},
       {"a slip in the value", kWeb + policy("a", "podSelector: {matchLabels: {app: wbe}}"),
        "spec.podSelector: no pod of namespace shop has app=wbe: the nearest that is there is app=web"},
       {"a slip in the key", kWeb + policy("a", "podSelector: {matchLabels: {aap: web}}"),
        "spec.podSelector: no pod of namespace shop has aap=web: app=web is there"},
       {"nothing near", kWeb + policy("a", "podSelector: {matchLabels: {app: database}}"),
        "spec.podSelector: no pod of namespace shop has app=database: app is there with web"},
       {"each term by itself",
        kWeb + pod("shop", "db", "app: db, tier: back") +
            policy("a", "podSelector: {matchLabels: {app: web, tier: back}}"),
        "spec.podSelector: no pod of namespace shop matches app=web,tier=back, though each of its terms is "
        "met by "
        "some"},
       {"other namespaces do not count",
        pod("prod", "web-1", "app: web") + policy("a", "podSelector: {matchLabels: {app: web}}"),
        "spec.podSelector: there is no pod in namespace shop"},
       {"never of {}", policy("a", "podSelector: {}"), ""},
       {"finished pods do not count",
        "{apiVersion: v1, kind: Pod, metadata: {namespace: shop, name: x, labels: {app: web}}, status: "
        "{podIP: "
        "10.0.0.1, phase: Succeeded}}\n---\n" +
            policy("a", "podSelector: {matchLabels: {app: web}}"),
        "spec.podSelector: there is no pod in namespace shop"},
       {"workloads count",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: web}, spec: {template: "
        "{metadata: "
        "{labels: {app: web}}}}}\n---\n" +
            policy("a", "podSelector: {matchLabels: {app: web}}"),
        ""},
       {"negative terms",
        kWeb + policy("a", "podSelector: {matchExpressions: [{key: app, operator: DoesNotExist}]}"),
        "spec.podSelector: no pod of namespace shop matches !app, though each of its terms is met by some"},
       {"host network is another rule's",
        host_pod("shop", "web-1", "app: web") + policy("a", "podSelector: {matchLabels: {app: web}}"), ""}});
}

TEST(Selectors, APolicyForHostNetwork) {
  check_rows(
      Rule::kSelectsHostNetwork,
      {{"alone",
        host_pod("shop", "proxy", "app: web") + policy("a", "podSelector: {matchLabels: {app: web}}"),
        "spec.podSelector: app=web matches shop/proxy on the host network: a hostNetwork pod is its node, "
        "and "
        "no policy isolates it"},
       {"beside others",
        kWeb + host_pod("shop", "proxy", "app: web") + policy("a", "podSelector: {matchLabels: {app: web}}"),
        "spec.podSelector: app=web matches shop/proxy on the host network: a hostNetwork pod is its node, "
        "and "
        "no policy isolates it"},
       {"not of {}", host_pod("shop", "proxy", "app: web") + policy("a", "podSelector: {}"), ""},
       {"a workload's",
        "{apiVersion: apps/v1, kind: DaemonSet, metadata: {namespace: shop, name: proxy}, spec: {template: "
        "{metadata: {labels: {app: web}}, spec: {hostNetwork: true}}}}\n---\n" +
            policy("a", "podSelector: {matchLabels: {app: web}}"),
        "spec.podSelector: app=web matches shop/daemonset/proxy on the host network: a hostNetwork pod is "
        "its "
        "node, and no policy isolates it"},
       {"none", kWeb + policy("a", "podSelector: {matchLabels: {app: web}}"), ""}});
}

std::string from(const std::string& peers) {
  return policy("a", "podSelector: {}, ingress: [{from: [" + peers + "]}]");
}

TEST(Selectors, APeerThatSelectsNoPod) {
  check_rows(
      Rule::kPeerSelectsNoPod,
      {{"matches", kWeb + from("{podSelector: {matchLabels: {app: web}}}"), ""},
       {"not here", kWeb + from("{podSelector: {}}, {podSelector: {matchLabels: {app: web2}}}"),
        "spec.ingress[0].from[1].podSelector: no pod of namespace shop has app=web2: the nearest that is "
        "there is "
        "app=web"},
       {"not there",
        ns("prod") + pod("prod", "x", "app: api") +
            from("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}, podSelector: "
                 "{matchLabels: "
                 "{app: web}}}"),
        "spec.ingress[0].from[0].podSelector: no pod of namespace prod has app=web: app is there with api"},
       {"an empty namespace",
        kWeb + ns("prod", "team: a") + from("{namespaceSelector: {matchLabels: {team: a}}}"),
        "spec.ingress[0].from[0].namespaceSelector: no pod is in namespace prod, which team=a matches"},
       {"in no namespace", kWeb + from("{namespaceSelector: {}, podSelector: {matchLabels: {app: web2}}}"),
        "spec.ingress[0].from[0].podSelector: no pod of namespace shop has app=web2: the nearest that is "
        "there is "
        "app=web"},
       {"on the host network alone",
        host_pod("shop", "x", "app: web") + from("{podSelector: {matchLabels: {app: web}}}"),
        "spec.ingress[0].from[0].podSelector: it matches shop/x on the host network alone, which selectors "
        "never match"},
       {"{} is no slip", from("{podSelector: {}}, {namespaceSelector: {}}"), ""},
       {"egress",
        kWeb + policy("a", "podSelector: {}, egress: [{to: [{podSelector: {matchLabels: {app: x}}}]}]"),
        "spec.egress[0].to[0].podSelector: no pod of namespace shop has app=x: app is there with web"},
       {"an unknown label is another rule's", kWeb + from("{namespaceSelector: {matchLabels: {team: a}}}"),
        ""}});
}

TEST(Selectors, ANamespaceLabelThatNobodyHas) {
  check_rows(
      Rule::kNamespaceLabelUnknown,
      {{"some has it", ns("prod", "team: a") + from("{namespaceSelector: {matchLabels: {team: a}}}"), ""},
       {"another value",
        ns("prod", "team: shop-a") + from("{namespaceSelector: {matchLabels: {team: shop-b}}}"),
        "spec.ingress[0].from[0].namespaceSelector: no namespace has team=shop-b: the nearest that is there "
        "is "
        "team=shop-a"},
       {"with a podSelector",
        ns("prod") + from("{namespaceSelector: {matchLabels: {name: prod}}, podSelector: {}}"),
        "spec.ingress[0].from[0].namespaceSelector: no namespace has name=prod"},
       {"exists",
        ns("prod") + from("{namespaceSelector: {matchExpressions: [{key: team, operator: Exists}]}}"),
        "spec.ingress[0].from[0].namespaceSelector: no namespace has team"},
       {"by name, which pods give away",
        pod("prod", "x", "") +
            from("{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: prod}}}"),
        ""},
       {"what is not asked for",
        ns("prod") + from("{namespaceSelector: {matchExpressions: [{key: team, operator: "
                          "DoesNotExist}]}, podSelector: {}}"),
        ""}});
}

}  // namespace
}  // namespace sluice::lint
