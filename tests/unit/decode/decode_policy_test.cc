// NetworkPolicy: rows of a spec and what it means, printed; and rows of what is refused, with the whole
// message.
#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"
#include "agent/source/decode/field.h"

namespace sluice::source::decode {
namespace {

std::string print(const model::LabelSelector& selector) {
  std::string text;
  for (const auto& r : selector.requirements) {
    static constexpr const char* kNames[] = {"in", "notin", "exists", "absent"};
    text += (text.empty() ? "" : " & ") + r.key + " " + kNames[static_cast<size_t>(r.op)];
    for (const auto& value : r.values) text += " " + (value.empty() ? "''" : value);
  }
  return "(" + text + ")";
}

std::string print(const model::Peer& peer) {
  if (const auto* block = std::get_if<model::IpBlock>(&peer)) {
    std::string text = block->cidr.to_text();
    for (const auto& except : block->except) text += "-" + except.to_text();
    return text;
  }
  const auto& selectors = std::get<model::SelectorPeer>(peer);
  std::string text;
  if (selectors.pod_selector) text += "pods" + print(*selectors.pod_selector);
  if (selectors.namespace_selector) text += "ns" + print(*selectors.namespace_selector);
  return text;
}

std::string print(const model::PolicyPort& port) {
  std::string text = port.protocol.to_text();
  if (const auto* range = std::get_if<net::PortRange>(&port.port))
    text += ":" + std::to_string(range->first.host()) + "-" + std::to_string(range->last.host());
  if (const auto* name = std::get_if<std::string>(&port.port)) text += ":" + *name;
  return text;
}

std::string print(const model::Rule& rule);

template <typename List>
std::string join(const List& list) {
  std::string text;
  for (const auto& item : list) text += (text.empty() ? "" : ",") + print(item);
  return text;
}

std::string print(const model::Rule& rule) {
  return "{" + join(rule.peers) + " " + join(rule.ports) + "}";
}

std::string print(const model::NetworkPolicy& policy) {
  return policy.name.to_text() + " " + print(policy.pod_selector) + (policy.isolates_ingress ? " I" : " -") +
         (policy.isolates_egress ? "E" : "-") + " in[" + join(policy.ingress) + "] out[" +
         join(policy.egress) + "]";
}

std::string policy(const std::string& spec) {
  return R"({"apiVersion":"networking.k8s.io/v1","kind":"NetworkPolicy","metadata":{"name":"web","namespace":"prod"})" +
         (spec.empty() ? "" : "," + spec) + "}";
}

std::string read(const std::string& spec) {
  Decoded decoded = decode(policy(spec), "f.yaml");
  if (!decoded.problems.empty()) return decoded.problems[0].to_text();
  if (decoded.objects.size() != 1) return "no object";
  return print(std::get<model::NetworkPolicy>(decoded.objects[0].object));
}

struct Row {
  const char* spec;
  const char* expected;
};

TEST(DecodePolicy, AbsentAndEmptyMeanWhatTheApiSays) {
  const Row rows[] = {
      {"", "prod/web () I- in[] out[]"},
      {"spec: null", "prod/web () I- in[] out[]"},
      {"spec: {}", "prod/web () I- in[] out[]"},
      {"spec: {podSelector: null}", "prod/web () I- in[] out[]"},
      {"spec: {podSelector: {}, policyTypes: []}", "prod/web () I- in[] out[]"},
      {"spec: {egress: []}", "prod/web () I- in[] out[]"},
      {"spec: {egress: [{}]}", "prod/web () IE in[] out[{ }]"},
      {"spec: {policyTypes: [Egress], ingress: [{}]}", "prod/web () -E in[{ }] out[]"},
      {"spec: {policyTypes: [Ingress], egress: [{}]}", "prod/web () I- in[] out[{ }]"},
      {"spec: {policyTypes: [Egress, Ingress]}", "prod/web () IE in[] out[]"},
      {"spec: {ingress: [{from: [], ports: []}]}", "prod/web () I- in[{ }] out[]"},
      {"spec: {ingress: [{from: null, ports: null}]}", "prod/web () I- in[{ }] out[]"},
      {"spec: {ingress: [{from: [{podSelector: {}}]}]}", "prod/web () I- in[{pods() }] out[]"},
      {"spec: {ingress: [{from: [{namespaceSelector: {}}]}]}", "prod/web () I- in[{ns() }] out[]"},
      {"spec: {ingress: [{from: [{namespaceSelector: {}, podSelector: {matchLabels: {a: b}}}]}]}",
       "prod/web () I- in[{pods(a in b)ns() }] out[]"},
      {"spec: {ingress: [{from: [{namespaceSelector: null, podSelector: {}}]}]}",
       "prod/web () I- in[{pods() }] out[]"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.spec), row.expected) << row.spec;
}

TEST(DecodePolicy, SelectorsPeersAndPorts) {
  const Row rows[] = {
      {"spec: {podSelector: {matchLabels: {b: '2', a: x}, matchExpressions: [{key: c, operator: Exists}]}}",
       "prod/web (a in x & b in 2 & c exists) I- in[] out[]"},
      {"spec: {podSelector: {matchExpressions: [{key: a, operator: In, values: [z, x, z]}, {key: b, "
       "operator: NotIn, "
       "values: ['']}, {key: c, operator: DoesNotExist, values: []}]}}",
       "prod/web (a in x z & b notin '' & c absent) I- in[] out[]"},
      {"spec: {egress: [{to: [{ipBlock: {cidr: 10.1.2.3/8, except: [10.2.0.0/16, 10.1.0.0/16]}}]}]}",
       "prod/web () IE in[] out[{10.0.0.0/8-10.1.0.0/16-10.2.0.0/16 }]"},
      {"spec: {egress: [{to: [{ipBlock: {cidr: '::/0', except: ['fd00::/8']}}]}]}",
       "prod/web () IE in[] out[{::/0-fd00::/8 }]"},
      {"spec: {ingress: [{ports: [{}]}]}", "prod/web () I- in[{ TCP}] out[]"},
      {"spec: {ingress: [{ports: [{protocol: UDP}]}]}", "prod/web () I- in[{ UDP}] out[]"},
      {"spec: {ingress: [{ports: [{port: 80}]}]}", "prod/web () I- in[{ TCP:80-80}] out[]"},
      {"spec: {ingress: [{ports: [{port: 0x50}]}]}", "prod/web () I- in[{ TCP:80-80}] out[]"},
      {"spec: {ingress: [{ports: [{port: 80, endPort: 80}]}]}", "prod/web () I- in[{ TCP:80-80}] out[]"},
      {"spec: {ingress: [{ports: [{protocol: SCTP, port: 1, endPort: 65535}]}]}",
       "prod/web () I- in[{ SCTP:1-65535}] out[]"},
      {"spec: {ingress: [{ports: [{port: http}, {port: 'p-8080'}]}]}",
       "prod/web () I- in[{ TCP:http,TCP:p-8080}] out[]"},
  };
  for (const Row& row : rows) EXPECT_EQ(read(row.spec), row.expected) << row.spec;
}

TEST(DecodePolicy, WhatIsRefusedSaysWhere) {
  const Row rows[] = {
      {"spec: {ingress: [{}, {from: [{podSelector: {}}, {ipBlock: {cidr: 10.0.0.0}}]}]}",
       "spec.ingress[1].from[1].ipBlock.cidr: \"10.0.0.0\" is not a CIDR: write ADDRESS/LENGTH, e.g. "
       "10.0.0.0/8"},
      {"spec: {ingress: [{from: [{}]}]}",
       "spec.ingress[0].from[0]: has no peer: write podSelector, namespaceSelector or ipBlock"},
      {"spec: {ingress: [{from: [{podSelector: null}]}]}",
       "spec.ingress[0].from[0]: has no peer: write podSelector, namespaceSelector or ipBlock"},
      {"spec: {ingress: [{from: [{podSelector: {}, ipBlock: {cidr: 0.0.0.0/0}}]}]}",
       "spec.ingress[0].from[0]: has both ipBlock and a selector: write them as two peers, or leave one out"},
      {"spec: {ingress: [{from: [{podSelecter: {}}]}]}",
       "spec.ingress[0].from[0]: unknown field \"podSelecter\": did you mean podSelector?"},
      {"spec: {ingress: [{form: [{podSelector: {}}]}]}",
       "spec.ingress[0]: unknown field \"form\": did you mean from?"},
      {"spec: {ingress: [{to: [{podSelector: {}}]}]}",
       "spec.ingress[0]: unknown field \"to\": known here are from, ports"},
      {"spec: {ingres: []}", "spec: unknown field \"ingres\": did you mean ingress?"},
      {"spce: {}", "unknown field \"spce\": did you mean spec?"},
      {"spec: {podSelector: {app: web}}",
       "spec.podSelector: unknown field \"app\": known here are matchLabels, matchExpressions"},
      {"spec: {podSelector: []}", "spec.podSelector: is a list where a map is due"},
      {"spec: {podSelector: web}", "spec.podSelector: is a value where a map is due"},
      {"spec: {ingress: {from: []}}", "spec.ingress: is a map where a list is due"},
      {"spec: {ingress: [null]}", "spec.ingress[0]: is empty: write a value, or {} for one without fields"},
      {"spec: {podSelector: {matchLabels: {v: 1}}}",
       "spec.podSelector.matchLabels[\"v\"]: 1 is a number where text is due: write \"1\""},
      {"spec: {podSelector: {matchLabels: {'a b': x}}}",
       "spec.podSelector.matchLabels[\"a b\"]: \"a b\" is not a label key: use letters, digits, and - _ . "
       "inside, at "
       "most 63 characters after an optional DNS-NAME/"},
      {"spec: {podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}",
       "spec.podSelector.matchExpressions[0].operator: \"in\" is not an operator: use In, NotIn, Exists or "
       "DoesNotExist"},
      {"spec: {podSelector: {matchExpressions: [{key: a, operator: NotIn}]}}",
       "spec.podSelector.matchExpressions[0].values: is empty: In and NotIn need at least one value"},
      {"spec: {podSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}",
       "spec.podSelector.matchExpressions[0].values: must be absent: Exists and DoesNotExist take no values"},
      {"spec: {podSelector: {matchExpressions: [{operator: Exists}]}}",
       "spec.podSelector.matchExpressions[0].key: is missing"},
      {"spec: {policyTypes: [ingress]}",
       "spec.policyTypes[0]: \"ingress\" is not a policy type: use Ingress or Egress"},
      {"spec: {policyTypes: [Ingress, Egress, Egress]}",
       "spec.policyTypes[2]: is one too many: there are two policy types"},
      {"spec: {policyTypes: Ingress}", "spec.policyTypes: is a value where a list is due"},
      {"spec: {ingress: [{ports: [{port: 0}]}]}",
       "spec.ingress[0].ports[0].port: port 0 is not between 1 and 65535"},
      {"spec: {ingress: [{ports: [{port: 65536}]}]}",
       "spec.ingress[0].ports[0].port: port 65536 is not between 1 and 65535"},
      {"spec: {ingress: [{ports: [{port: 080}]}]}",
       "spec.ingress[0].ports[0].port: \"080\" is not a whole number: write decimal digits without leading "
       "zeros"},
      {"spec: {ingress: [{ports: [{port: '80'}]}]}",
       "spec.ingress[0].ports[0].port: \"80\" is a string, so it names a port, and a name needs a letter: "
       "write the "
       "number without quotes"},
      {"spec: {ingress: [{ports: [{port: TooLongANameForAPort}]}]}",
       "spec.ingress[0].ports[0].port: \"TooLongANameForAPort\" is not a port name: use a-z, 0-9 and single "
       "- inside, "
       "at least one letter, at most 15 characters"},
      {"spec: {ingress: [{ports: [{port: 90, endPort: 80}]}]}",
       "spec.ingress[0].ports[0].endPort: 80 is less than port 90"},
      {"spec: {ingress: [{ports: [{port: http, endPort: 80}]}]}",
       "spec.ingress[0].ports[0].endPort: needs a number as port: a named port has no range"},
      {"spec: {ingress: [{ports: [{endPort: 80}]}]}",
       "spec.ingress[0].ports[0].endPort: needs port: write port, the first of the range, as well"},
      {"spec: {ingress: [{ports: [{protocol: tcp}]}]}",
       "spec.ingress[0].ports[0].protocol: \"tcp\" is not a protocol: use TCP, UDP or SCTP"},
      {"spec: {egress: [{to: [{ipBlock: {}}]}]}", "spec.egress[0].to[0].ipBlock.cidr: is missing"},
      {"spec: {egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]}",
       "spec.egress[0].to[0].ipBlock.except[0]: 11.0.0.0/16 is not a part of 10.0.0.0/8: an exception must "
       "lie inside "
       "its cidr and be smaller"},
      {"spec: {egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: ['fd00::/16']}}]}]}",
       "spec.egress[0].to[0].ipBlock.except[0]: fd00::/16 is not a part of 10.0.0.0/8: an exception must lie "
       "inside "
       "its cidr and be smaller"},
  };
  for (const Row& row : rows)
    EXPECT_EQ(read(row.spec), "f.yaml: document 1: NetworkPolicy prod/web: " + std::string(row.expected))
        << row.spec;
}

// What holds of a policy with a fault, and what is said of it.
std::string closed(const std::string& spec) {
  const Decoded decoded = decode(policy(spec), "f.yaml");
  if (decoded.problems.size() != 1 || !decoded.objects.empty()) return "no problem";
  if (decoded.closed.size() != 1) return "open";
  return print(std::get<model::NetworkPolicy>(decoded.closed[0].policy)) + "; " + decoded.closed[0].in_force;
}

TEST(DecodePolicy, WhatIsRefusedIsolatesAllTheSame) {
  const std::string all =
      "prod/web () IE in[] out[]; meanwhile it isolates every pod of namespace prod for ingress and egress "
      "and "
      "allows nothing";
  const std::string rules =
      "; meanwhile it isolates all the same, and rules that cannot be read allow nothing";
  struct ClosedRow {
    const char* what;
    const char* spec;
    std::string expected;
  };
  const ClosedRow rows[] = {
      {"a rule of three",
       "spec: {podSelector: {matchLabels: {a: b}}, ingress: [{from: [{podSelector: {}}]}, {from: "
       "[{podSelector: "
       "{}}, {ipBlock: {cidr: 10.0.0/8}}]}, {ports: [{port: 1}]}]}",
       "prod/web (a in b) I- in[{pods() },{ TCP:1-1}] out[]" + rules},
      {"a prefix length that is none", "spec: {ingress: [{from: [{ipBlock: {cidr: 10.0.0.0/33}}]}]}",
       "prod/web () I- in[] out[]" + rules},
      {"a field of a rule that is not known", "spec: {ingress: [{from: [], audit: true}]}",
       "prod/web () I- in[] out[]" + rules},
      {"a field of a peer that is not known", "spec: {egress: [{}, {to: [{podSelector: {}, node: x}]}]}",
       "prod/web () IE in[] out[{ }]" + rules},
      {"the only egress rule is one all the same", "spec: {egress: [{ports: [{protocol: QUIC}]}]}",
       "prod/web () IE in[] out[]" + rules},
      {"egress rules that are no list may be one", "spec: {egress: {to: []}}",
       "prod/web () IE in[] out[]" + rules},
      {"a label value of a peer's selector",
       "spec: {policyTypes: [Egress], egress: [{to: [{podSelector: {matchExpressions: [{key: a, operator: "
       "In, "
       "values: ['-']}]}}]}]}",
       "prod/web () -E in[] out[]" + rules},
      {"the pod selector",
       "spec: {policyTypes: [Egress], podSelector: {matchLabels: {a: '-'}}, egress: [{}]}",
       "prod/web () -E in[] out[]; meanwhile it isolates every pod of namespace prod for egress and allows "
       "nothing"},
      {"a field of the pod selector that is not known",
       "spec: {podSelector: {matchLabels: {a: b}, matchFields: []}, ingress: [{}]}",
       "prod/web () I- in[] out[]; meanwhile it isolates every pod of namespace prod for ingress and allows "
       "nothing"},
      {"a policy type that is not known",
       "spec: {podSelector: {matchLabels: {a: b}}, policyTypes: [Ingress, Forward], ingress: [{}]}",
       "prod/web (a in b) IE in[] out[]; meanwhile it isolates the pods that it selects for ingress and "
       "egress "
       "and allows nothing"},
      {"a field beside them all that is not known",
       "spec: {podSelector: {matchLabels: {a: b}}, priority: 7, ingress: [{}]}", all},
      {"no spec that can be read", "spec: []", all},
  };
  for (const ClosedRow& row : rows) EXPECT_EQ(closed(row.spec), row.expected) << row.what;
  EXPECT_EQ(closed(""), "no problem");
}

TEST(DecodePolicy, OfAnotherVersionNothingIsKnown) {
  const Decoded decoded = decode(
      R"({"apiVersion":"networking.k8s.io/v2","kind":"NetworkPolicy","metadata":{"name":"web","namespace":"prod"},)"
      R"("spec":{"podSelector":{"matchLabels":{"a":"b"}},"ingress":[{}]}})",
      "f");
  ASSERT_EQ(decoded.closed.size(), 1u);
  EXPECT_EQ(print(std::get<model::NetworkPolicy>(decoded.closed[0].policy)), "prod/web () IE in[] out[]");
}

TEST(DecodePolicy, HostBitsAreClearedWithAWarning) {
  Decoded decoded = decode(policy("spec: {ingress: [{from: [{ipBlock: {cidr: 10.1.2.3/8}}]}]}"), "f.yaml");
  ASSERT_EQ(decoded.warnings.size(), 1u);
  EXPECT_EQ(
      decoded.warnings[0].to_text(),
      "f.yaml: document 1: NetworkPolicy prod/web: spec.ingress[0].from[0].ipBlock.cidr: \"10.1.2.3/8\" has "
      "host bits and is read as 10.0.0.0/8");
  EXPECT_TRUE(
      decode(policy("spec: {ingress: [{from: [{ipBlock: {cidr: 'fd00:0::/16'}}]}]}"), "f").warnings.empty());
}

TEST(DecodePolicy, TheWarningsOfOneAreFew) {
  std::string rules;
  for (int i = 0; i < 1000; ++i)
    rules += std::string(i == 0 ? "" : ",") +
             "{from: [{ipBlock: {cidr: 1.1.1.1/8}}, {ipBlock: {cidr: 2.1.1.1/8}}]}";
  const Decoded decoded = decode(policy("spec: {ingress: [" + rules + "]}"), "f");
  ASSERT_EQ(decoded.objects.size(), 1u);
  ASSERT_EQ(decoded.warnings.size(), kMostWarnings + 1);
  EXPECT_EQ(decoded.warnings.back().to_text(),
            "f: document 1: NetworkPolicy prod/web: and 1980 warnings more");
}

}  // namespace
}  // namespace sluice::source::decode
