// Live: sluiced fed through the control API, as sluice-watcher and sluice-cni do it: snapshots and changes, a
// feeder that goes away, an agent that is killed, pods that a CNI plugin tells of.
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "agent/lab/lab.h"
#include "agent/source/folder/folder.h"
#include "sluice/v1/endpoints.grpc.pb.h"
#include "sluice_source_dir.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"
#include "tests/live/stream.h"
#include "tests/live/track.h"
#include "tests/unit/control/test_feeder.h"

namespace sluice::live {
namespace {

namespace fs = std::filesystem;

const fs::path kDemo = fs::path(SLUICE_SOURCE_DIR) / "examples/demo/manifests";
const char kSocket[] = "/run/sluice/sluice.sock";
constexpr int kBeatMilliseconds = 5000;  // a lost packet is sent again well before
constexpr int kSilenceMilliseconds = 1500;

struct Answer {
  grpc::StatusCode code = grpc::OK;
  std::string error;
  v1::AddEndpointReply reply;
};

class LiveFeed : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(read_worlds());
    auto hosts = lab::up(base_, {});
    ASSERT_TRUE(hosts) << hosts.error().message();
    for (const auto& host : *hosts) hosts_[host.name.to_text()] = host;
  }
  void TearDown() override {
    feeder_.reset();
    agent_.end(SIGTERM);
    EXPECT_EQ(run({SLUICED, "--detach"}), 0);
    fs::remove(std::string(kSocket) + ".endpoints");
    auto down = lab::down({});
    EXPECT_TRUE(down) << down.error().message();
    const auto forgotten = forget_tracked();
    EXPECT_TRUE(forgotten) << forgotten.error().message();
  }
  void read_worlds() {
    auto base = source::folder::read_folder((kDemo / "base").string());
    ASSERT_TRUE(base) << base.error().message();
    base_ = base->cluster;
    for (const auto& [name, into] :
         {std::pair("policies-default-deny", &denied_), {"policies-full", &full_}}) {
      auto policies = source::folder::read_folder((kDemo / name).string());
      ASSERT_TRUE(policies) << policies.error().message();
      *into = base_;
      into->policies = policies->cluster.policies;
    }
    full_.policies.insert(denied_.policies.begin(), denied_.policies.end());
  }

  void start_agent(const std::string& netns_dir = "/run/netns") {
    agent_ = Process({SLUICED, "--node-name", "node-1", "--metrics", "127.0.0.1:19619", "--log-level",
                      "error", "--netns-dir", netns_dir});
  }
  // Opens a stream to the agent, waiting for one that starts, and sends the world as its snapshot.
  void feed(const model::Cluster& world) {
    feeder_.emplace(kSocket);
    const std::string session = "s" + std::to_string(++sessions_);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    do feeder_->open(session);
    while (!feeder_->until([&] { return feeder_->welcome || feeder_->closed; }) ||
           (feeder_->closed && std::chrono::steady_clock::now() < deadline));
    ASSERT_TRUE(feeder_->welcome) << feeder_->end();
    send(model::difference({}, world), true);
  }
  void send(const std::vector<model::Change>& changes, bool whole) {
    v1::Batch batch;
    batch.set_begins_snapshot(whole);
    batch.set_ends_snapshot(whole);
    for (const auto& change : changes) *batch.add_events() = source::feed::encode(change, 0);
    auto sequence = feeder_->client.send(batch);
    ASSERT_TRUE(sequence) << sequence.error().message();
    ASSERT_TRUE(feeder_->until([&] { return feeder_->progress.in_force() >= *sequence; }));
    EXPECT_EQ(feeder_->progress.refused_count(), 0u);
  }
  static int sync(const char* timeout) { return run({SLUICECTL, "sync", "--timeout", timeout}); }

  // `ip`: which of the pod's addresses, IPv4 first.
  base::Result<Stream> stream(const std::string& from, const std::string& to, size_t ip = 0) {
    const auto& far = hosts_.at(to);
    return Stream::open("/run/netns/" + hosts_.at(from).netns, "/run/netns/" + far.netns, far.ips.at(ip),
                        8080);
  }
  void expect_beats(Stream& open, const char* when) {
    for (int i = 0; i < 3; ++i)
      ASSERT_TRUE(open.beat(kBeatMilliseconds)) << when << ", after " << open.arrived();
  }

  // ---- what a CNI plugin says
  Answer add_endpoint(const std::string& pod, int milliseconds, bool no_wait = false) {
    v1::AddEndpointRequest request;
    const auto& host = hosts_.at(pod);
    request.set_container_id("container-" + pod);
    request.set_interface_name("eth0");
    request.set_namespace_(host.name.ns);
    request.set_pod(host.name.name);
    request.set_netns("/run/netns/" + host.netns);
    request.set_host_interface(host.host_ifname);
    request.set_no_wait(no_wait);
    for (const auto& ip : host.ips) request.add_addresses(ip.to_text());
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(milliseconds));
    Answer answer;
    const auto status = endpoints()->AddEndpoint(&context, request, &answer.reply);
    answer.code = status.error_code();
    answer.error = status.error_message();
    return answer;
  }
  // "" where it is in force, else what is missing or why nobody knows it.
  std::string check_endpoint(const std::string& pod) {
    v1::CheckEndpointRequest request;
    request.set_container_id("container-" + pod);
    request.set_interface_name("eth0");
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::CheckEndpointReply reply;
    const auto status = endpoints()->CheckEndpoint(&context, request, &reply);
    return status.ok() ? reply.missing() : status.error_message();
  }
  grpc::Status del_endpoint(const std::string& pod) {
    v1::DelEndpointRequest request;
    request.set_container_id("container-" + pod);
    request.set_interface_name("eth0");
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    v1::DelEndpointReply reply;
    return endpoints()->DelEndpoint(&context, request, &reply);
  }
  static std::unique_ptr<v1::Endpoints::Stub> endpoints() {
    return v1::Endpoints::NewStub(
        grpc::CreateChannel(std::string("unix:") + kSocket, grpc::InsecureChannelCredentials()));
  }

  model::Cluster base_, denied_, full_;  // the demo without policies, with default deny, with all of them
  std::map<std::string, lab::Host> hosts_;
  Process agent_;
  std::optional<control::TestFeeder> feeder_;
  int sessions_ = 0;
};

const char kFrontend[] = "shop/frontend-1", kApi[] = "shop/api-1", kIngress[] = "ingress/controller-0";

TEST_F(LiveFeed, WhatIsFedIsEnforcedAndOutlivesFeederAndAgent) {
  start_agent();
  EXPECT_EQ(sync("1s"), 1) << "nothing is known yet";
  auto before = stream(kFrontend, kIngress);
  EXPECT_TRUE(before) << "nothing is attached before the first snapshot";
  feed(full_);
  EXPECT_EQ(sync("20s"), 0);
  auto open = stream(kFrontend, kApi);
  ASSERT_TRUE(open) << open.error().message();
  EXPECT_FALSE(stream(kFrontend, kIngress)) << "denied by what was fed";
  feeder_.reset();
  expect_beats(*open, "without a feeder");
  EXPECT_EQ(sync("1s"), 1) << "nobody can say that it is all there is";
  EXPECT_EQ(agent_.end(SIGKILL), 128 + SIGKILL);
  start_agent();
  EXPECT_EQ(sync("1s"), 1) << "waiting for the first snapshot";
  expect_beats(*open, "an agent that waits for its first snapshot");
  EXPECT_FALSE(stream(kFrontend, kIngress)) << "denied all the while";
  feed(full_);
  expect_beats(*open, "fed again");
  EXPECT_FALSE(stream(kFrontend, kIngress)) << "fed again";
  send(model::difference(full_, base_), false);
  EXPECT_TRUE(stream(kFrontend, kIngress)) << "the policies are gone";
}

// No directory of namespaces at all: what is enforced is what was announced.
TEST_F(LiveFeed, AnnouncedPodsAreClosedUntilTheirPolicyIsInForce) {
  fs::create_directories("/run/no-pods");
  model::Cluster unpublished = full_;  // as kubelet has them before ADD has returned
  for (const char* pod : {kFrontend, kApi, kIngress}) {
    auto& object = unpublished.pods.at(hosts_.at(pod).name);
    object.ips.clear();
    object.phase = model::PodPhase::kPending;
    object.node_name = "node-1";
  }
  start_agent("/run/no-pods");
  EXPECT_NE(check_endpoint(kFrontend).find("nobody announced it"), std::string::npos)
      << "waits for the agent to start";
  const Answer waiting = add_endpoint(kFrontend, 500);
  EXPECT_EQ(waiting.code, grpc::DEADLINE_EXCEEDED);
  EXPECT_NE(waiting.error.find("waiting for the first snapshot"), std::string::npos) << waiting.error;
  EXPECT_FALSE(stream(kFrontend, kApi)) << "closed, though no state is in force yet";
  EXPECT_EQ(add_endpoint(kApi, 5000, true).reply.ingress(), "closed");
  feed(unpublished);
  for (const char* pod : {kFrontend, kApi, kIngress}) {
    const Answer added = add_endpoint(pod, 10'000);
    EXPECT_EQ(added.code, grpc::OK) << pod << ": " << added.error;
    EXPECT_EQ(added.reply.ingress(), "isolated") << pod;
  }
  auto open = stream(kFrontend, kApi);
  ASSERT_TRUE(open) << "by labels, at the announced addresses: " << open.error().message();
  EXPECT_FALSE(stream(kFrontend, kIngress));
  send(model::difference(unpublished, full_), false);
  expect_beats(*open, "the Pod objects have their addresses");
  EXPECT_EQ(agent_.end(SIGKILL), 128 + SIGKILL);
  start_agent("/run/no-pods");
  feed(full_);
  EXPECT_EQ(check_endpoint(kApi), "") << "announced once, known to the next agent";
  expect_beats(*open, "the next agent");
  EXPECT_TRUE(del_endpoint(kApi).ok());
  EXPECT_TRUE(del_endpoint(kApi).ok()) << "again: nothing to do";
  EXPECT_NE(check_endpoint(kApi).find("nobody announced it"), std::string::npos);
}

// Of two connections that were open before the first agent came, the one that the node's connection tracking
// knows goes on, whichever end speaks next; the other end of the other one may not speak first: nobody knows
// who opened it.
TEST_F(LiveFeed, ConnectionsThatTheNodeKnowsGoOnAtTheFirstInstall) {
  auto tracked = stream(kFrontend, kApi), tracked6 = stream(kFrontend, kApi, 1),
       unknown = stream(kFrontend, kApi);
  ASSERT_TRUE(tracked && tracked6 && unknown);
  for (auto* open : {&*tracked, &*tracked6, &*unknown}) ASSERT_TRUE(open->answer(kBeatMilliseconds));
  for (const auto& [open, ip] : {std::pair(&*tracked, 0U), {&*tracked6, 1U}}) {
    const auto &from = hosts_.at(kFrontend).ips[ip], &to = hosts_.at(kApi).ips[ip];
    const net::Port near = open->near_port(), far = net::Port::from_host(8080);
    const auto known = track({{from, to, near, far}, {to, from, far, near}});
    ASSERT_TRUE(known) << known.error().message();
  }
  start_agent();
  feed(full_);
  EXPECT_FALSE(stream(kApi, kFrontend)) << "it may not open one";
  EXPECT_TRUE(tracked->answer(kBeatMilliseconds)) << "IPv4";
  EXPECT_TRUE(tracked6->answer(kBeatMilliseconds)) << "IPv6";
  expect_beats(*tracked, "and the way that it was opened");
  EXPECT_FALSE(unknown->answer(kSilenceMilliseconds));
  send(model::difference(full_, denied_), false);
  EXPECT_FALSE(tracked->answer(kSilenceMilliseconds)) << "it is judged, as any other";
}

}  // namespace
}  // namespace sluice::live
