#include "agent/flow/record.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>

#include "agent/flow/reasons.h"

namespace sluice::flow {
namespace {

constexpr uint64_t kWeb = 42;

Names names() {
  return {[](uint64_t pod) { return pod == kWeb ? std::string("prod/web-1") : std::string(); },
          [](const net::Ip& ip) {
            return ip.to_text() == "10.0.0.9" ? std::string("prod/db-0") : std::string();
          }};
}

sluice_event tcp_event() {
  sluice_event event{};
  event.pod = kWeb;
  event.family = 4;
  event.protocol = 6;
  event.direction = SLUICE_INGRESS;
  event.reason = SLUICE_DENIED_NO_RULE;
  const uint8_t remote[] = {10, 0, 0, 9}, local[] = {10, 0, 0, 1};
  std::memcpy(event.remote, remote, 4);
  std::memcpy(event.local, local, 4);
  event.local_port = net::Port::from_host(8080).network();
  event.remote_port = net::Port::from_host(41000).network();
  event.ifindex = 7;
  return event;
}

// Every field that is there, and the port that a rule would have to name.
std::string line(const sluice_event& event) {
  const Record record = decode(event, names());
  std::string text = record.pod.empty() ? "ifindex=" + std::to_string(record.ifindex) : "pod=" + record.pod;
  const auto add = [&](const char* key, const std::string& value) {
    text += std::string(" ") + key + "=" + value;
  };
  add("direction", std::string(to_text(record.direction)));
  if (record.remote) add("remote", record.remote->to_text());
  if (!record.remote_pod.empty()) add("remote_pod", record.remote_pod);
  if (record.local) {
    add("local", record.local->to_text());
    add("protocol", record.protocol.to_text());
  }
  const bool ingress = record.judged_direction() == model::Direction::kIngress;
  if (const auto port = ingress ? record.local_port : record.remote_port)
    add("port", std::to_string(port->host()));
  add("reason", std::string(reason_label(record.reason)));
  if (record.audit) add("audit", "true");
  return text;
}

struct Row {
  const char* what;
  void (*change)(sluice_event&);
  const char* line;
};

class RecordLine : public ::testing::TestWithParam<Row> {};

TEST_P(RecordLine, ReadsAloud) {
  sluice_event event = tcp_event();
  GetParam().change(event);
  EXPECT_EQ(line(event), GetParam().line);
}

INSTANTIATE_TEST_SUITE_P(
    Flow, RecordLine,
    ::testing::Values(
        Row{"ingress", [](sluice_event&) {},
            "pod=prod/web-1 direction=ingress remote=10.0.0.9 remote_pod=prod/db-0 local=10.0.0.1 "
            "protocol=TCP "
            "port=8080 reason=no_rule"},
        Row{"egress", [](sluice_event& event) { event.direction = SLUICE_EGRESS; },
            "pod=prod/web-1 direction=egress remote=10.0.0.9 remote_pod=prod/db-0 local=10.0.0.1 "
            "protocol=TCP "
            "port=41000 reason=no_rule"},
        Row{"icmp", [](sluice_event& event) { event.protocol = 1; },
            "pod=prod/web-1 direction=ingress remote=10.0.0.9 remote_pod=prod/db-0 local=10.0.0.1 "
            "protocol=ICMP "
            "reason=no_rule"},
        Row{"ipv6",
            [](sluice_event& event) {
              event.family = 6;
              std::memset(event.remote, 0, 16);
              std::memset(event.local, 0, 16);
              event.remote[15] = 1;
              event.local[15] = 2;
            },
            "pod=prod/web-1 direction=ingress remote=::1 local=::2 protocol=TCP port=8080 reason=no_rule"},
        Row{"unreadable",
            [](sluice_event& event) {
              event.family = 0;
              event.reason = SLUICE_DENIED_NOT_IP;
            },
            "pod=prod/web-1 direction=ingress reason=not_ip"},
        Row{"unknown pod", [](sluice_event& event) { event.pod = 5, event.family = 0; },
            "pod=#5 direction=ingress reason=no_rule"},
        Row{"no pod", [](sluice_event& event) { event.pod = 0, event.family = 0; },
            "ifindex=7 direction=ingress reason=no_rule"},
        Row{"audit", [](sluice_event& event) { event.audit = 1, event.family = 0; },
            "pod=prod/web-1 direction=ingress reason=no_rule audit=true"},
        Row{"no such reason", [](sluice_event& event) { event.reason = 200, event.family = 0; },
            "pod=prod/web-1 direction=ingress reason=unknown"}),
    [](const auto& row) {
      std::string name = row.param.what;
      for (char& c : name)
        if (c == ' ') c = '_';
      return name;
    });

TEST(Reasons, EveryOneHasALabelOfItsOwnAndAText) {
  std::set<std::string_view> labels;
  for (uint32_t reason = 0; reason < SLUICE_REASON_COUNT; ++reason) {
    EXPECT_TRUE(labels.insert(reason_label(reason)).second) << reason_label(reason);
    EXPECT_FALSE(reason_text(reason).empty());
  }
}

}  // namespace
}  // namespace sluice::flow
