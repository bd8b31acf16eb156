// Traffic: what is measured on a site's wire, sender to receiver.
//
// Laws: but for connections_accepted_elsewhere(), one thread sends, receives and answers in turns, bound to
// one CPU: packets cross both veth pairs in the softirqs of its own system calls, so that everything they
// cost is in the time taken, one thing after another, and no idle core hides any of it. That every packet
// arrived is checked, else there is no sample. A sample takes about kSampleTime, after a short warm-up that
// is not counted. `forget` makes every connection new again; it is called, outside the time, where a case is
// about new ones. Times in nanoseconds. Move-only; one thread.
#pragma once

#include <chrono>
#include <functional>

#include "agent/base/fd.h"
#include "bench/harness/rounds.h"
#include "bench/wire/site.h"

namespace sluice::bench::wire {

inline constexpr std::chrono::milliseconds kSampleTime{40};

// Of one packet, connection or KiB.
struct Sample {
  Nanoseconds elapsed;
  // CPU time of this process (CLOCK_PROCESS_CPUTIME_ID), softirqs in its system calls included, see
  // cpu_clock_covers_softirqs(). Being pushed aside by other programs is in `elapsed` and not in this.
  Nanoseconds cpu;
};

class Traffic {
 public:
  // `site` must outlive it.
  static base::Result<Traffic> open(const Site& site);

  // UDP datagrams of one established flow (it was answered before), 64 bytes with their IP header, sent until
  // the time is up. `elapsed` ends when the last is sent, which is when it is with the receiver's socket;
  // `cpu` includes the receiver's reading them.
  base::Result<Sample> small_packets();
  // The same packets, but each from a port of its own: each opens a flow.
  base::Result<Sample> new_flows(const std::function<base::Status()>& forget);
  // TCP: connect, accept, close. Closed by reset (SO_LINGER 0), so that no port waits in TIME_WAIT.
  base::Result<Sample> connections(const std::function<base::Status()>& forget);
  // The same with the receiver's half on a thread and a CPU of its own: accept, close; the sender waits for
  // that. Nearer to what two programs see: waking each other is in the time, and some of the cost is not, as
  // two CPUs share it.
  base::Result<Sample> connections_accepted_elsewhere(const std::function<base::Status()>& forget);
  // TCP: one connection; as much as fits is sent, then received, and so on. Per KiB.
  base::Result<Sample> bulk();

 private:
  struct Sockets {
    base::Fd datagrams_out, datagrams_in;  // UDP, connected; bound
    base::Fd raw_out;                      // the sender writes IP headers itself
    base::Fd listener;
  };
  Traffic(const Site& site, Sockets sockets) : site_(&site), sockets_(std::move(sockets)) {}
  static base::Result<Sockets> open_sockets(const Site& site);
  base::Result<base::Fd> connect() const;  // in the sender's namespace
  base::Result<base::Fd> accept() const;

  const Site* site_;
  Sockets sockets_;
};

// Whether this kernel's CPU clock counts softirqs for the process in whose system call they run. It does
// unless it was built with CONFIG_IRQ_TIME_ACCOUNTING: then they are nobody's, and Sample::cpu means nothing.
// Tried out, on a site.
base::Result<bool> cpu_clock_covers_softirqs(Traffic& traffic);

// The calling thread, and those it makes, run on one CPU from now on: the last one it may use.
base::Status stay_on_one_cpu();

}  // namespace sluice::bench::wire
