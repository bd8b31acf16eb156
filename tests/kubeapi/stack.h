// Stack: an API server, the watcher and an agent, joined by real sockets: everything but Kubernetes and the
// kernel.
//
// The watcher runs on the caller's thread, inside run_until() and run_for().
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>

#include "agent/base/log.h"
#include "agent/watcher/watcher.h"
#include "tests/kubeapi/agent_double.h"
#include "tests/kubeapi/api_double.h"

namespace sluice::kubeapi {

inline constexpr std::chrono::seconds kDeadline{20};

// A folder that goes with this.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, const std::string& text) const;

 private:
  std::filesystem::path path_;
};

// One for the whole program: keys take time.
const Pki& pki();

class Stack {
 public:
  struct Options {
    ApiDouble::Options api;
    bool protobuf = true;
    int page_items = 5;
    Script script;
    bool accepts_cilium = false;  // with the pods' prefix 10.0.0.0/8
    const Pki* pki = nullptr;     // the server's; null: that of the whole program
  };
  explicit Stack(Options options);
  Stack() : Stack(Options{}) {}
  ~Stack();

  // Before start(): how the watcher is to find the server. The default: by address, with the test's own CA.
  source::kube::ApiServer server;
  source::kube::InformerOptions following;

  World world;
  ApiDouble api;
  Folder folder;
  AgentDouble agent;

  void start();
  void stop_watcher();
  watcher::Watcher& watcher() { return *watcher_; }
  // False: it did not come true within the deadline.
  bool run_until(const std::function<bool()>& holds, std::chrono::milliseconds deadline = kDeadline);
  void run_for(std::chrono::milliseconds time);
  // The agent has exactly what the world has, and what is made of Cilium's where these are accepted, by a snapshot of which the watcher knows.
  bool run_until_equal();
  // The sum of a metric's series whose line contains all of `parts`.
  double metric(const std::string& name, const std::string& part = "");
  // Does a problem told to the agent contain it?
  bool told(const std::string& text) const;

 private:
  // A fresh one; null where nothing is accepted.
  std::unique_ptr<source::decode::Translator> translator() const;

  boost::asio::io_context loop_{1};
  base::Log log_;
  const bool accepts_cilium_;
  std::unique_ptr<watcher::Watcher> watcher_;
};

}  // namespace sluice::kubeapi
