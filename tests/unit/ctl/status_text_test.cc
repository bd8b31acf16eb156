#include "agent/apps/ctl/status_text.h"

#include <gmock/gmock.h>

namespace sluice::apps::ctl {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::StatusReply healthy() {
  v1::StatusReply status;
  status.set_version("0.1.0");
  status.set_node("node-1");
  status.set_mode("enforce");
  status.set_default_verdict("strict");
  status.set_attach("tcx");
  status.set_source("manifests /m");
  status.set_uptime_seconds(7300);
  status.set_started(true);
  status.set_ready(true);
  status.set_epoch(4);
  auto* pods = status.add_objects();
  pods->set_name("Pod");
  pods->set_count(12);
  status.mutable_last_change()->set_unix_milliseconds(1'000'000);
  status.mutable_last_change()->set_what("1 object");
  status.mutable_last_change()->set_entries(3);
  status.mutable_last_change()->set_seconds(0.0042);
  return status;
}

TEST(StatusText, AtOneGlance) {
  const std::string text = status_text(healthy(), 1'005'000, false);
  EXPECT_THAT(text, HasSubstr("sluiced     0.1.0 on node-1, up 2 h\n"));
  EXPECT_THAT(text, HasSubstr("state       in force, epoch 4\n"));
  EXPECT_THAT(text, HasSubstr("mode        enforce, unknown pods closed, attached by tcx\n"));
  EXPECT_THAT(text, HasSubstr("objects     12 Pod\n"));
  EXPECT_THAT(text, HasSubstr("5 s ago: 1 object; 3 entries, 0 writes in 4.2 ms\n"));
  EXPECT_THAT(text, Not(HasSubstr("problems")));
}

TEST(StatusText, HoursAndWhatComesNext) {
  auto status = healthy();
  EXPECT_THAT(status_text(status, 1'005'000, false), Not(HasSubstr("hours")));
  auto& hours = *status.mutable_hours();
  hours.set_policies(3);
  hours.set_outside(1);
  hours.add_sample("NetworkPolicy shop/nights");
  EXPECT_THAT(status_text(status, 1'005'000, false),
              HasSubstr("hours       1 of 3 policies outside them (NetworkPolicy shop/nights)\n"));
  hours.set_next_policy("ClusterNetworkPolicy days");
  hours.set_next_unix_seconds(1005 + 600);
  hours.add_unread("NetworkPolicy shop/odd: sluice.dev/active: is empty");
  hours.set_clock_problem("no timer");
  EXPECT_THAT(status_text(status, 1'005'000, false),
              HasSubstr("(NetworkPolicy shop/nights); next: ClusterNetworkPolicy days ends in 10 min, at "
                        "1970-01-01T00:26:45Z\nalways on   NetworkPolicy shop/odd: sluice.dev/active: is "
                        "empty\nclock       no timer\n"));
  hours.set_next_begins(true);
  EXPECT_THAT(status_text(status, 1'005'000, false), HasSubstr("days begins in 10 min"));
}

TEST(PoliciesText, HoursWhereThereAreAny) {
  v1::PoliciesReply reply;
  auto* always = reply.add_policies();
  always->set_namespace_("shop");
  always->set_name("api");
  always->set_ingress(true);
  EXPECT_THAT(policies_text(reply, false), Not(HasSubstr("HOURS")));
  auto* nights = reply.add_policies();
  *nights = *always;
  nights->set_name("nights");
  nights->set_active("22:00-06:00");
  nights->set_outside_hours(true);
  nights->set_until_unix_seconds(79200);
  EXPECT_EQ(policies_text(reply, false),
            "POLICY       INGRESS  EGRESS  PODS HERE  HOURS\n"
            "shop/api     0 rules  -                  -\n"
            "shop/nights  0 rules  -                  outside its hours until 1970-01-01T22:00:00Z\n");
}

TEST(StatusText, AFailureIsLoud) {
  auto status = healthy();
  status.set_last_error("map rules is full");
  status.add_problems("x.yaml: document 2: no object");
  const std::string text = status_text(status, 1'005'000, false);
  EXPECT_THAT(text, HasSubstr("FAILING"));
  EXPECT_THAT(text, HasSubstr("error       map rules is full\n"));
  EXPECT_THAT(text, HasSubstr("problems    x.yaml: document 2: no object\n"));
}

TEST(StatusText, NotReadyIsLoudAndSaysWhy) {
  auto status = healthy();
  status.set_ready(false);
  status.set_not_ready("--netns-dir /x: does not exist");
  const std::string text = status_text(status, 1'005'000, false);
  EXPECT_THAT(
      text, HasSubstr("state       in force, NOT READY: pods may be here that are not protected, epoch 4\n"));
  EXPECT_THAT(text, HasSubstr("not ready   --netns-dir /x: does not exist\n"));
}

TEST(StatusText, TheFlowTables) {
  auto status = healthy();
  EXPECT_THAT(status_text(status, 1'005'000, false), Not(HasSubstr("flows "))) << "they could not be read";
  auto* ipv4 = status.mutable_flows()->add_tables();
  ipv4->set_family("IPv4");
  ipv4->set_limit(262'144);
  auto* ipv6 = status.mutable_flows()->add_tables();
  ipv6->set_family("IPv6");
  ipv6->set_limit(131'072);
  EXPECT_THAT(status_text(status, 1'005'000, false),
              HasSubstr("flows       0 of 262,144 IPv4, 0 of 131,072 IPv6; 0 displaced, 0 refused\n"));
  ipv4->set_answered(1'200);
  ipv4->set_unanswered(34);
  ipv4->set_idle(99);
  ipv4->set_oldest_seconds(60);
  ipv6->set_answered(12);
  ipv6->set_oldest_seconds(10'900);
  status.mutable_flows()->set_displaced_answered(1);
  status.mutable_flows()->set_displaced_unanswered(1'234'566);
  status.mutable_flows()->set_refused(100);
  EXPECT_THAT(status_text(status, 1'005'000, false),
              HasSubstr("flows       1,234 of 262,144 IPv4, 12 of 131,072 IPv6; oldest silent for 3 h; "
                        "1,234,567 displaced, 100 refused\n"));
}

TEST(StatusText, WhatIsLearntAndItsLimits) {
  auto status = healthy();
  EXPECT_THAT(status_text(status, 1'005'000, false), Not(HasSubstr("names ")));
  v1::NameFacts& names = *status.mutable_names();
  names.set_wanted(true);
  names.set_held(true);
  names.set_names(2);
  names.set_addresses(1'200);
  EXPECT_THAT(status_text(status, 1'005'000, false),
              HasSubstr("names       2 with 1,200 addresses, answers are held; believed nobody; "))
      << "of an agent that says no limits";
  names.set_most_addresses(64'000);
  names.set_most_addresses_of_name(1'000);
  EXPECT_THAT(
      status_text(status, 1'005'000, false),
      HasSubstr("names       2 with 1,200 addresses of at most 64,000, 1,000 a name, answers are held; "));
  v1::NamesReply reply;
  *reply.mutable_facts() = names;
  EXPECT_EQ(names_text(reply, false), "No name is learnt.\n");
  v1::LearntName& name = *reply.add_names();
  name.set_name("www.example.com");
  name.add_addresses()->set_address("203.0.113.9");
  EXPECT_THAT(names_text(reply, false), HasSubstr("\n1,200 addresses of at most 64,000, 1,000 a name.\n"));
}

TEST(EndpointsText, FlowsWhereThereAreAny) {
  v1::EndpointsReply reply;
  for (const char* pod : {"api", "web"}) {
    auto* endpoint = reply.add_endpoints();
    endpoint->set_namespace_("shop");
    endpoint->set_pod(pod);
  }
  EXPECT_THAT(endpoints_text(reply, false), Not(HasSubstr("FLOWS")));
  auto* web = reply.mutable_endpoints(1);
  web->set_flows_answered(1'200);
  web->set_flows_unanswered(3);
  EXPECT_THAT(endpoints_text(reply, false), HasSubstr("POLICIES  FLOWS\n"));
  EXPECT_THAT(endpoints_text(reply, false), HasSubstr("1,200 answered, 3 unanswered\n"));
  web->set_flows_displaced_answered(1);
  web->set_flows_displaced_unanswered(4);
  EXPECT_THAT(endpoints_text(reply, false), HasSubstr("FLOWS LOST\n"));
  EXPECT_THAT(endpoints_text(reply, false), HasSubstr("3 unanswered  5 displaced\n"));
  web->set_flows_refused(2);
  EXPECT_THAT(endpoints_text(reply, false), HasSubstr("5 displaced, 2 refused\n"));
}

TEST(MapsText, WhatNobodyCountsHasADash) {
  v1::MapsReply reply;
  auto* rules = reply.add_maps();
  rules->set_name("rules");
  rules->set_kind("table");
  rules->set_used(419430);
  rules->set_limit(4194304);
  rules->set_bytes(1536 * 1024);
  auto* events = reply.add_maps();
  events->set_name("events");
  events->set_kind("ringbuf");
  events->set_limit(262144);
  EXPECT_EQ(maps_text(reply, false),
            "MAP     KIND     USED    ROOM       FULL   MEMORY\n"
            "rules   table    419430  4194304    10.0%  1.5 MiB\n"
            "events  ringbuf  -       256.0 KiB  -      -\n");
}

}  // namespace
}  // namespace sluice::apps::ctl
