// Records and filters, there and back.
#include "agent/stream/convert.h"

#include <gtest/gtest.h>

#include "tests/unit/observe/flow_record.h"

namespace sluice::stream {
namespace {

TEST(Convert, ARecordComesBackAsItWas) {
  observe::FlowRecord bare;
  bare.protocol = net::kIcmpv6;
  bare.verdict = observe::Verdict::kAudit;
  observe::FlowRecord counted = observe::denied_record();
  counted.count = 70, counted.lost = 3, counted.no_name_learnt = true;
  counted.destination.node = "node-1";
  for (const auto& record : {observe::denied_record(), observe::allowed_record(), bare, counted})
    EXPECT_EQ(decode(encode(record)), record);
}

TEST(Convert, WhatMakesNoSenseInARecordIsLeftOut) {
  v1::Flow flow;
  flow.set_verdict("maybe");
  flow.set_family("IPv5");
  flow.mutable_source()->set_ip("here");
  flow.mutable_source()->set_port(70000);
  const auto record = decode(flow);
  EXPECT_FALSE(record.family || record.source.ip || record.source.port);
}

TEST(Convert, AFilter) {
  v1::FlowFilter filter;
  filter.add_namespaces("shop");
  filter.add_from("shop/web-1");
  filter.add_ports(8080);
  filter.add_protocols("TCP");
  filter.add_directions("ingress");
  filter.add_verdicts("denied");
  filter.add_policies("shop/default-deny");
  const auto wanted = decode(filter);
  ASSERT_TRUE(wanted) << wanted.error().message();
  const auto nobody = [](const model::ObjectName&) -> const model::Labels* { return nullptr; };
  EXPECT_TRUE(wanted->matches(observe::denied_record(), nobody));
  EXPECT_FALSE(wanted->matches(observe::allowed_record(), nobody));
  filter.add_labels("app=web,tier");
  EXPECT_EQ(decode(filter)->labels.size(), 2u);
}

TEST(Convert, WhatAFilterCannotMeanIsNamed) {
  using Filter = v1::FlowFilter;
  struct Row {
    void (*change)(Filter&);
    const char* error;
  };
  const Row rows[] = {
      {[](Filter& f) { f.add_ports(70000); }, "--port: "},
      {[](Filter& f) { f.add_protocols("HTTP"); }, "--protocol: "},
      {[](Filter& f) { f.add_directions("up"); }, "--direction: \"up\": give ingress or egress"},
      {[](Filter& f) { f.add_verdicts("maybe"); }, "--verdict: \"maybe\": give allowed, denied or audit"},
      {[](Filter& f) { f.add_policies("x"); }, "--policy: \"x\" is no policy: give NAMESPACE/NAME"},
      {[](Filter& f) { f.add_labels("=x"); }, "--label: "},
      {[](Filter& f) { f.add_either("x"); }, "--pod: \"x\" is nobody"},
      {[](Filter& f) {
         for (int i = 0; i < 300; ++i) f.add_namespaces("a");
       },
       "--namespace: is given 300 times"},
  };
  for (const Row& row : rows) {
    Filter filter;
    row.change(filter);
    const auto decoded = decode(filter);
    ASSERT_FALSE(decoded) << row.error;
    EXPECT_TRUE(decoded.error().message().starts_with(row.error)) << decoded.error().message();
  }
}

}  // namespace
}  // namespace sluice::stream
