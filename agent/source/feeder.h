// Feeder: where objects come from, as the agent sees it: a folder of manifests (source/folder),
// or the watcher at the feed (source/feed).
//
// Laws:
//  1. The changes of all batches, applied in order to an empty model::Cluster, are what is in
//     force.
//  2. The first batch carries everything there is.
//  3. Problems, warnings and skipped kinds are those of the moment, not only new ones.
//
// All calls from one thread, save request_read().
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "agent/model/cluster.h"
#include "agent/source/finding.h"

namespace sluice::source {

struct Batch {
  std::vector<model::Change> changes;
  std::vector<Problem> problems;
  std::vector<Warning> warnings;
  SkippedKinds skipped;
  uint64_t generation = 0;  // every request_read() that returned at most this is answered
};

class Feeder {
 public:
  virtual ~Feeder() = default;

  // For poll or epoll, level-triggered: readable when drain() has to be called. At once after construction.
  virtual int fd() const = 0;
  // The news; none where it is not complete yet (a burst of changes still going on). Does not wait.
  virtual std::optional<Batch> drain() = 0;
  // Has the first complete state been taken?
  virtual bool synced() const = 0;
  // Asks for everything that the source holds now to be read; answers the generation of the batch that will
  // carry it (or a later one). From any thread.
  virtual uint64_t request_read() = 0;
  // Everything that drain() has answered so far is in force, since `when`.
  virtual void note_in_force(std::chrono::system_clock::time_point /*when*/) {}
};

}  // namespace sluice::source
