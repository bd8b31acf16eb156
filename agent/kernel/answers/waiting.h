// Waiting: the ring of DNS packets and the heartbeat by which the programs know that somebody empties it
// (bpf/listen.h).
//
// Laws:
//  1. Packets come in the order in which the programs saw them. One is out of the ring once take() has returned.
//  2. Without a beat in the last SLUICE_HEARTBEAT_NANOSECONDS nothing is held.
//
// One thread. The pinned ring has one reader (loader.h): whoever holds the directory's lock.
#pragma once

#include <filesystem>
#include <functional>
#include <span>

#include "agent/base/fd.h"
#include "agent/base/result.h"
#include "agent/kernel/events.h"
#include "agent/kernel/mapped_array.h"
#include "sluice/names.h"

namespace sluice::kernel::answers {

// CLOCK_BOOTTIME, in nanoseconds: the programs' clock for names.
uint64_t boot_nanoseconds();

class Waiting {
 public:
  using Take = std::function<void(const sluice_dns_packet&, std::span<const uint8_t> frame)>;

  // `programs` must outlive it.
  static base::Result<Waiting> open(const Programs& programs);
  // As it is pinned in an agent's directory (bpffs.h), before programs are loaded.
  static base::Result<Waiting> open(const std::filesystem::path& pin_dir);

  // Readable while packets wait: for poll or epoll, level-triggered.
  int fd() const { return ring_.fd(); }
  // Hands over at most `limit` packets that wait; returns how many. Never blocks.
  base::Result<size_t> consume(size_t limit, const Take& take);

  // Answers are held for this agent from now on, for a while. 0: for nobody.
  void beat(uint64_t now);
  // Of packets that are sent on, never held again.
  uint32_t mark() const { return state_[0].mark; }
  uint64_t unheld() const;

 private:
  Waiting(Ring ring, MappedArray<sluice_dns> state, base::Fd own);

  base::Fd own_;  // the ring's, where no programs keep it open; it outlives the ring
  Ring ring_;
  MappedArray<sluice_dns> state_;
};

}  // namespace sluice::kernel::answers
