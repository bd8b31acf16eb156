// Stand: everything that is measured, in a sandbox of its own (tests/live/sandbox.h): the API server of the
// tests over TLS with a cluster in it, local pods as network namespaces, sluiced, and sluice-watcher fed
// through a FeedTap.
//
// Laws: build() once a process, before any thread is started. Everything goes with this; nothing of the
// machine's own is touched. One thread.
#pragma once

#include <memory>

#include "bench/api/feed_tap.h"
#include "bench/change/cluster.h"
#include "tests/kubeapi/api_double.h"
#include "tests/live/process.h"

namespace sluice::bench::api {

inline constexpr char kAgentSocket[] = "/run/agent.sock";
inline constexpr uint16_t kAgentPort = 19619;  // metrics

class Stand {
 public:
  static base::Result<std::unique_ptr<Stand>> build(const Size& size);
  ~Stand();
  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;

  kubeapi::World world;
  Ledger ledger;

  // Ends the one before; returns once the agent has the world's state in force.
  base::Status start_watcher(const std::string& encoding);
  pid_t agent() const { return agent_.pid(); }
  pid_t watcher() const { return watcher_.pid(); }
  // What the agent's kernel maps hold is what a fresh compile of the world gives, and `probes` answers of the
  // agent are the reference engine's.
  base::Status check(const Size& size, uint64_t seed, uint32_t probes);

 private:
  Stand() = default;

  kubeapi::Pki pki_;
  std::unique_ptr<kubeapi::ApiDouble> api_;
  live::Process agent_, watcher_;
  std::unique_ptr<FeedTap> tap_;
};

}  // namespace sluice::bench::api
