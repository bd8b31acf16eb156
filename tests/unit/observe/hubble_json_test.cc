// Records in the field names of Hubble's flow JSON.
#include <gtest/gtest.h>

#include "agent/observe/json.h"
#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

TEST(HubbleJson, OfWhatIsDenied) {
  EXPECT_EQ(
      hubble_json_of(denied_record()),
      R"({"flow":{"time":"2026-11-29T08:00:00.123456789Z","uuid":"1f-7","verdict":"DROPPED","drop_reason":133,)"
      R"("drop_reason_desc":"POLICY_DENIED","IP":{"source":"10.244.1.21","destination":"10.244.1.31",)"
      R"("ipVersion":"IPv4"},"l4":{"TCP":{"source_port":40122,"destination_port":8080,"flags":{"SYN":true}}},)"
      R"("source":{"namespace":"shop","pod_name":"web-1","workloads":[{"name":"web","kind":"Deployment"}]},)"
      R"("destination":{"namespace":"shop","pod_name":"api-1"},"Type":"L3_L4","node_name":"node-1",)"
      R"("traffic_direction":"INGRESS","is_reply":false,"ingress_denied_by":[{"name":"api-from-web",)"
      R"("namespace":"shop"},{"name":"default-deny","namespace":"shop"}],"Summary":"TCP Flags: SYN"},)"
      R"("node_name":"node-1","time":"2026-11-29T08:00:00.123456789Z"})");
}

TEST(HubbleJson, OfWhatIsAllowedAndAudited) {
  const std::string allowed = hubble_json_of(allowed_record());
  EXPECT_NE(allowed.find(R"("verdict":"FORWARDED")"), allowed.npos);
  EXPECT_EQ(allowed.find("drop_reason"), allowed.npos);
  EXPECT_NE(allowed.find(R"("destination_service":{"name":"api","namespace":"shop"})"), allowed.npos);
  EXPECT_NE(allowed.find(R"("egress_allowed_by":[{"name":"web","namespace":"shop"}])"), allowed.npos);
  FlowRecord audit = denied_record();
  audit.verdict = Verdict::kAudit;
  EXPECT_NE(hubble_json_of(audit).find(R"("verdict":"AUDIT")"), std::string::npos);
}

TEST(HubbleJson, APolicyOfTheCluster) {
  FlowRecord record = denied_record();
  record.isolated_by.clear();
  record.rule = "Admin/no-metadata:ingress[0]";
  EXPECT_NE(hubble_json_of(record).find(
                R"("ingress_denied_by":[{"name":"no-metadata","kind":"ClusterNetworkPolicy"}])"),
            std::string::npos);
}

TEST(HubbleJson, EachReasonThatDeniesHasAName) {
  for (uint32_t reason = SLUICE_FIRST_DENIED; reason < SLUICE_REASON_COUNT; ++reason) {
    flow::Record seen;
    seen.reason = reason;
    const auto none = [](const auto&) { return std::string(); };
    const std::string text = hubble_json_of(describe(seen, 0, {none, none, none}));
    EXPECT_NE(text.find("drop_reason_desc"), text.npos) << reason;
  }
}

TEST(HubbleJson, ThoseOutside) {
  FlowRecord record = denied_record();
  record.source = {};
  record.protocol = net::kIcmp;
  EXPECT_NE(hubble_json_of(record).find(R"("source":{"labels":["reserved:world"]})"), std::string::npos);
  record.source.node = "node-1";
  EXPECT_NE(hubble_json_of(record).find(R"("source":{"labels":["reserved:host"]})"), std::string::npos);
}

}  // namespace
}  // namespace sluice::observe
