#include <gtest/gtest.h>

#include "agent/source/decode/decode.h"

namespace sluice::source::decode {
namespace {

constexpr char kPolicy[] = R"(# a comment
apiVersion: v1
kind: List
items:
- apiVersion: networking.k8s.io/v1
  kind: NetworkPolicy
  metadata:
    name: web
    namespace: shop
    annotations:
      sluice.dev/lint-ignore: "cidr-host-bits: as the firewall has it"
  spec:
    podSelector:
      matchLabels:
        app: web
    ingress:
    - from:
      - podSelector: {}
      - ipBlock:
          cidr:
            10.1.2.3/8
          except: [10.1.0.0/16, 010.2.0.1/16]
      ports: []
    egress:
)";

TEST(DecodeWritten, LinesAreThoseOfTheKeysAndHostBitsAreKept) {
  const Decoded decoded = decode(kPolicy, "f", Wanted::kAsWritten);
  ASSERT_EQ(decoded.written.size(), 1u);
  const WrittenObject& written = decoded.written[0];
  EXPECT_EQ(written.kind + " " + written.name.to_text(), "NetworkPolicy shop/web");
  EXPECT_EQ(written.place, (Place{"f", 1, 5}));
  EXPECT_EQ(written.lint_ignore, "cidr-host-bits: as the firewall has it");
  EXPECT_EQ(written.lines.at("spec.podSelector"), 13u);
  EXPECT_EQ(written.lines.at("spec.ingress[0]"), 17u);
  EXPECT_EQ(written.lines.at("spec.ingress[0].from"), 17u);
  EXPECT_EQ(written.lines.at("spec.ingress[0].from[1]"), 19u);
  EXPECT_EQ(written.lines.at("spec.ingress[0].from[1].ipBlock.cidr"), 20u);
  EXPECT_EQ(written.lines.at("spec.ingress[0].ports"), 23u);
  EXPECT_FALSE(written.lines.contains("spec.egress")) << "null is absent";
  ASSERT_EQ(written.host_bits.size(), 2u);
  EXPECT_EQ(written.host_bits[0].field, "spec.ingress[0].from[1].ipBlock.cidr");
  EXPECT_EQ(written.host_bits[1].field, "spec.ingress[0].from[1].ipBlock.except[1]");
  EXPECT_EQ(written.host_bits[1].written + " " + written.host_bits[1].read, "010.2.0.1/16 10.2.0.0/16");
}

TEST(DecodeWritten, OnlyWhereItIsWanted) {
  EXPECT_TRUE(decode(kPolicy, "f", Wanted::kWorkloadsToo).written.empty());
  EXPECT_TRUE(decode(kPolicy, "f").written.empty());
}

TEST(DecodeWritten, WorkloadsAndPoliciesOfOthers) {
  const Decoded decoded = decode(
      "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}\n---\n"
      "{apiVersion: cilium.io/v2, kind: CiliumNetworkPolicy, metadata: {name: x, namespace: shop}}\n---\n"
      "{apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n",
      "f", Wanted::kAsWritten);
  ASSERT_EQ(decoded.written.size(), 2u);
  EXPECT_EQ(decoded.written[0].name.to_text(), "default/web");
  EXPECT_EQ(decoded.written[1].api_version + " " + decoded.written[1].kind,
            "cilium.io/v2 CiliumNetworkPolicy");
}

TEST(DecodeWritten, ATemplateIsToldFromOtherFaultsWithItsLine) {
  struct Row {
    const char* text;
    bool not_rendered;
    uint32_t line;
  };
  const Row rows[] = {
      {"apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n", true, 4},
      {"apiVersion: v1\nkind: Pod\nmetadata:\n  name: \"{{ .Values.name }}\"\n", true, 4},
      {"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    metadata:\n"
       "      labels:\n        app: ${NAME}\n",
       true, 8},
      {"apiVersion: v1\nkind: Pod\nmetadata:\n  name: A\n", false, 1},
      {"apiVersion: v1\nkind: [\n", false, 3},
  };
  for (const Row& row : rows) {
    const Decoded decoded = decode(row.text, "f", Wanted::kAsWritten);
    ASSERT_EQ(decoded.problems.size(), 1u) << row.text;
    EXPECT_EQ(decoded.problems[0].not_rendered, row.not_rendered) << row.text;
    EXPECT_EQ(decoded.problems[0].place.line, row.line) << row.text;
  }
}

}  // namespace
}  // namespace sluice::source::decode
