// Readers: what three operators' `sluicectl observe --follow` take of the agent while it is flooded with denied packets,
// each on a connection and a thread of its own.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "agent/base/result.h"

namespace sluice::bench::flood {

class Readers {
 public:
  static constexpr int kReaders = 3;

  // Has one more packet denied, so that there is a record.
  using Provoke = std::function<base::Status()>;
  // Each has had one record once this returns: they follow.
  static base::Result<std::unique_ptr<Readers>> open(Provoke provoke);
  ~Readers();
  Readers(const Readers&) = delete;
  Readers& operator=(const Readers&) = delete;

  // Packets that each reader was told of since its first record, those that it is told were lost among them.
  std::vector<uint64_t> told() const;

 private:
  struct One {
    std::atomic<uint64_t> told = 0;
    std::atomic<bool> follows = false, ended = false;
    std::thread thread;
  };
  explicit Readers(Provoke provoke) : provoke_(std::move(provoke)) {}
  // Provokes until it is so of every reader; false: it never was.
  base::Result<bool> provoke_until(std::atomic<bool> One::*is) const;

  const Provoke provoke_;
  std::atomic<bool> stop_ = false;
  std::vector<std::unique_ptr<One>> all_;
};

}  // namespace sluice::bench::flood
