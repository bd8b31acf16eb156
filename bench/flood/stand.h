// Stand: a node under a flood, in a sandbox of its own (tests/live/sandbox.h): pods as network namespaces, sluiced
// over a folder of manifests, and two strangers whose packets this machine forwards too, past no program of ours.
//
// Laws: build() once a process, before any thread is started. Everything goes with this; nothing of the machine's
// own is touched. One thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "agent/net/ip.h"
#include "sluice/v1/control.pb.h"
#include "tests/live/process.h"
#include "tests/live/stream.h"

namespace sluice::bench::flood {

// Where packets come from or go to.
struct Place {
  const char* netns;  // file of its namespace
  const char* ip;
};
// Whose connections stand idle, and whose are measured. `client` and `caller` take nothing: what a server sends
// them passes as a reply, or not at all. `server` and `called` take from those alone.
inline constexpr Place kClient{"/run/netns/sluice-flood-client", "10.71.0.1"},
    kServer{"/run/netns/sluice-flood-server", "10.71.0.2"},
    kCaller{"/run/netns/sluice-flood-caller", "10.71.0.3"},
    kCalled{"/run/netns/sluice-flood-called", "10.71.0.4"};
// No policy isolates these.
inline constexpr Place kFlooding{"/run/netns/sluice-flood-flooding", "10.71.0.5"},
    kFlooded{"/run/netns/sluice-flood-flooded", "10.71.0.6"};
// No pods of this node.
inline constexpr Place kStranger{"/run/strangers/sluice-flood-stranger", "10.72.0.1"},
    kOtherStranger{"/run/strangers/sluice-flood-other-stranger", "10.72.0.2"};
inline constexpr uint16_t kPort = 8080;

class Stand {
 public:
  static base::Result<std::unique_ptr<Stand>> build();
  ~Stand();
  Stand(const Stand&) = delete;
  Stand& operator=(const Stand&) = delete;

  // In the place of the one before; returns once everything is in force.
  base::Status start_agent(uint32_t flows);
  pid_t agent() const { return agent_.pid(); }
  // What the agent says of the flow tables now.
  static base::Result<v1::Flows> flows();
  // What the agent's process has resident, and what the maps that it has open take.
  struct Memory {
    uint64_t resident = 0, maps = 0;  // bytes
  };
  base::Result<Memory> memory() const;
  // What the agent's threads have used of processors since its start.
  base::Result<std::chrono::duration<double>> processor_time() const;
  // Packets denied for want of a rule since the maps were made.
  static base::Result<uint64_t> denied();

 private:
  Stand() = default;
  live::Process agent_;
};

// A connection between two places, or a conversation of datagrams.
base::Result<live::Stream> open(const Place& from, const Place& to, net::Protocol protocol);

}  // namespace sluice::bench::flood
