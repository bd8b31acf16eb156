// A node that drains: as many calls at once as it has pods, by the real program to the real agent, which is
// there, away for a while, or never heard of the pod; and what mends a DEL that was lost.
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>

#include <filesystem>
#include <future>
#include <thread>

#include "proto/agent_channel.h"
#include "sluice/v1/endpoints.grpc.pb.h"
#include "tests/cni/runtime.h"
#include "tests/live/process.h"

namespace sluice::cni {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

constexpr int kPods = 110;  // what kubelet lets a node have
constexpr char kSocket[] = "/run/sluice/sluice.sock";
constexpr std::chrono::seconds kPatience{30};

std::string container(int pod) {
  return "c" + std::to_string(pod);
}
std::string veth(int pod) {
  return "pod" + std::to_string(pod);
}

// One call of the program; `more`: keys of the configuration.
Ran call(const std::string& command, int pod, const std::string& more) {
  return run_program(SLUICE_CNI, {},
                     {"CNI_COMMAND=" + command, "CNI_CONTAINERID=" + container(pod), "CNI_IFNAME=eth0",
                      "CNI_PATH=/usr/lib/cni"},
                     R"({"cniVersion":"1.1.0","name":"even","type":"sluice-cni")" + more + "}");
}

// Veth pairs of this namespace stand for pods: of the network "even" every other one, of "odd" the rest.
class Crowd : public ::testing::Test {
 protected:
  void SetUp() override {
    links("link add ", " type veth", 0, kPods);
    start_agent();
    for (int pod = 0; pod < kPods; ++pod) ASSERT_NO_FATAL_FAILURE(tell(pod));
    ASSERT_EQ(known(), kPods);
  }
  void TearDown() override {
    agent_.end(SIGTERM);
    EXPECT_EQ(live::run({SLUICED, "--detach"}), 0);
    for (int pod = 0; pod < kPods; ++pod)
      if (fs::exists("/proc/sys/net/ipv4/conf/" + veth(pod))) links("link del ", "", pod, pod + 1);
  }
  static void links(const std::string& before, const std::string& after, int first, int last) {
    std::string lines;
    for (int pod = first; pod < last; ++pod) lines += before + veth(pod) + after + "\n";
    const Ran ran = run_program("/bin/ip", {"-batch", "-"}, {}, lines);
    ASSERT_EQ(ran.exit, 0) << ran.err;
  }
  void start_agent() {
    agent_ = live::Process({SLUICED, "--node-name", "node-1", "--metrics", "127.0.0.1:19621", "--log-level",
                            "error", "--netns-dir", "/run/no-pods"});
  }
  static void tell(int pod) {
    v1::AddEndpointRequest request;
    request.set_container_id(container(pod));
    request.set_interface_name("eth0");
    request.set_namespace_("shop");
    request.set_pod("web-" + std::to_string(pod));
    request.set_host_interface(veth(pod));
    request.add_addresses("10.9.0." + std::to_string(pod + 1));
    request.set_no_wait(true);
    request.set_network(pod % 2 == 0 ? "even" : "odd");
    v1::AddEndpointReply reply;
    const auto status =
        ask([&](auto& stub, auto* context) { return stub.AddEndpoint(context, request, &reply); });
    ASSERT_TRUE(status.ok()) << status.error_message();
  }
  // Does the agent still hold what was announced of the pod?
  static bool is_known(int pod) {
    v1::CheckEndpointRequest request;
    request.set_container_id(container(pod));
    request.set_interface_name("eth0");
    v1::CheckEndpointReply reply;
    const auto status =
        ask([&](auto& stub, auto* context) { return stub.CheckEndpoint(context, request, &reply); });
    EXPECT_TRUE(status.ok() || status.error_code() == grpc::StatusCode::NOT_FOUND) << status.error_message();
    return status.ok();
  }
  static int known() {
    int count = 0;
    for (int pod = 0; pod < kPods; ++pod) count += is_known(pod) ? 1 : 0;
    return count;
  }
  static bool becomes_known(int count) {
    const auto deadline = std::chrono::steady_clock::now() + kPatience;
    while (known() != count)
      if (std::chrono::steady_clock::now() > deadline) return false;
    return true;
  }
  template <typename Call>
  static grpc::Status ask(Call call) {
    static const auto stub = v1::Endpoints::NewStub(proto::agent_channel(kSocket, 1 << 20));
    const auto deadline = std::chrono::system_clock::now() + kPatience;
    for (;;) {
      grpc::ClientContext context;
      context.set_wait_for_ready(true);
      context.set_deadline(deadline);
      const grpc::Status status = call(*stub, &context);
      // The connection to an agent that has ended meanwhile.
      if (status.error_code() != grpc::StatusCode::UNAVAILABLE) return status;
    }
  }
  // All pods at once.
  static std::vector<std::future<Ran>> delete_all(const std::string& timeout) {
    std::vector<std::future<Ran>> calls;
    for (int pod = 0; pod < kPods; ++pod)
      calls.push_back(std::async(std::launch::async, call, "DEL", pod, R"(,"timeout":")" + timeout + "\""));
    return calls;
  }

  live::Process agent_;
};

TEST_F(Crowd, IsForgottenByAnAgentThatIsThere) {
  for (auto& deleting : delete_all("30s")) {
    const Ran deleted = deleting.get();
    EXPECT_EQ(deleted.exit, 0);
    EXPECT_EQ(deleted.err, "");
  }
  EXPECT_EQ(known(), 0);
}

TEST_F(Crowd, IsForgottenByAnAgentThatIsAwayForAWhile) {
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  auto calls = delete_all("30s");
  EXPECT_EQ(calls.front().wait_for(std::chrono::milliseconds(300)), std::future_status::timeout)
      << "it waits";
  start_agent();
  for (auto& deleting : calls) EXPECT_EQ(deleting.get().err, "");
  EXPECT_EQ(known(), 0);
}

TEST_F(Crowd, WhoseDelsWereLostIsForgottenWithItsInterfaces) {
  EXPECT_EQ(agent_.end(SIGTERM), 0);
  for (auto& deleting : delete_all("200ms")) {
    const Ran deleted = deleting.get();
    EXPECT_EQ(deleted.exit, 0);
    EXPECT_THAT(deleted.err, HasSubstr("no agent answers"));
  }
  links("link del ", "", 0, 40);
  start_agent();
  EXPECT_EQ(known(), kPods - 40) << "seen by an agent that starts";
  links("link del ", "", 40, 100);
  EXPECT_TRUE(becomes_known(kPods - 100)) << "and by one that is there: nothing else happens";
}

TEST_F(Crowd, WhatTheRuntimeHasNoMoreIsForgottenOfThatNetwork) {
  std::string valid;
  for (int pod = 0; pod < 20; ++pod)
    valid +=
        std::string(pod == 0 ? "" : ",") + R"({"containerID":")" + container(pod) + R"(","ifname":"eth0"})";
  const Ran collected = call("GC", 0, R"(,"timeout":"30s","cni.dev/valid-attachments":[)" + valid + "]");
  EXPECT_EQ(collected.exit, 0) << collected.out;
  for (int pod = 0; pod < kPods; ++pod) EXPECT_EQ(is_known(pod), pod % 2 == 1 || pod < 20) << pod;
  EXPECT_EQ(call("GC", 0, R"(,"timeout":"30s","cni.dev/valid-attachments":null)").exit, 0);
  EXPECT_EQ(known(), kPods / 2) << "of the other network";
}

}  // namespace
}  // namespace sluice::cni
