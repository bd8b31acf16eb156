// Stand: a node with a pod whose rules name domains, one that no rule speaks of, and a DNS server that answers at once.
//
// Laws: in a sandbox of its own (tests/live/sandbox.h), which everything goes with. One thread builds and destroys it.
#pragma once

#include <atomic>
#include <memory>
#include <thread>

#include "tests/live/netns_socket.h"
#include "tests/live/process.h"
#include "tests/live/sandbox.h"

namespace sluice::bench::names {

inline constexpr char kNamed[] = "/run/netns/sluice-bench-named", kPlain[] = "/run/netns/sluice-bench-plain",
                      kServer[] = "10.77.0.53";

class Stand {
 public:
  static base::Result<std::unique_ptr<Stand>> build();
  ~Stand();
  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;

 private:
  Stand() = default;
  void answer();

  base::Fd server_;
  std::atomic<bool> stop_ = false;
  std::thread answering_;
  live::Process agent_;
};

}  // namespace sluice::bench::names
