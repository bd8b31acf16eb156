#include "bench/api/stand.h"

#include <filesystem>
#include <fstream>

#include "agent/control/client.h"
#include "agent/lab/lab.h"
#include "bench/api/answers.h"
#include "bench/api/objects.h"
#include "tests/live/sandbox.h"

namespace sluice::bench::api {

using base::Error;
using base::Result;
using base::Status;

namespace {

constexpr char kTapSocket[] = "/run/tap.sock", kKubeconfig[] = "/run/kubeconfig", kCa[] = "/run/ca.pem";
constexpr std::chrono::seconds kPatience{60};

std::string kubeconfig(uint16_t port) {
  return R"({"apiVersion": "v1", "kind": "Config", "current-context": "test",
    "clusters": [{"name": "test", "cluster": {"server": "https://127.0.0.1:)" +
         std::to_string(port) + R"(", "certificate-authority": ")" + kCa + R"("}}],
    "users": [{"name": "test", "user": {"token": "any"}}],
    "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]})";
}

// The local pods alone, as network namespaces.
Status make_pods(const Size& size) {
  model::Cluster locals;
  for (uint32_t i = 0; i < size.local; ++i)
    locals.apply(model::Change::upsert(pod_at(size, local_pod(size, i))));
  auto made = lab::up(locals, {});
  return made ? base::done() : Status(made.error().within("make the local pods"));
}

model::ObjectId id_of(const kubeapi::Event& event) {
  const kubeapi::Json& metadata = event.object->at("metadata").as_object();
  const auto* ns = metadata.if_contains("namespace");
  return {event.kind.of_model().value(),
          {ns ? std::string(ns->as_string()) : "", std::string(metadata.at("name").as_string())}};
}

}  // namespace

Result<std::unique_ptr<Stand>> Stand::build(const Size& size) {
  if (auto inside = live::enter_sandbox(); !inside) return inside.error();
  std::unique_ptr<Stand> stand(new Stand);
  if (auto made = make_pods(size); !made) return made.error();
  for (const model::Change& change : generate(size).objects) carry_out(prepare(change), stand->world);
  stand->pki_ = kubeapi::make_pki();
  kubeapi::ApiDouble::Options options;
  options.writing = [&ledger = stand->ledger](const kubeapi::Event& event) {
    ledger.written(id_of(event), Clock::now());
  };
  stand->api_ = std::make_unique<kubeapi::ApiDouble>(stand->world, stand->pki_, options, nullptr);
  std::ofstream(kCa) << stand->pki_.ca;
  std::ofstream(kKubeconfig) << kubeconfig(stand->api_->port());
  stand->agent_ = live::Process({SLUICED, "--node-name", kNode, "--socket", kAgentSocket, "--metrics",
                                 "127.0.0.1:" + std::to_string(kAgentPort), "--log-level", "warn"});
  control::Client client(kAgentSocket);
  const auto deadline = Clock::now() + kPatience;
  while (!client.status())
    if (Clock::now() > deadline) return Error("sluiced does not answer");
  auto tap = FeedTap::open(kTapSocket, kAgentSocket, stand->ledger);
  if (!tap) return tap.error();
  stand->tap_ = std::move(*tap);
  return stand;
}

Stand::~Stand() {
  watcher_.end(SIGTERM);
  agent_.end(SIGTERM);
  tap_.reset();
  live::run({SLUICED, "--detach"});
}

Status Stand::start_watcher(const std::string& encoding) {
  watcher_.end(SIGTERM);
  world.compact();  // the history of the round before
  ledger.stream_began();
  watcher_ = live::Process({SLUICE_WATCHER, "--kubeconfig", kKubeconfig, "--socket", kTapSocket, "--metrics",
                            "127.0.0.1:19620", "--encoding", encoding, "--log-level", "error"});
  if (!ledger.wait_for_snapshot(kPatience)) return Error("the first snapshot is not in force");
  return base::done();
}

Status Stand::check(const Size& size, uint64_t seed, uint32_t probes) {
  const model::Cluster cluster = world.cluster();
  if (auto held = check_maps(cluster, kNode); !held) return held;
  return check_answers(cluster, size, seed, probes);
}

}  // namespace sluice::bench::api
