// Cluster: everything that stands between `kubectl apply` and a packet, on one node: an API server of the
// tests' own, sluice-watcher and sluiced as processes, relays between them where the installation has some, and pods made by
// a CNI chain as a runtime makes them: Debian's ptp and host-local, then sluice-cni, composed by its own installer. In a
// sandbox (tests/live/sandbox.h). One thread.
#pragma once

#include <array>
#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/cni/runtime.h"
#include "tests/kubeapi/api_double.h"
#include "tests/live/pod_netns.h"
#include "tests/live/process.h"

namespace sluice::e2e {

inline constexpr char kNode[] = "node-a", kNamespace[] = "shop";
inline constexpr char kPlugins[] = "/run/cni-bin:/usr/lib/cni";
inline constexpr char kAgentMetrics[] = "127.0.0.1:19619";

using Labels = std::vector<std::pair<std::string, std::string>>;

inline kubeapi::Json json_of(const std::string& text) {
  return boost::json::parse(text).as_object();
}

inline kubeapi::Json labels_of(const Labels& labels) {
  kubeapi::Json all;
  for (const auto& [key, value] : labels) all[key] = value;
  return all;
}

// A Pod as the scheduler leaves it; with an address, as kubelet does once it runs.
inline kubeapi::Json pod_object(const std::string& name, const Labels& labels, const std::string& ip) {
  kubeapi::Json pod = json_of(R"({"spec": {"nodeName": "node-a", "containers": [{"name": "main"}]}})");
  pod["metadata"] = kubeapi::Json{
      {"namespace", kNamespace}, {"name", name}, {"uid", "uid-" + name}, {"labels", labels_of(labels)}};
  pod["status"] = ip.empty() ? json_of(R"({"phase": "Pending"})")
                             : kubeapi::Json{{"phase", "Running"},
                                             {"podIP", ip},
                                             {"podIPs", boost::json::array{kubeapi::Json{{"ip", ip}}}}};
  return pod;
}

// Whom the node's watcher follows.
enum class Follows : uint8_t { kApiServer, kRelays };
inline constexpr size_t kRelays = 2;

class Cluster {
 public:
  explicit Cluster(Follows follows = Follows::kApiServer, kubeapi::Script script = {},
                   const std::string& subnet = "10.244.7.0/24")
      : api(world, pki(), {}, std::move(script)), follows_(follows) {
    for (const char* dir : {"/run/net.d", "/run/cni-bin", "/run/ipam"})
      std::filesystem::create_directories(dir);
    write(
        "/run/net.d/10-base.conflist",
        R"({"cniVersion": "1.0.0", "name": "base", "plugins": [{"type": "ptp", "ipam": {"type": "host-local",
             "dataDir": "/run/ipam", "ranges": [[{"subnet": ")" +
            subnet + R"("}]], "routes": [{"dst": "0.0.0.0/0"}]}}]})");
    write("/run/ca.pem", pki().ca);
    for (const auto& [name, identity] : {std::pair("relay", pki().server), std::pair("node", pki().node)}) {
      write(std::string("/run/") + name + ".crt", identity.certificate);
      write(std::string("/run/") + name + ".key", identity.key);
    }
    write("/run/kubeconfig", R"({"apiVersion": "v1", "kind": "Config", "current-context": "test",
      "clusters": [{"name": "test", "cluster": {"server": "https://127.0.0.1:)" +
                                 std::to_string(api.port()) +
                                 R"(", "certificate-authority": "/run/ca.pem"}}],
      "users": [{"name": "test", "user": {"token": "any"}}],
      "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test"}}]})");
    world.put(model::Kind::kNode, json_of(R"({"metadata": {"name": "node-a"}, "spec": {"podCIDRs": [")" +
                                          subnet + R"("]}, "status": {"addresses": []}})"));
    world.put(model::Kind::kNamespace, json_of(R"({"metadata": {"name": "shop"}})"));
  }
  ~Cluster() {
    watcher_.end(SIGTERM);
    for (live::Process& relay : relays_) relay.end(SIGTERM);
    agent_.end(SIGTERM);
    live::run({SLUICED, "--detach"});
    for (const char* dir : {"/run/net.d", "/run/cni-bin", "/run/ipam"}) std::filesystem::remove_all(dir);
  }
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  kubeapi::World world;
  kubeapi::ApiDouble api;

  void start_agent() {
    agent_ =
        live::Process({SLUICED, "--node-name", kNode, "--metrics", kAgentMetrics, "--log-level", "error"});
  }
  void start_watcher() {
    std::vector<std::string> words = watcher_words("127.0.0.1:19620");
    if (follows_ == Follows::kRelays) {
      words.insert(words.end(), {"--node-name", kNode, "--relay", address_of_relay(0), "--relay",
                                 address_of_relay(1), "--relay-fallback", "1m"});
      add_identity(words, "node");
    }
    watcher_ = live::Process(std::move(words));
  }
  void start_relay(size_t index) {
    std::vector<std::string> words = watcher_words("127.0.0.1:" + std::to_string(19623 + index));
    words.insert(words.end(), {"--serve", address_of_relay(index)});
    add_identity(words, "relay");
    relays_.at(index) = live::Process(std::move(words));
  }
  live::Process& relay(size_t index) { return relays_.at(index); }
  live::Process& agent() { return agent_; }
  live::Process& watcher() { return watcher_; }
  // Everything that the watcher has read is in force.
  static bool sync() { return live::run({SLUICECTL, "sync", "--timeout", "20s"}) == 0; }
  // Puts sluice-cni behind the base chain, as an operator does.
  static bool install() {
    return live::run({SLUICE_CNI, "install", "--conf-dir", "/run/net.d", "--bin-dir", "/run/cni-bin",
                      "--socket", "/run/sluice/sluice.sock", "--timeout", "20s", "--on-failure", "strict"}) ==
           0;
  }

  void put_policy(const std::string& name, const std::string& spec) {
    kubeapi::Json policy{{"metadata", kubeapi::Json{{"namespace", kNamespace}, {"name", name}}},
                         {"spec", json_of(spec)}};
    world.put(model::Kind::kNetworkPolicy, std::move(policy));
  }
  void remove_policy(const std::string& name) {
    world.remove(model::Kind::kNetworkPolicy, {kNamespace, name});
  }

 private:
  static const kubeapi::Pki& pki() {
    static const kubeapi::Pki made = kubeapi::make_pki();
    return made;
  }
  static void write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  static std::string address_of_relay(size_t index) { return "127.0.0.1:" + std::to_string(19621 + index); }
  // Of a node or a relay.
  static std::vector<std::string> watcher_words(const std::string& metrics) {
    return {SLUICE_WATCHER, "--kubeconfig", "/run/kubeconfig", "--metrics", metrics,
            "--log-level",  "error",        "--accept-cilium", "--cluster", "10.244.0.0/16"};
  }
  static void add_identity(std::vector<std::string>& words, const std::string& name) {
    words.insert(words.end(), {"--tls-cert", "/run/" + name + ".crt", "--tls-key", "/run/" + name + ".key",
                               "--tls-ca", "/run/ca.pem"});
  }

  const Follows follows_;
  live::Process agent_, watcher_;
  std::array<live::Process, kRelays> relays_;
};

// A pod of the node, from its namespace on. What kubelet and the runtime do, step by step, so that a test can
// do something in between. Its namespace is there at once.
class Pod {
 public:
  Pod(Cluster& cluster, std::string name, Labels labels)
      : cluster_(cluster), name_(std::move(name)), labels_(std::move(labels)), netns_(name_) {}
  ~Pod() { del(); }
  Pod(const Pod&) = delete;
  Pod& operator=(const Pod&) = delete;

  const std::string& netns() const { return netns_.path(); }
  const std::string& name() const { return name_; }
  const net::Ip& ip() const { return ip_; }

  // The API knows it, with its labels.
  void schedule() { cluster_.world.put(model::Kind::kPod, pod_object(name_, labels_, "")); }
  // CNI ADD; an error's text, or nothing.
  std::string add() {
    std::ifstream file("/run/net.d/05-sluice.conflist");
    runtime_ =
        std::make_unique<cni::Runtime>(std::string(std::istreambuf_iterator<char>(file), {}), kPlugins);
    const cni::Ran ran = runtime_->add(attach());
    added_ = true;
    if (ran.exit != 0) return ran.out + ran.err;
    const std::string cidr = runtime_->results().back().at("ips").at(0).at("address").as_string().c_str();
    ip_ = net::Ip::parse(cidr.substr(0, cidr.find('/'))).value();
    return "";
  }
  // kubelet tells the API that it runs, and at which address.
  void run() { cluster_.world.put(model::Kind::kPod, pod_object(name_, labels_, ip_.to_text())); }
  void del() {
    if (!std::exchange(added_, false)) return;
    (void)runtime_->del(attach());
    cluster_.world.remove(model::Kind::kPod, {kNamespace, name_});
  }

 private:
  cni::Attach attach() const {  // tests/cni/runtime.h says the namespace "shop" and the uid
    return {"container-" + name_, netns_.path(), name_};
  }

  Cluster& cluster_;
  const std::string name_;
  const Labels labels_;
  live::PodNetns netns_;
  std::unique_ptr<cni::Runtime> runtime_;
  bool added_ = false;
  net::Ip ip_;
};

}  // namespace sluice::e2e
