// Names of domains: shared addresses, Services' own names.
#include "tests/unit/lint/found.h"

namespace sluice::lint {
namespace {

const std::string kWorld = ns("shop") + pod("shop", "web", "app: web");

std::string names(const std::string& list) {
  return cluster_policy(
      "c", "Admin, priority: 1, subject: {namespaces: {}}, egress: [{action: Accept, to: [" + list + "]}]");
}

std::string shared(const std::string& list, const std::map<std::string, std::set<net::Ip>>& resolved) {
  Input input = input_of(kWorld + names(list));
  input.cluster.resolved = resolved;
  std::string all;
  for (const Finding& finding : lint(input).findings)
    if (finding.rule == Rule::kAddressOfSeveralNames) all += finding.field + ": " + finding.message + "\n";
  return all;
}

TEST(Domains, AddressesOfSeveralNames) {
  const net::Ip a = *net::Ip::parse("203.0.113.1"), b = *net::Ip::parse("203.0.113.2");
  EXPECT_EQ(shared("{domainNames: [www.example.com]}", {}), "") << "nothing says what it resolves to";
  EXPECT_EQ(shared("{domainNames: [www.example.com]}", {{"www.example.com", {a, b}}, {"x.y", {}}}), "");
  EXPECT_EQ(
      shared("{domainNames: [www.example.com]}", {{"www.example.com", {a}}, {"x.y", {a, b}}, {"z.y", {a}}}),
      "spec.egress[0].to[0].domainNames: 203.0.113.1, an address of www.example.com, has other names: x.y "
      "and z.y; "
      "whoever may reach one reaches them all\n");
  EXPECT_EQ(shared("{domainNames: ['*.example.com']}",
                   {{"a.example.com", {a}}, {"b.example.com", {b}}, {"x.y", {a, b}}}),
            "spec.egress[0].to[0].domainNames: 203.0.113.1, an address of a.example.com, has other names: "
            "x.y (and 1 more "
            "have); whoever may reach one reaches them all\n");
  EXPECT_EQ(shared("{domainNames: [a.example.com]}, {domainNames: ['*.y.z']}",
                   {{"a.example.com", {a}}, {"x.y.z", {a}}}),
            "")
      << "the rule names both";
}

TEST(Domains, NamesOfServices) {
  const std::string said = "ClusterNetworkPolicy c spec.egress[0].to[0].domainNames: ";
  const std::string service =
      "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: api}, spec: {clusterIP: 10.96.0.10, "
      "ports: "
      "[{port: 80}]}}\n---\n";
  const std::string headless =
      "{apiVersion: v1, kind: Service, metadata: {namespace: shop, name: api}, spec: {clusterIP: None, "
      "ports: [{port: "
      "80}]}}\n---\n";
  const std::string own = names("{domainNames: [api.shop.svc.cluster.local]}"),
                    own_text = said +
                               "api.shop.svc.cluster.local is a Service's own name, and means its address "
                               "alone, not the pods behind it";
  check_rows(
      Rule::kNamesAService,
      {{"one that is there", kWorld + service + own, own_text},
       {"one that is not", kWorld + own, own_text},
       {"a headless one leads to its pods", kWorld + headless + own, ""},
       {"a pod of a headless one",
        kWorld + service + names("{domainNames: [web-0.api.shop.svc.cluster.local]}"), ""},
       {"any of a namespace", kWorld + names("{domainNames: ['*.shop.svc.cluster.local']}"),
        said +
            "*.shop.svc.cluster.local is of Services, and means their addresses alone, not the pods behind "
            "them"},
       {"any", kWorld + names("{domainNames: ['*.svc.cluster.local']}"),
        said +
            "*.svc.cluster.local is of Services, and means their addresses alone, not the pods behind them"},
       {"of others", kWorld + names("{domainNames: [api.shop.svc.example.com, cluster.local.example.com]}"),
        ""}});
}

}  // namespace
}  // namespace sluice::lint
