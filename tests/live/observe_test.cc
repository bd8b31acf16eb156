// Live: what is denied is read along, with the policies that it is due to; readers that stall; what is allowed, while
// somebody asks; a flood, every packet of which is told or counted.
#include <condition_variable>
#include <mutex>
#include <thread>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "tests/live/flood.h"
#include "tests/live/live_fixture.h"

namespace sluice::live {
namespace {

constexpr auto kSoon = std::chrono::seconds(20), kASecond = std::chrono::seconds(1),
               kReading = std::chrono::seconds(120);
constexpr auto kAMoment = std::chrono::milliseconds(300);
constexpr uint32_t kFloodPackets = 100'000;

// Reads along in a thread of its own, which ends with its time: what it knows lives as long.
class Reading {
 public:
  explicit Reading(v1::ObserveRequest request, bool stalls = false) {
    request.set_follow(true);
    std::thread([state = state_, request, stalls] {
      control::Client(base::kDefaultSocket)
          .observe(
              request,
              [&](const v1::Flow& flow) {
                std::unique_lock lock(state->mutex);
                state->flows.push_back(flow);
                state->came.notify_all();
                if (stalls) state->came.wait(lock, [&] { return state->is_over; });
                return !state->is_over;
              },
              kReading)
          .ok();
    }).detach();
  }
  ~Reading() {
    const std::lock_guard lock(state_->mutex);
    state_->is_over = true;
    state_->came.notify_all();
  }
  Reading(const Reading&) = delete;
  Reading& operator=(const Reading&) = delete;

  // Waits for one that `is` so; none where there is none in time.
  template <typename Is>
  std::optional<v1::Flow> find(Is is, std::chrono::milliseconds patience) {
    std::unique_lock lock(state_->mutex);
    const auto found = [&] { return std::ranges::find_if(state_->flows, is); };
    if (!state_->came.wait_for(lock, patience, [&] { return found() != state_->flows.end(); }))
      return std::nullopt;
    return *found();
  }
  // Waits until as many packets were told.
  uint64_t count(uint64_t wanted) {
    std::unique_lock lock(state_->mutex);
    const auto sum = [this] {
      uint64_t all = 0;
      for (const auto& flow : state_->flows) all += flow.count() + flow.lost();
      return all;
    };
    state_->came.wait_for(lock, kSoon, [&] { return sum() >= wanted; });
    return sum();
  }
  // The first one after so many.
  std::optional<v1::Flow> after(size_t records, std::chrono::milliseconds patience) {
    std::unique_lock lock(state_->mutex);
    const bool came = state_->came.wait_for(lock, patience, [&] { return state_->flows.size() > records; });
    return came ? std::optional(state_->flows[records]) : std::nullopt;
  }
  size_t records() {
    const std::lock_guard lock(state_->mutex);
    return state_->flows.size();
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable came;
    std::vector<v1::Flow> flows;
    bool is_over = false;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

class LiveObserve : public Live {};

TEST_F(LiveObserve, ADeniedAttemptIsReadWithItsPolicyWithinASecond) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-default-deny");
  in_force();
  auto first = std::make_unique<Reading>(v1::ObserveRequest()),
       second = std::make_unique<Reading>(v1::ObserveRequest()),
       stalled = std::make_unique<Reading>(v1::ObserveRequest(), true);
  std::thread attempt([&] { EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31")); });
  for (Reading* reading : {first.get(), second.get(), stalled.get()}) {
    const auto flow =
        reading->find([](const v1::Flow& one) { return one.destination().port() == 8080; }, kSoon);
    ASSERT_TRUE(flow) << "nothing came";
    EXPECT_EQ(flow->verdict(), "denied");
    EXPECT_EQ(flow->source().namespace_() + "/" + flow->source().pod(), "shop/frontend-1");
    EXPECT_EQ(flow->tcp_flags(), 2u);
    ASSERT_GE(flow->isolated_by_size(), 1);
    EXPECT_EQ(flow->isolated_by(0), "shop/default-deny");
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    EXPECT_LT(now - std::chrono::nanoseconds(flow->unix_nanoseconds()), kASecond);
    const auto again = control::Client(base::kDefaultSocket).event(flow->id());
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(again->destination().port(), 8080u);
  }
  attempt.join();
  // One of them stalls, and others read on.
  EXPECT_FALSE(stream("shop-frontend-1", "ingress-controller-0", "10.244.1.10"));
  EXPECT_TRUE(
      first->find([](const v1::Flow& one) { return one.destination().pod() == "controller-0"; }, kSoon));
  EXPECT_EQ(stalled->records(), 1u);
  for (const char* output : {"text", "json", "jsonpb"})
    EXPECT_EQ(run({SLUICECTL, "observe", "--last", "5", "-n", "shop", "--verdict", "denied", "-o", output}),
              0);
  EXPECT_EQ(run({SLUICECTL, "top", "-o", "json"}), 0);
}

TEST_F(LiveObserve, WhatAClusterNetworkPolicyDeniesNamesItsRule) {
  up(lab::Topology::kRouted);
  std::ofstream(std::string(kManifests) + "/tiers.yaml")
      << "{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {name: "
         "no-api}, spec: "
         "{tier: Admin, priority: 1, subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: "
         "{}}], "
         "protocols: [{tcp: {destinationPort: {number: 8080}}}]}]}}\n";
  in_force();
  Reading reading{v1::ObserveRequest()};
  EXPECT_FALSE(stream("shop-frontend-1", "shop-api-1", "10.244.1.31"));
  const auto flow = reading.find([](const v1::Flow& one) { return one.destination().port() == 8080; }, kSoon);
  ASSERT_TRUE(flow) << "nothing came";
  EXPECT_EQ(flow->verdict() + " " + flow->rule(), "denied Admin/no-api:ingress[0]");
  EXPECT_EQ(flow->isolated_by_size(), 0);
  EXPECT_EQ(run({SLUICECTL, "check", "--from", "shop/frontend-1", "--to", "shop/api-1", "--port", "8080"}),
            3);
}

TEST_F(LiveObserve, ServicesAreNamedAsTheyAreNow) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-default-deny");
  in_force();
  Reading reading{v1::ObserveRequest()};
  const auto named = [&](const std::string& wanted) {
    EXPECT_FALSE(Stream::open("/run/netns/sluice-shop-frontend-1", "/run/netns/sluice-shop-api-1",
                              {*net::Ip::parse("10.96.0.9"), 8080}, {*net::Ip::parse("10.244.1.31"), 8080},
                              500));
    return reading.find(
        [&](const v1::Flow& one) {
          return one.destination().ip() == "10.96.0.9" && one.destination().service() == wanted;
        },
        kSoon);
  };
  EXPECT_TRUE(named(""));
  std::ofstream(std::string(kManifests) + "/late.yaml")
      << "{apiVersion: v1, kind: Service, metadata: {name: late, namespace: shop}, "
         "spec: {clusterIP: 10.96.0.9, ports: [{port: 9}]}}";
  in_force();
  EXPECT_TRUE(named("shop/late")) << "a Service that came after the first record";
}

TEST_F(LiveObserve, AllowedOnesWhileSomebodyAsksOrAnAnnotationDoes) {
  up(lab::Topology::kRouted);
  Reading reading{v1::ObserveRequest()};
  size_t seen = 0;
  // Is a connection reported? Somebody asks from the moment on at which the agent heard of it: so again and again.
  const auto is_reported = [&] {
    auto open = stream("shop-frontend-1", "shop-api-1", "10.244.1.31");
    EXPECT_TRUE(open) << open.error().message();
    const auto flow = reading.after(seen, kAMoment);
    if (!flow) return false;
    seen = reading.records();
    EXPECT_EQ(flow->verdict() + " " + flow->reason() + " " + flow->direction(),
              "allowed not_isolated ingress");
    EXPECT_EQ(flow->destination().pod() + "/" + std::to_string(flow->destination().port()), "api-1/8080");
    return true;
  };
  const auto becomes = [&](bool wanted) {
    for (const auto end = std::chrono::steady_clock::now() + kSoon; std::chrono::steady_clock::now() < end;)
      if (is_reported() == wanted) return true;
    return false;
  };
  EXPECT_FALSE(is_reported()) << "nobody asks";
  Process asking(
      {SLUICECTL, "observe", "--follow", "--allowed", "60s", "--pod", "shop/api-1", "--last", "0"});
  EXPECT_TRUE(becomes(true)) << "somebody asks";
  asking.end(SIGTERM);
  EXPECT_TRUE(becomes(false)) << "nobody asks any more";
  EXPECT_EQ(run({SLUICECTL, "observe", "--allowed", "1s", "--pod", "shop/api-1"}), 0) << "its time is over";
  annotate_api("  annotations: {sluice.dev/observe: allowed}\n");
  EXPECT_TRUE(becomes(true)) << "the annotation asks";
  annotate_api("");
  EXPECT_TRUE(becomes(false)) << "it does so no more";
}

TEST_F(LiveObserve, EveryPacketOfAFloodIsToldOrCounted) {
  up(lab::Topology::kRouted);
  add(kDemo / "policies-default-deny");
  in_force();
  v1::ObserveRequest request;
  request.mutable_filter()->add_verdicts("denied");
  request.mutable_filter()->add_from("shop/frontend-1");
  request.mutable_filter()->add_to("10.244.1.90");
  Reading reading(request);
  auto flooding = Flooder::open("/run/netns/sluice-shop-frontend-1", *net::Ip::parse("10.244.1.21"),
                                *net::Ip::parse("10.244.1.90"));
  ASSERT_TRUE(flooding) << flooding.error().message();
  for (uint32_t at = 0; at < kFloodPackets; at += 1000) ASSERT_TRUE(flooding->send({}, true, at, 1000));
  const auto denied = [] {
    const auto reply = control::Client(base::kDefaultSocket).endpoints();
    uint64_t packets = 0;
    if (reply)
      for (const auto& endpoint : reply->endpoints())
        if (endpoint.pod() == "frontend-1") packets = endpoint.denied_packets_egress();
    return packets;
  };
  EXPECT_GE(denied(), kFloodPackets);
  EXPECT_EQ(reading.count(denied()), denied());
  EXPECT_LT(reading.records(), 1000u) << "a record is not a packet";
}

}  // namespace
}  // namespace sluice::live
