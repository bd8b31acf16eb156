// ClusterNetworkPolicy: rows of a spec and what it means, printed; of what is refused (semantics 61, 63 to 65), with
// the whole message; and of what an API server's would do all the same (62 to 65).
#include <gtest/gtest.h>

#include "agent/model/selector_text.h"
#include "agent/source/decode/decode.h"

namespace sluice::source::decode {
namespace {

std::string print(const model::PodsPeer& peer) {
  return "ns(" + model::to_text(peer.namespaces) + ")pods(" + model::to_text(peer.pods) + ")";
}

std::string print(const model::ClusterPeer& peer) {
  std::string text;
  if (const auto* nodes = std::get_if<model::NodesPeer>(&peer))
    return "nodes(" + model::to_text(nodes->nodes) + ")";
  if (const auto* networks = std::get_if<model::NetworksPeer>(&peer)) {
    for (const auto& cidr : networks->cidrs) text += (text.empty() ? "" : "+") + cidr.to_text();
    return text;
  }
  if (const auto* names = std::get_if<model::DomainNamesPeer>(&peer)) {
    for (const auto& name : names->names) text += (text.empty() ? "" : "+") + name;
    return text;
  }
  return print(std::get<model::PodsPeer>(peer));
}

std::string print(const model::ClusterProtocol& entry) {
  if (const auto* named = std::get_if<model::NamedPort>(&entry)) return named->name;
  const auto& ports = std::get<model::ProtocolPorts>(entry);
  return ports.protocol.to_text() + ":" + std::to_string(ports.ports.first.host()) + "-" +
         std::to_string(ports.ports.last.host());
}

std::string print(const model::ClusterRule& rule) {
  std::string text = std::string(model::to_text(rule.action)) + (rule.closed ? " closed" : "");
  for (const auto& peer : rule.peers) text += " " + print(peer);
  for (const auto& entry : rule.protocols) text += " " + print(entry);
  return "{" + text + "}";
}

std::string print(const model::ClusterNetworkPolicy& policy) {
  std::string text = std::string(model::to_text(policy.tier)) + " " + std::to_string(policy.priority) + " " +
                     print(policy.subject) + " in[";
  for (const auto& rule : policy.ingress) text += print(rule);
  text += "] out[";
  for (const auto& rule : policy.egress) text += print(rule);
  return text + "]";
}

std::string policy(const std::string& spec) {
  return "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicy\nmetadata: {name: x, "
         "namespace: any}\n"
         "spec: " +
         spec + "\n";
}

constexpr char kHead[] = "tier: Admin, priority: 7, subject: {namespaces: {}}";
std::string with(const std::string& more) {
  return "{" + std::string(kHead) + ", " + more + "}";
}
std::string egress(const std::string& rule) {
  return with("egress: [{action: Deny, " + rule + "}]");
}
std::string entry(const std::string& protocol) {
  return egress("to: [{nodes: {}}], protocols: [" + protocol + "]");
}

// The value, or the first problem after the object's name.
std::string read(const std::string& spec) {
  const Decoded decoded = decode(policy(spec), "f");
  if (decoded.problems.size() == 1) {
    const std::string text = decoded.problems[0].to_text(), head = "f: document 1: ClusterNetworkPolicy x: ";
    return text.starts_with(head) ? text.substr(head.size()) : text;
  }
  if (decoded.objects.size() != 1) return "nothing";
  return print(std::get<model::ClusterNetworkPolicy>(decoded.objects[0].object));
}

TEST(DecodeClusterPolicy, Values) {
  struct Row {
    std::string spec, expected;
  };
  const std::string head = "Admin 7 ns()pods() ";
  const Row rows[] = {
      {with("ingress: null, egress: []"), head + "in[] out[]"},
      {"{tier: Baseline, priority: 1000, subject: {pods: {podSelector: {matchLabels: {a: b}}}}}",
       "Baseline 1000 ns()pods(a=b) in[] out[]"},
      {"{tier: Admin, priority: 0, subject: {pods: {namespaceSelector: {matchLabels: {team: m}}, "
       "podSelector: {}}}}",
       "Admin 0 ns(team=m)pods() in[] out[]"},
      {with("ingress: [{name: why, action: Accept, from: [{namespaces: {}}, {pods: {podSelector: {}}}]}]"),
       head + "in[{Accept ns()pods() ns()pods()}] out[]"},
      {egress("to: [{nodes: {matchLabels: {a: b}}}, {networks: [10.1.2.3/8, 'fd00::/8']}]"),
       head + "in[] out[{Deny nodes(a=b) 10.0.0.0/8+fd00::/8}]"},
      {with("egress: [{action: Accept, to: [{domainNames: [WWW.Example.com., '*.example.org']}]}]"),
       head + "in[] out[{Accept *.example.org+www.example.com}]"},
      {with("egress: [{action: Pass, to: [{namespaces: {}}], protocols: null}]"),
       head + "in[] out[{Pass ns()pods()}]"},
      {entry("{tcp: {destinationPort: {number: 80}}}, {udp: {destinationPort: {range: {start: 1, end: "
             "65535}}}}, "
             "{sctp: {destinationPort: {number: 9}}}, {destinationNamedPort: http}"),
       head + "in[] out[{Deny nodes() TCP:80-80 UDP:1-65535 SCTP:9-9 http}]"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.spec), row.expected) << row.spec;
}

TEST(DecodeClusterPolicy, IsReadFromListsAndWithoutItsNamespace) {
  const Decoded decoded = decode(
      "apiVersion: policy.networking.k8s.io/v1alpha2\nkind: ClusterNetworkPolicyList\nitems:\n- {metadata: "
      "{name: a}, spec: " +
          with("egress: null") + "}\n",
      "f");
  ASSERT_EQ(decoded.objects.size(), 1u);
  EXPECT_EQ(model::id_of(decoded.objects[0].object).to_text(), "ClusterNetworkPolicy a");
}

std::string many(const std::string& one, int count, const std::string& between = ", ") {
  std::string all;
  for (int i = 0; i < count; ++i) all += (i == 0 ? "" : between) + one;
  return all;
}

struct Refused {
  std::string spec, message;
  std::string held;  // how an API server's is in force; empty: it is not
};

void expect(const std::vector<Refused>& rows) {
  for (const Refused& row : rows) {
    EXPECT_EQ(read(row.spec), row.message) << row.spec;
    const Decoded decoded = decode(policy(row.spec), "f");
    std::string held;
    if (decoded.closed.size() == 1)
      held = print(std::get<model::ClusterNetworkPolicy>(decoded.closed[0].policy));
    EXPECT_EQ(held, row.held) << row.spec;
    EXPECT_TRUE(decoded.objects.empty()) << row.spec;
  }
}

const std::string kIt = "Admin 7 ns()pods() ";
const std::string kCloses = kIt + "in[] out[{Deny closed}]";

TEST(DecodeClusterPolicy, RulesThatClose) {
  expect({
      {egress("to: [{nodes: {}}], log: true"),
       "spec.egress[0]: unknown field \"log\": known here are name, action, to, protocols", kCloses},
      {egress("to: [{nodes: {}, zone: a}]"),
       "spec.egress[0].to[0]: unknown field \"zone\": known here are namespaces, pods, nodes, networks, "
       "domainNames",
       kCloses},
      {egress("to: [{}]"),
       "spec.egress[0].to[0]: has no peer: write one of namespaces, pods, nodes, networks, domainNames",
       kCloses},
      {egress("to: [{nodes: {}, namespaces: {}}]"),
       "spec.egress[0].to[0]: has more than one peer: write one of namespaces, pods, nodes, networks, "
       "domainNames",
       kCloses},
      {egress("to: []"), "spec.egress[0].to: is empty: write who the rule is about", kCloses},
      {egress("name: x"), "spec.egress[0].to: is missing: write who the rule is about", kCloses},
      {egress("to: [{networks: []}]"), "spec.egress[0].to[0].networks: is empty: write an entry", kCloses},
      {egress("to: [{networks: [10.0.0.0/33]}]"), read(egress("to: [{networks: [10.0.0.0/33]}]")), kCloses},
      {egress("to: [{pods: {namespaceSelector: {}}}]"),
       "spec.egress[0].to[0].pods.podSelector: is missing: write {} for every pod", kCloses},
      {egress("to: [{nodes: {matchExpressions: [{key: a, operator: in, values: [b]}]}}]"),
       "spec.egress[0].to[0].nodes.matchExpressions[0].operator: \"in\" is not an operator: use In, NotIn, "
       "Exists or "
       "DoesNotExist",
       kCloses},
      {egress("to: [{domainNames: [example.com]}]"),
       "spec.egress[0].to[0].domainNames: can stand in Accept rules of tier Admin only: write networks, or "
       "move the rule",
       kCloses},
      {"{tier: Baseline, priority: 7, subject: {namespaces: {}}, egress: [{action: Accept, to: "
       "[{domainNames: [a.b]}]}]}",
       "spec.egress[0].to[0].domainNames: can stand in Accept rules of tier Admin only: write networks, or "
       "move the rule",
       "Baseline 7 ns()pods() in[] out[{Accept closed}]"},
      {with("ingress: [{action: Pass, from: [{networks: [10.0.0.0/8]}]}]"),
       "spec.ingress[0].from[0]: unknown field \"networks\": known here are namespaces, pods",
       kIt + "in[{Deny closed}] out[]"},
      {with("egress: [{action: Log, to: [{nodes: {}}]}, {action: Accept, to: [{}]}, {action: Accept, to: "
            "[{nodes: {}}]}]"),
       "spec.egress[0].action: \"Log\" is not an action: use Accept, Deny or Pass",
       kIt + "in[] out[{Deny closed}{Accept closed}{Accept nodes()}]"},
      {with("egress: [{to: [{nodes: {}}]}]"), "spec.egress[0].action: is missing: write Accept, Deny or Pass",
       kCloses},
      {with("egress: {action: Deny}"), read(with("egress: {action: Deny}")), kCloses},
      {entry("{}"),
       "spec.egress[0].protocols[0]: has no protocol: write one of tcp, udp, sctp, destinationNamedPort",
       kCloses},
      {entry("{icmp: {}}"),
       "spec.egress[0].protocols[0]: unknown field \"icmp\": known here are tcp, udp, sctp, "
       "destinationNamedPort",
       kCloses},
      {entry("{tcp: {destinationPort: {number: 80}}, udp: {destinationPort: {number: 80}}}"),
       "spec.egress[0].protocols[0]: has more than one protocol: write one of tcp, udp, sctp, "
       "destinationNamedPort",
       kCloses},
      {entry("{tcp: {destinationPort: {number: 0}}}"), read(entry("{tcp: {destinationPort: {number: 0}}}")),
       kCloses},
      {entry("{tcp: {destinationPort: {}}}"),
       "spec.egress[0].protocols[0].tcp.destinationPort: has no port: write one of number, range", kCloses},
      {entry("{tcp: {destinationPort: {range: {start: 80, end: 80}}}}"),
       "spec.egress[0].protocols[0].tcp.destinationPort.range.end: 80 is not greater than start 80: write "
       "number for one "
       "port",
       kCloses},
      {entry("{tcp: {destinationPort: {number: 80}, icmpType: 8}}"),
       "spec.egress[0].protocols[0].tcp: unknown field \"icmpType\": known here are destinationPort",
       kCloses},
  });
}

TEST(DecodeClusterPolicy, WhatClosesEveryRule) {
  const std::string rules =
      "egress: [{action: Accept, to: [{nodes: {}}]}, {action: Pass, to: [{nodes: {}}]}]}";
  const std::string all = " in[] out[{Accept closed}{Deny closed}]";
  expect({
      {"{" + std::string(kHead) + ", audit: true, " + rules,
       "spec: unknown field \"audit\": known here are tier, priority, subject, ingress, egress",
       "Admin 7 ns()pods()" + all},
      {"{tier: Middle, priority: 7, subject: {namespaces: {}}, " + rules,
       "spec.tier: \"Middle\" is not a tier: use Admin or Baseline", "Admin 7 ns()pods()" + all},
      {"{priority: 7, subject: {namespaces: {}}, " + rules, "spec.tier: is missing: write Admin or Baseline",
       "Admin 7 ns()pods()" + all},
      {"{tier: Baseline, subject: {namespaces: {}}, " + rules,
       "spec.priority: is missing: write 0 to 1000, 0 comes first", "Baseline 0 ns()pods()" + all},
      {"{tier: Admin, priority: -1, subject: {namespaces: {}}, " + rules,
       "spec.priority: -1 is out of range: write 0 to 1000", "Admin 0 ns()pods()" + all},
  });
}

TEST(DecodeClusterPolicy, ASubjectThatCannotBeReadIsNotInForce) {
  expect({
      {"{tier: Admin, priority: 7}", "spec.subject: is missing: write namespaces or pods, {} for all", ""},
      {"{tier: Admin, priority: 7, subject: {}}",
       "spec.subject: has no subject: write one of namespaces, pods", ""},
      {"{tier: Admin, priority: 7, subject: {namespaces: {}, pods: {podSelector: {}}}}",
       "spec.subject: has more than one subject: write one of namespaces, pods", ""},
      {"{tier: Admin, priority: 7, subject: {namespaces: {matchLabels: {a: '-'}}}}",
       read("{tier: Admin, priority: 7, subject: {namespaces: {matchLabels: {a: '-'}}}}"), ""},
  });
}

TEST(DecodeClusterPolicy, LimitsCloseNothing) {
  const std::string node = "{nodes: {}}";
  const auto out = [](const std::string& rule) { return kIt + "in[] out[" + rule + "]"; };
  expect({
      {with("egress: [" + many("{action: Deny, to: [" + node + "]}", 26) + "]"),
       "spec.egress: has 26 entries: at most 25 may be, write a further rule or policy",
       out(many("{Deny nodes()}", 26, ""))},
      {egress("name: " + std::string(101, 'n') + ", to: [" + node + "]"),
       "spec.egress[0].name: is longer than 100 characters: shorten it", out("{Deny nodes()}")},
      {egress("to: [{networks: [10.0.0.0/8, 10.0.0.0/8]}]"),
       "spec.egress[0].to[0].networks: \"10.0.0.0/8\" stands twice: leave one out", out("{Deny 10.0.0.0/8}")},
      {entry("{tcp: {}}"),
       "spec.egress[0].protocols[0].tcp.destinationPort: is missing: write number, or range with start 1 and "
       "end 65535 "
       "for all",
       out("{Deny nodes() TCP:0-65535}")},
      {"{tier: Admin, priority: 1001, subject: {namespaces: {}}}",
       "spec.priority: 1001 is out of range: write 0 to 1000", "Admin 1001 ns()pods() in[] out[]"},
  });
}

TEST(DecodeClusterPolicy, AnotherVersionIsAFaultAndTheFormerKindsArePassedOver) {
  const auto what = [](const std::string& version, const std::string& kind) {
    const Decoded decoded = decode("apiVersion: policy.networking.k8s.io/" + version + "\nkind: " + kind +
                                       "\nmetadata: {name: x}\nspec: {}\n",
                                   "f");
    return decoded.problems.empty() ? "warning: " + decoded.warnings.at(0).message
                                    : decoded.problems[0].message;
  };
  EXPECT_EQ(what("v1", "ClusterNetworkPolicy"),
            "\"policy.networking.k8s.io/v1\" is not known for ClusterNetworkPolicy: did you mean "
            "policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy?");
  EXPECT_EQ(what("v1alpha1", "AdminNetworkPolicy"),
            "warning: AdminNetworkPolicy x (policy.networking.k8s.io/v1alpha1) is passed over: it is not "
            "enforced: write "
            "it as policy.networking.k8s.io/v1alpha2 ClusterNetworkPolicy");
}

TEST(DecodeClusterPolicy, InForceSaysHowManyRulesClose) {
  const Decoded decoded =
      decode(policy(with("egress: [{action: Deny, to: [{}]}, {action: Deny, to: [{nodes: {}}]}]")), "f");
  ASSERT_EQ(decoded.closed.size(), 1u);
  EXPECT_EQ(decoded.closed[0].in_force,
            "meanwhile 1 of its 2 rules close: Accept accepts nothing, anything else denies everything");
}

}  // namespace
}  // namespace sluice::source::decode
