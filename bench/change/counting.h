// Counting: a Target that passes everything on to another and counts the entries written, the flip as one,
// and how long the grace period was waited for. Not thread-safe.
#pragma once

#include <chrono>

#include "agent/image/plan.h"

namespace sluice::bench {

class Counting final : public image::Target {
 public:
  explicit Counting(image::Target& target) : target_(target) {}
  base::Status write(const image::Batch& batch) override {
    entries_ += batch.count;
    return target_.write(batch);
  }
  base::Status store(const image::EndpointWrite& write) override {
    ++entries_;
    return target_.store(write);
  }
  base::Status store(const image::InterfaceWrite& write) override {
    ++entries_;
    return target_.store(write);
  }
  base::Status set_prefix_flags(uint64_t flags) override { return target_.set_prefix_flags(flags); }
  base::Status flip(uint64_t epoch, uint64_t next_endpoint_id) override {
    ++entries_;
    return target_.flip(epoch, next_endpoint_id);
  }
  base::Status wait_grace() override {
    const auto start = std::chrono::steady_clock::now();
    auto waited = target_.wait_grace();
    grace_ += std::chrono::steady_clock::now() - start;
    return waited;
  }

  size_t entries() const { return entries_; }
  std::chrono::nanoseconds grace() const { return grace_; }

 private:
  image::Target& target_;
  size_t entries_ = 0;
  std::chrono::nanoseconds grace_{};
};

}  // namespace sluice::bench
