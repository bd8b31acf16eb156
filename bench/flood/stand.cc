#include "bench/flood/stand.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "agent/base/default_socket.h"
#include "agent/control/client.h"
#include "agent/lab/lab.h"
#include "agent/source/folder/folder.h"
#include "tests/live/sandbox.h"

namespace sluice::bench::flood {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr char kManifests[] = "/run/manifests", kStrangers[] = "/run/stranger-manifests";
constexpr int kStreamPatience = 5000;      // milliseconds
constexpr rlim_t kDescriptors = 1U << 16;  // at the most

constexpr char kPolicies[] = R"(---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: takes-nothing, namespace: flood}
spec: {podSelector: {matchLabels: {side: near}}, policyTypes: [Ingress]}
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: served, namespace: flood}
spec:
  podSelector: {matchLabels: {side: far}}
  policyTypes: [Ingress]
  ingress:
  - from: [{podSelector: {matchLabels: {side: near}}}]
    ports: [{protocol: TCP, port: 8080}, {protocol: UDP, port: 8080}]
)";

std::string pod(const std::string& name, const std::string& side, const std::string& ip) {
  return "---\napiVersion: v1\nkind: Pod\nmetadata: {name: " + name +
         ", namespace: flood, labels: {side: " + side +
         "}}\nspec: {nodeName: node-1}\nstatus: {phase: Running, podIP: " + ip + ", podIPs: [{ip: " + ip +
         "}]}\n";
}

constexpr char kNamespace[] = "apiVersion: v1\nkind: Namespace\nmetadata: {name: flood}\n";

Status make_pods(const std::string& folder, const std::string& manifests,
                 const lab::Directories& directories) {
  std::filesystem::create_directories(folder);
  std::filesystem::create_directories(directories.netns_dir);
  std::ofstream(folder + "/all.yaml") << kNamespace << manifests;
  auto objects = source::folder::read_folder(folder);
  if (!objects) return objects.error();
  if (!objects->problems.empty()) return Error(objects->problems.front().to_text());
  lab::Options options;
  options.directories = directories;
  auto made = lab::up(objects->cluster, options);
  return made ? base::done() : Status(made.error().within("make the pods"));
}

void raise_descriptors() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
}

// The number behind `name` in a file of /proc; 0: it is not there.
uint64_t number_in(const std::filesystem::path& path, const std::string& name) {
  std::ifstream file(path);
  std::string word;
  while (file >> word)
    if (uint64_t value = 0; word == name && file >> value) return value;
  return 0;
}

}  // namespace

Result<std::unique_ptr<Stand>> Stand::build() {
  if (auto inside = live::enter_sandbox(); !inside) return inside.error();
  raise_descriptors();
  const std::string pods = pod("client", "near", kClient.ip) + pod("server", "far", kServer.ip) +
                           pod("caller", "near", kCaller.ip) + pod("called", "far", kCalled.ip) +
                           pod("flooding", "none", kFlooding.ip) + pod("flooded", "none", kFlooded.ip);
  if (auto made = make_pods(kManifests, pods + kPolicies, {}); !made) return made.error();
  const std::string strangers =
      pod("stranger", "none", kStranger.ip) + pod("other-stranger", "none", kOtherStranger.ip);
  if (auto made = make_pods(kStrangers, strangers, {"/run/sluice-strangers", "/run/strangers"}); !made)
    return made.error();
  return std::unique_ptr<Stand>(new Stand);
}

Stand::~Stand() {
  agent_.end(SIGTERM);
  live::run({SLUICED, "--detach"});
}

Status Stand::start_agent(uint32_t flows) {
  agent_.end(SIGTERM);
  agent_ = live::Process({SLUICED, "--node-name", "node-1", "--manifests", kManifests, "--metrics",
                          "127.0.0.1:19619", "--log-level", "error", "--flows", std::to_string(flows)});
  if (live::run({SLUICECTL, "sync", "--timeout", "60s"}) != 0)
    return Error("the agent's state is not in force");
  auto now = Stand::flows();
  if (!now) return now.error();
  if (now->tables_size() == 0 || now->tables(0).limit() != flows)
    return Error("the agent's flow table is not one of " + std::to_string(flows));
  return base::done();
}

Result<v1::Flows> Stand::flows() {
  auto status = control::Client(base::kDefaultSocket).status();
  if (!status) return status.error();
  return status->flows();
}

// A map may be open under several descriptors.
Result<Stand::Memory> Stand::memory() const {
  const auto process = std::filesystem::path("/proc") / std::to_string(agent_.pid());
  Memory memory;
  memory.resident = number_in(process / "status", "VmRSS:") * 1024;
  if (memory.resident == 0) return Error("the agent has ended");
  std::map<uint64_t, uint64_t> maps;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(process / "fdinfo", error))
    if (const uint64_t id = number_in(entry.path(), "map_id:"); id != 0)
      maps[id] = number_in(entry.path(), "memlock:");
  for (const auto& [id, bytes] : maps) memory.maps += bytes;
  return memory;
}

Result<std::chrono::duration<double>> Stand::processor_time() const {
  std::ifstream file(std::filesystem::path("/proc") / std::to_string(agent_.pid()) / "stat");
  std::string skipped;
  constexpr int kFieldsBefore = 11;  // after "PID (sluiced)", to utime: proc(5)
  std::getline(file, skipped, ')');
  for (int i = 0; i < kFieldsBefore; ++i) file >> skipped;
  double user = 0, system = 0;
  if (!(file >> user >> system)) return Error("the agent has ended");
  return std::chrono::duration<double>((user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

Result<uint64_t> Stand::denied() {
  auto status = control::Client(base::kDefaultSocket).status();
  if (!status) return status.error();
  uint64_t packets = 0;
  for (const auto& drops : status->drops())
    if (drops.reason() == "no_rule") packets += drops.packets();
  return packets;
}

Result<live::Stream> open(const Place& from, const Place& to, net::Protocol protocol) {
  const live::SocketAt at{*net::Ip::parse(to.ip), kPort};
  return live::Stream::open(from.netns, to.netns, at, at, kStreamPatience, protocol);
}

}  // namespace sluice::bench::flood
