#include "bench/names/stand.h"

#include <filesystem>
#include <fstream>

#include "agent/lab/lab.h"
#include "agent/source/folder/folder.h"
#include "bench/names/asker.h"

namespace sluice::bench::names {

using base::Error;
using base::Result;

namespace {

constexpr char kFolder[] = "/run/manifests", kServerNetns[] = "/run/netns/sluice-outside-dns";
constexpr int kQuestionRoom = 8 << 20;  // bytes of questions that wait
constexpr char kObjects[] = R"(---
{apiVersion: v1, kind: Namespace, metadata: {name: bench}}
---
{apiVersion: v1, kind: Pod, metadata: {name: named, namespace: bench, labels: {app: named}}, spec: {nodeName: node-1},
 status: {phase: Running, podIP: 10.244.1.11, podIPs: [{ip: 10.244.1.11}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: plain, namespace: bench, labels: {app: plain}}, spec: {nodeName: node-1},
 status: {phase: Running, podIP: 10.244.1.12, podIPs: [{ip: 10.244.1.12}]}}
---
apiVersion: policy.networking.k8s.io/v1alpha2
kind: ClusterNetworkPolicy
metadata: {name: names}
spec:
  tier: Admin
  priority: 10
  subject: {pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: named}}}}
  egress:
  - {action: Accept, to: [{networks: [10.77.0.53/32]}], protocols: [{udp: {destinationPort: {number: 53}}}]}
  - {action: Accept, to: [{domainNames: ["*.bench.test"]}]}
  - {action: Deny, to: [{networks: [0.0.0.0/0]}]}
)";

}  // namespace

Result<std::unique_ptr<Stand>> Stand::build() {
  std::filesystem::create_directories(kFolder);
  std::ofstream(std::string(kFolder) + "/all.yaml") << kObjects;
  auto objects = source::folder::read_folder(kFolder);
  if (!objects) return objects.error();
  if (!objects->problems.empty()) return Error(objects->problems.front().to_text());
  lab::Options options;
  options.outside = {lab::parse_outside(std::string("dns=") + kServer).value()};
  if (auto made = lab::up(objects->cluster, options); !made) return made.error().within("make the pods");
  std::unique_ptr<Stand> stand(new Stand);
  auto server = live::socket_in(kServerNetns, AF_INET, SOCK_DGRAM, 0);
  if (!server) return server.error();
  ::setsockopt(server->get(), SOL_SOCKET, SO_RCVBUFFORCE, &kQuestionRoom, sizeof kQuestionRoom);
  const live::SocketAddress at({*net::Ip::parse(kServer), live::kDnsPort});
  if (::bind(server->get(), at.get(), at.size()) != 0) return Error::from_errno(errno, "bind the server");
  stand->server_ = std::move(*server);
  stand->answering_ = std::thread([stand = stand.get()] { stand->answer(); });
  stand->agent_ = live::Process({SLUICED, "--node-name", "node-1", "--manifests", kFolder, "--metrics",
                                 "127.0.0.1:19619", "--log-level", "error", "--dns-server", kServer});
  if (live::run({SLUICECTL, "sync", "--timeout", "30s"}) != 0) return Error("the agent is not in force");
  return stand;
}

Stand::~Stand() {
  stop_ = true;
  if (answering_.joinable()) answering_.join();
  agent_.end(SIGTERM);
  live::run({SLUICED, "--detach"});
  (void)lab::down({});
}

void Stand::answer() {
  live::Message question(512);
  while (!stop_) {
    if (!live::readable(server_.get(), 100)) continue;
    question.resize(512);
    sockaddr_storage caller{};
    socklen_t size = sizeof caller;
    auto* const from = reinterpret_cast<sockaddr*>(&caller);
    const ssize_t got = ::recvfrom(server_.get(), question.data(), question.size(), 0, from, &size);
    if (got < 2) continue;
    const uint32_t id = uint32_t{question[0]} << 8 | question[1];
    const live::Message answer = live::answering(question_of(id), address_of(id), kTtl);
    ::sendto(server_.get(), answer.data(), answer.size(), 0, from, size);
  }
}

}  // namespace sluice::bench::names
