#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWeb = pod("shop", "web", "app: web", "{name: http, containerPort: 8080}");
const std::string kApi =
    pod("shop", "api", "app: api", "{name: grpc, containerPort: 9000, protocol: UDP}", "", "10.0.0.2");

std::string to_web(const std::string& ports) {
  return policy("a", "podSelector: {matchLabels: {app: web}}, ingress: [{ports: [" + ports + "]}]");
}
std::string out(const std::string& peers, const std::string& ports) {
  return policy("a", "podSelector: {}, egress: [{to: [" + peers + "], ports: [" + ports + "]}]");
}

TEST(Ports, ANameThatNobodyDefines) {
  check_rows(
      Rule::kNamedPortUnknown,
      {{"defined", kWeb + to_web("{port: http}"), ""},
       {"not defined", kWeb + to_web("{port: 80}, {port: htttp}"),
        "spec.ingress[0].ports[1].port: no pod that it leads to defines TCP port htttp: they list "
        "TCP http "
        "8080"},
       {"for another protocol", kWeb + to_web("{port: http, protocol: UDP}"),
        "spec.ingress[0].ports[0].port: no pod that it leads to defines UDP port http: they "
        "define it for "
        "another protocol: they list no UDP port"},
       {"by one of several", kWeb + kApi + policy("a", "podSelector: {}, ingress: [{ports: [{port: http}]}]"),
        ""},
       {"of the peers",
        kWeb + kApi + out("{podSelector: {matchLabels: {app: web}}}", "{port: grpc, protocol: UDP}"),
        "spec.egress[0].ports[0].port: no pod that it leads to defines UDP port grpc: they list "
        "no UDP port"},
       {"of one peer",
        kWeb + kApi + out("{podSelector: {matchLabels: {app: web}}}, {podSelector: {}}", "{port: http}"), ""},
       {"no peers: of everybody", kWeb + out("", "{port: http}"), ""},
       {"of addresses that no pod has", kWeb + out("{ipBlock: {cidr: 192.0.2.0/24}}", "{port: http}"),
        "spec.egress[0].ports[0].port: no pod that it leads to defines TCP port http: a name is "
        "looked up "
        "among a pod's container ports, and no pod is in these ipBlocks"},
       {"of a pod's address", kWeb + out("{ipBlock: {cidr: 10.0.0.1/32}}", "{port: http}"), ""},
       {"of nobody", to_web("{port: http}"), ""}});
}

TEST(Ports, ANumberThatNoContainerLists) {
  check_rows(Rule::kPortNotExposed,
             {{"listed", kWeb + to_web("{port: 8080}"), ""},
              {"not listed", kWeb + to_web("{port: 80}"),
               "spec.ingress[0].ports[0].port: no container of the pods that it leads to lists TCP 80: they "
               "list TCP http 8080"},
              {"another protocol", kWeb + to_web("{port: 8080, protocol: UDP}"),
               "spec.ingress[0].ports[0].port: no container of the pods that it leads to lists UDP 8080: "
               "they list no UDP port"},
              {"in a range", kWeb + to_web("{port: 8000, endPort: 9000}"), ""},
              {"in no range", kWeb + to_web("{port: 8081, endPort: 9000}"),
               "spec.ingress[0].ports[0].port: no container of the pods that it leads to lists TCP "
               "8081-9000: they list TCP "
               "http 8080"},
              {"a pod that lists none may listen anywhere",
               kWeb + pod("shop", "x", "app: web", "", "", "10.0.0.3") + to_web("{port: 80}"), ""},
              {"every port of a protocol", kWeb + to_web("{protocol: SCTP}"), ""},
              {"of the peers", kWeb + out("{podSelector: {matchLabels: {app: web}}}", "{port: 80}"),
               "spec.egress[0].ports[0].port: no container of the pods that it leads to lists TCP 80: they "
               "list TCP http 8080"},
              {"outside nobody lists",
               kWeb + out("{podSelector: {}}, {ipBlock: {cidr: 192.0.2.0/24}}", "{port: 80}"), ""},
              {"no peers: outside too", kWeb + out("", "{port: 80}"), ""},
              {"a Service's",
               kWeb +
                   "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: front}, spec: "
                   "{selector: {app: web}, "
                   "ports: [{port: 80, targetPort: http}]}}\n---\n" +
                   to_web("{port: 80}"),
               "spec.ingress[0].ports[0].port: no container of the pods that it leads to lists TCP 80: they "
               "list TCP http "
               "8080; it is a port of Service shop/front"}});
}

}  // namespace
}  // namespace sluice::lint
