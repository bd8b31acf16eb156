// From what the programs report to what an operator is told.
#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::observe {
namespace {

flow::Record seen() {
  flow::Record record;
  record.pod = "shop/api-1";
  record.local = *net::Ip::parse("10.244.1.31");
  record.remote = *net::Ip::parse("10.244.1.21");
  record.remote_pod = "shop/web-1";
  record.protocol = net::kTcp;
  record.local_port = net::Port::from_host(8080);
  record.remote_port = net::Port::from_host(40122);
  record.reason = SLUICE_DENIED_NO_RULE;
  record.tcp_flags = 2;
  return record;
}

Names names() {
  return {[](const model::ObjectName& pod) { return pod.name == "web-1" ? "deployment/web" : ""; },
          [](const net::Ip& ip) { return ip.to_text() == "10.96.0.10" ? "shop/api" : ""; },
          [](const net::Ip& ip) { return ip.to_text() == "10.0.0.1" ? "node-1" : ""; }};
}

TEST(Record, AnIngressPacketComesFromTheOtherEnd) {
  FlowRecord wanted = denied_record();
  wanted.id = wanted.node = "";
  wanted.isolated_by.clear();
  EXPECT_EQ(describe(seen(), wanted.time, names()), wanted);
}

TEST(Record, AnAnswerIsItsConnections) {
  flow::Record answer = seen();
  answer.direction = model::Direction::kEgress;
  answer.against = true;
  const FlowRecord record = describe(answer, 0, names());
  EXPECT_EQ(record.direction, model::Direction::kIngress);
  EXPECT_EQ(record.source.pod, "web-1");
  EXPECT_EQ(record.destination.port, net::Port::from_host(8080));
  EXPECT_EQ(record.judged().pod, "api-1");
}

TEST(Record, WhatIsNoPodIsAServiceOrANode) {
  flow::Record packet = seen();
  packet.direction = model::Direction::kEgress;
  packet.remote_pod = "";
  packet.remote = *net::Ip::parse("10.96.0.10");
  EXPECT_EQ(describe(packet, 0, names()).destination.service, "shop/api");
  packet.remote = *net::Ip::parse("10.0.0.1");
  EXPECT_EQ(describe(packet, 0, names()).destination.node, "node-1");
  packet.remote = *net::Ip::parse("192.0.2.1");
  EXPECT_EQ(describe(packet, 0, names()).destination.node, "");
}

TEST(Record, ItsVerdictIsTheReasonsUnlessItIsAudited) {
  flow::Record packet = seen();
  EXPECT_EQ(describe(packet, 0, names()).verdict, Verdict::kDenied);
  packet.audit = true;
  EXPECT_EQ(describe(packet, 0, names()).verdict, Verdict::kAudit);
  packet = seen();
  packet.reason = SLUICE_ALLOWED_POLICY;
  EXPECT_EQ(describe(packet, 0, names()).verdict, Verdict::kAllowed);
}

TEST(Record, APacketWithoutAddressesHasNone) {
  flow::Record packet = seen();
  packet.local.reset(), packet.remote.reset(), packet.local_port.reset(), packet.remote_port.reset();
  packet.remote_pod = "";
  const FlowRecord record = describe(packet, 0, names());
  EXPECT_FALSE(record.family);
  EXPECT_FALSE(record.source.ip);
  EXPECT_EQ(record.destination.pod, "api-1");
}

TEST(Record, Times) {
  EXPECT_EQ(rfc3339(denied_record().time, 3), "2026-11-29T08:00:00.123Z");
  EXPECT_EQ(rfc3339(denied_record().time, 9), "2026-11-29T08:00:00.123456789Z");
}

TEST(Record, Flags) {
  EXPECT_EQ(flags_text(0), "");
  EXPECT_EQ(flags_text(0x12), "SYN,ACK");
  EXPECT_EQ(flags_text(0xff), "FIN,SYN,RST,PSH,ACK,URG,ECE,CWR");
}

TEST(Record, MemoryIsAtLeastItsTexts) {
  FlowRecord record = denied_record();
  const size_t before = memory_of(record);
  EXPECT_GE(before, sizeof record);
  record.isolated_by.push_back(std::string(500, 'x'));
  EXPECT_GE(memory_of(record), before + 500);
}

}  // namespace
}  // namespace sluice::observe
