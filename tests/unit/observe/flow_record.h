// A record as an agent makes one, for tests.
#pragma once

#include "agent/observe/record.h"

namespace sluice::observe {

inline FlowRecord denied_record() {
  FlowRecord record;
  record.id = "1f-7";
  record.time = 1'795'939'200'123'456'789;  // 2026-11-29T08:00:00.123456789Z
  record.node = "node-1";
  record.reason = "no_rule";
  record.family = net::Family::kIpv4;
  record.protocol = net::kTcp;
  record.tcp_flags = 2;
  record.source.ip = *net::Ip::parse("10.244.1.21");
  record.source.port = net::Port::from_host(40122);
  record.source.ns = "shop";
  record.source.pod = "web-1";
  record.source.workload = "deployment/web";
  record.destination.ip = *net::Ip::parse("10.244.1.31");
  record.destination.port = net::Port::from_host(8080);
  record.destination.ns = "shop";
  record.destination.pod = "api-1";
  record.isolated_by = {"shop/api-from-web", "shop/default-deny"};
  return record;
}

// That a rule allowed, to a Service.
inline FlowRecord allowed_record() {
  FlowRecord record = denied_record();
  record.verdict = Verdict::kAllowed;
  record.reason = "policy";
  record.direction = model::Direction::kEgress;
  record.destination = {};
  record.destination.ip = *net::Ip::parse("10.96.0.10");
  record.destination.port = net::Port::from_host(80);
  record.destination.service = "shop/api";
  record.rule = "shop/web:egress[0]";
  record.isolated_by.clear();
  return record;
}

}  // namespace sluice::observe
