#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kPods =
    pod("shop", "web-1", "app: web") + pod("shop", "web-2", "app: web", "", "", "10.0.1.1");
const std::string kService =
    "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: web}, spec: {clusterIP: 10.96.0.1, "
    "ports: "
    "[{port: 80}]}}\n---\n";
const std::string kNode =
    "{apiVersion: v1, kind: Node, metadata: {name: node-1}, status: {addresses: [{type: InternalIP, address: "
    "192.168.0.1}]}}\n---\n";

std::string block(const std::string& cidr, const std::string& except = "") {
  return policy("a", "podSelector: {}, ingress: [{from: [{ipBlock: {cidr: \"" + cidr + "\", except: [" +
                         except + "]}}]}]");
}

TEST(Cidrs, CoverTheCluster) {
  const std::string field = "spec.ingress[0].from[0].ipBlock.cidr: ";
  check_rows(
      Rule::kCidrCoversCluster,
      {{"outside", kPods + kService + kNode + block("203.0.113.0/24"), ""},
       {"pods", kPods + block("10.0.0.0/8"),
        field + "10.0.0.0/8 covers 2 pod addresses (shop/web-1 10.0.0.1 …)"},
       {"all three", kPods + kService + kNode + block("0.0.0.0/0"),
        field + "0.0.0.0/0 covers 2 pod addresses (shop/web-1 10.0.0.1 …), 1 Service address (shop/web "
                "10.96.0.1), 1 "
                "node address (node-1 192.168.0.1)"},
       {"an exception", kPods + block("10.0.0.0/8", "10.0.0.0/24"),
        field + "10.0.0.0/8 less its exceptions covers 1 pod address (shop/web-2 10.0.1.1)"},
       {"exceptions inside one another", kPods + block("10.0.0.0/8", "10.0.0.0/23, 10.0.0.0/24"), ""},
       {"all excepted", kPods + kService + kNode + block("0.0.0.0/0", "10.0.0.0/8, 192.168.0.0/16"), ""},
       {"one address", kPods + block("10.0.0.1/32"), ""},
       {"another family", kPods + block("::/0"), ""},
       {"nobody is there", block("0.0.0.0/0"), ""},
       {"a workload has no address",
        "{apiVersion: apps/v1, kind: Deployment, metadata: {namespace: shop, name: web}}\n---\n" +
            block("0.0.0.0/0"),
        ""}});
}

TEST(Cidrs, HostBits) {
  check_rows(Rule::kCidrHostBits,
             {{"none", block("10.1.0.0/16", "10.1.2.0/24"), ""},
              {"in both", block("10.1.2.3/16", "10.1.2.0/24, 10.1.3.1/24"),
               "spec.ingress[0].from[0].ipBlock.cidr: 10.1.2.3/16 has host bits and means 10.1.0.0/16\n"
               "spec.ingress[0].from[0].ipBlock.except[1]: 10.1.3.1/24 has host bits and means 10.1.3.0/24"},
              {"IPv6, spelled at length", block("FD00:0:0::/48"), ""},
              {"IPv6", block("fd00::1/64"),
               "spec.ingress[0].from[0].ipBlock.cidr: fd00::1/64 has host bits and means fd00::/64"}});
}

}  // namespace
}  // namespace sluice::lint
