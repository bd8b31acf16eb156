// What the control API says of a node.
#include "agent/control/replies.h"

#include <algorithm>

#include "agent/control/message_limits.h"
#include "agent/source/feed/decode.h"
#include "agent/times/parse.h"
#include "tests/oracle/random_cluster.h"
#include "tests/unit/node/reconciler_fixture.h"

namespace sluice::node {
namespace {

TEST_F(ReconcilerTest, ACheckOfAPodThatIsNotFoundSaysWhoseItIs) {
  auto node = make_node();
  give_first(*node);
  node->set_objects(objects(model::Pod(pod("prod/lost", "10.0.0.3").on("n1")),
                            model::Pod(pod("prod/elsewhere", "10.0.0.4").on("n2"))));
  node->apply();
  v1::CheckRequest request;
  request.set_from("prod/lost");
  request.set_to("prod/elsewhere");
  request.set_port(80);
  const auto reply = control::check_reply(node->view(), {}, request);
  ASSERT_TRUE(reply.ok()) << reply.error().message();
  EXPECT_EQ(
      reply->egress().reason(),
      "nothing is enforced on prod/lost: it is of this node, and no network namespace in /netns has its "
      "address");
  EXPECT_FALSE(reply->egress().elsewhere());
  EXPECT_EQ(reply->ingress().reason(), "prod/elsewhere is not on this node: ask the agent of n2");
}

TEST_F(ReconcilerTest, ACheckOfANameIsOneOfAllAddressesThatAreLearntForIt) {
  auto node = make_node();
  give_first(*node);
  node->set_objects(objects(admin("only")
                                .egress(accept().to(domains({"www.example.com"})).tcp(443))
                                .egress(deny().to(networks({"0.0.0.0/0"})))));
  constexpr image::NameSlot kSlot = 7;
  node->learn({{kSlot, "www.example.com"}}, {{ip("203.0.113.8"), {kSlot}}, {ip("203.0.113.9"), {kSlot}}});
  node->apply();
  v1::CheckRequest request;
  request.set_from("prod/web");
  request.set_to("WWW.example.com.");
  request.set_port(443);
  const auto allowed =
      control::check_reply(node->view(), {}, request, {ip("203.0.113.8"), ip("203.0.113.9")});
  ASSERT_TRUE(allowed) << allowed.error().message();
  EXPECT_EQ(allowed->verdict() + " " + allowed->name() + " " + allowed->to(),
            "allow www.example.com 203.0.113.8");
  ASSERT_EQ(allowed->addresses_size(), 2);
  EXPECT_EQ(allowed->addresses(1).to(), "203.0.113.9");
  EXPECT_EQ(allowed->addresses(1).egress().by_names(0), "www.example.com");
  const auto denied = control::check_reply(node->view(), {}, request, {ip("203.0.113.8"), ip("203.0.113.7")});
  ASSERT_TRUE(denied) << denied.error().message();
  EXPECT_EQ(denied->verdict() + " " + denied->to(), "deny 203.0.113.7") << "where one of them is";
  EXPECT_EQ(control::check_reply(node->view(), {}, request).error().message(),
            "to: www.example.com: no address is learnt for it: no pod with rules that name domains has asked "
            "for it of late (sluicectl names)");
  request.set_family("IPv6");
  EXPECT_EQ(control::check_reply(node->view(), {}, request, {ip("203.0.113.8")}).error().message(),
            "to: www.example.com: has no IPv6 address");
  request.set_to("prod/web/x/y");
  EXPECT_FALSE(control::check_reply(node->view(), {}, request, {ip("203.0.113.8")}));
}

TEST(SnapshotPieces, AreFullAndHoldEverythingOnce) {
  model::Cluster cluster = oracle::with_tiers(oracle::random_cluster(3, 3000), 3);
  model::EndpointSlice large;  // more than a piece by itself
  large.name = {"shop", "large"};
  for (int i = 0; i < 20'000; ++i)
    large.endpoints.push_back({{*net::Ip::parse("10.0.0.1")}, true, true, false, "node-1"});
  cluster.endpoint_slices[large.name] = large;
  const auto pieces = control::snapshot_pieces(cluster, {});
  model::Cluster read;
  for (size_t i = 0; i < pieces.size(); ++i) {
    ASSERT_GT(pieces[i].objects_size(), 0);
    if (pieces[i].objects_size() > 1) {
      EXPECT_LE(pieces[i].ByteSizeLong(), control::kLargestPiece);
    }
    for (const auto& object : pieces[i].objects())
      read.apply(model::Change::upsert(source::feed::decode(object).value()));
    if (i > 0) {  // what the next one begins with did not fit any more
      EXPECT_GT(pieces[i - 1].ByteSizeLong() + pieces[i].ByteSizeLong(), control::kLargestPiece * 9 / 10);
    }
  }
  EXPECT_GT(pieces.size(), 3u);
  EXPECT_EQ(read, cluster);
  EXPECT_TRUE(control::snapshot_pieces({}, {}).empty());
}

TEST_F(ReconcilerTest, TheStatusSaysWhyTheNodeIsNotReady) {
  auto node = make_node();
  give_first(*node);
  node->set_discovery(discovery({}, {}, {"--netns-dir /netns: does not exist"}));
  node->apply();
  const auto reply = control::status_reply(node->view(), {}, {}, {}, {});
  EXPECT_TRUE(reply.started());
  EXPECT_FALSE(reply.ready());
  EXPECT_EQ(reply.not_ready(), "--netns-dir /netns: does not exist");
  const auto metrics = control::metrics_reading(node->view(), {}, {}, {}, {});
  EXPECT_FALSE(metrics.ready);
  EXPECT_EQ(metrics.namespaces_unseen, 1u);
}

TEST_F(ReconcilerTest, PoliciesOutsideTheirHoursAreListedAndSaidToBe) {
  const auto moment = [](const char* text) { return times::parse_instant(text).value(); };
  auto days = deny_web(), odd = with_blocks(1), nights = with_blocks(2);
  days.active = "08:00-18:00";
  odd.active = "08:00-18:00 Europe/Atlantis";
  nights.name.name = "nights";
  nights.active = "22:00-06:00";
  times::Calendar calendar;
  auto node = make_node();
  give_first(*node);
  auto news = objects(days, odd, nights);
  news.changes = calendar.admit(std::move(news.changes), moment("2026-11-30T12:00Z"));
  node->set_objects(std::move(news));
  node->apply();
  v1::StatusReply status;
  control::add_hours(calendar, "", status);
  EXPECT_EQ(status.hours().policies(), 2u);
  EXPECT_EQ(status.hours().outside(), 1u);
  EXPECT_THAT(status.hours().sample(), testing::ElementsAre("NetworkPolicy prod/nights"));
  EXPECT_EQ(status.hours().next_policy(), "NetworkPolicy prod/web");
  EXPECT_EQ(status.hours().next_unix_seconds(), moment("2026-11-30T18:00Z").time_since_epoch().count());
  EXPECT_FALSE(status.hours().next_begins());
  ASSERT_EQ(status.hours().unread_size(), 1);
  EXPECT_THAT(status.hours().unread(0),
              testing::StartsWith("NetworkPolicy prod/blocks: sluice.dev/active: \"Europe/"));

  const auto reply = control::policies_reply(node->view(), calendar);
  ASSERT_EQ(reply.policies_size(), 3);
  EXPECT_EQ(reply.policies(1).name(), "nights");
  EXPECT_TRUE(reply.policies(1).outside_hours());
  EXPECT_EQ(reply.policies(1).active(), "22:00-06:00");
  EXPECT_EQ(reply.policies(1).until_unix_seconds(), moment("2026-11-30T22:00Z").time_since_epoch().count());
  EXPECT_THAT(reply.policies(1).local_pods(), testing::ElementsAre("prod/db"));
  EXPECT_FALSE(reply.policies(2).outside_hours());
  EXPECT_EQ(reply.policies(0).active(), "");

  model::Cluster read;
  for (const auto& piece : control::snapshot_pieces(node->view().compiler().cluster(), calendar))
    for (const auto& object : piece.objects())
      read.apply(model::Change::upsert(source::feed::decode(object).value()));
  EXPECT_EQ(read.policies.at(nights.name), nights);
  EXPECT_EQ(read.policies.size(), 3u);

  v1::StatusReply without;
  control::add_hours({}, "", without);
  EXPECT_FALSE(without.has_hours());
}

TEST_F(ReconcilerTest, ASyncNamesWhatTheSourceRefusedAndNothingElse) {
  auto node = make_node();
  give_first(*node);
  node->set_discovery(discovery({}, {}, {"--netns-dir /netns: does not exist"}));
  node->apply();
  EXPECT_EQ(control::sync_reply(node->view()).refused(), 0u);
  ObjectNews news;
  news.problems = {"m/b.yaml: document 1: line 2: not YAML", "m/c.yaml: is empty"};
  node->set_objects(news);
  const auto reply = control::sync_reply(node->view());
  EXPECT_EQ(reply.refused(), 2u);
  EXPECT_EQ(reply.first_refused(), "m/b.yaml: document 1: line 2: not YAML");
}

TEST_F(ReconcilerTest, OfAMapOnlyWhatCanBeFilledCounts) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const auto reply = control::status_reply(node->view(), {}, {}, {}, {});
  const auto endpoints = std::ranges::find(reply.maps(), "endpoints", &v1::MapFill::map);
  ASSERT_NE(endpoints, reply.maps().end());
  EXPECT_EQ(endpoints->used(), 2u);
  EXPECT_EQ(endpoints->limit(), SLUICE_MAX_ENDPOINTS - 1u);
}

TEST_F(ReconcilerTest, AnEndpointSaysWhatTheFlowTablesHoldOfIt) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const auto web = compile::endpoint_id(node->view().compiler().cluster().pods.at({"prod", "web"}));
  const auto reply = control::endpoints_reply(node->view(), {}, {}, {{web, {{-1, 7}, {3, 4}, 5, 6, {8, 9}}}});
  ASSERT_EQ(reply.endpoints_size(), 2);
  EXPECT_EQ(reply.endpoints(0).flows_answered(), 0u) << "prod/db, of which nothing was read";
  const auto& endpoint = reply.endpoints(1);
  EXPECT_EQ(endpoint.flows_unanswered(), 0u) << "never less than none";
  EXPECT_EQ(endpoint.flows_answered(), 7u);
  EXPECT_EQ(endpoint.flows_displaced_unanswered(), 3u);
  EXPECT_EQ(endpoint.flows_displaced_answered(), 4u);
  EXPECT_EQ(endpoint.flows_refused(), 5u);
  EXPECT_EQ(endpoint.flows_share(), 6u);
}

TEST(FlowsReply, IsOfBothTablesAndTheWholeNode) {
  control::FlowReading reading;
  reading.tables.ipv4 = {262144, {3, 7}, 2, 3600};
  reading.tables.ipv6 = {131072, {1, 0}, 0, 9};
  reading.node.displaced[SLUICE_FLOWS_UNANSWERED] = 11;
  reading.node.displaced[SLUICE_FLOWS_ANSWERED] = 12;
  reading.node.refused = 13;
  v1::Flows flows;
  control::add_flows(reading, flows);
  ASSERT_EQ(flows.tables_size(), 2);
  EXPECT_EQ(flows.tables(0).family(), "IPv4");
  EXPECT_EQ(flows.tables(0).limit(), 262144u);
  EXPECT_EQ(flows.tables(0).answered(), 7u);
  EXPECT_EQ(flows.tables(0).unanswered(), 3u);
  EXPECT_EQ(flows.tables(0).idle(), 2u);
  EXPECT_EQ(flows.tables(0).oldest_seconds(), 3600u);
  EXPECT_EQ(flows.tables(1).family(), "IPv6");
  EXPECT_EQ(flows.tables(1).unanswered(), 1u);
  EXPECT_EQ(flows.displaced_unanswered(), 11u);
  EXPECT_EQ(flows.displaced_answered(), 12u);
  EXPECT_EQ(flows.refused(), 13u);
}

TEST_F(ReconcilerTest, AMapIsCountedWhereTheImageOrTheFlowTablesDo) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  control::FlowReading flows;
  flows.tables.ipv4 = {262144, {3, 7}, 2, 3600};
  const auto reply = control::maps_reply(
      node->view(),
      {{"endpoints", "array", 9, 4096}, {"flows4", "array", 65536, {}}, {"counters", "percpu_array", 48, 0}},
      flows);
  ASSERT_EQ(reply.maps_size(), 3);
  EXPECT_EQ(reply.maps(0).used(), 2u);
  EXPECT_EQ(reply.maps(0).limit(), SLUICE_MAX_ENDPOINTS - 1u);
  EXPECT_EQ(reply.maps(0).bytes(), 4096u);
  EXPECT_EQ(reply.maps(1).used(), 10u) << "idle ones are in nobody's way";
  EXPECT_EQ(reply.maps(1).limit(), 262144u) << "connections, not buckets";
  EXPECT_FALSE(reply.maps(1).has_bytes());
  EXPECT_FALSE(reply.maps(2).has_used());
  EXPECT_EQ(reply.maps(2).kind(), "percpu_array");
}

TEST_F(ReconcilerTest, WhatPodsCountIsReadForTheirNamespace) {
  auto node = make_node();
  give_first(*node);
  node->apply();
  const auto web = compile::endpoint_id(node->view().compiler().cluster().pods.at({"prod", "web"}));
  sluice_endpoint_stats stats{};
  stats.denied_packets[SLUICE_EGRESS] = 4;
  const auto reading = control::metrics_reading(node->view(), {}, {}, {{web, stats}},
                                                {{web, {{-1, 7}, {3, 4}, 5, 6, {8, 9}}}});
  const auto counts = control::pod_counts(reading.drops);
  ASSERT_EQ(counts.size(), 1u) << "prod/db, of which nothing was read, has none";
  EXPECT_EQ(counts[0].ns + "/" + counts[0].pod, "prod/web");
  EXPECT_EQ(counts[0].counts.denied[SLUICE_EGRESS], 4u);
  EXPECT_EQ(counts[0].counts.opened[SLUICE_EGRESS], 9u);
  EXPECT_EQ(counts[0].counts.flows[SLUICE_FLOWS_UNANSWERED], 0u) << "never less than none";
  EXPECT_EQ(counts[0].counts.flows[SLUICE_FLOWS_ANSWERED], 7u);
}

}  // namespace
}  // namespace sluice::node
