// Pairs: who is denied, and who allowed, what, how often: records grouped by both ends (workloads where they are
// known), port, protocol, direction, verdict and reason. Bounded: when kMost are held, what comes new is counted as
// `others`. Pure; one thread.
#pragma once

#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "agent/observe/record.h"

namespace sluice::observe {

struct Pair {
  Verdict verdict = Verdict::kDenied;
  std::string source, destination;  // "shop/deployment/web", "shop/web-1", "service shop/api", "10.0.0.9"
  uint16_t port = 0;                // 0: none
  net::Protocol protocol;
  model::Direction direction = model::Direction::kIngress;
  std::string reason, why;  // why: the rule, or the first policies that isolate
  uint64_t count = 0;
  int64_t last = 0;  // nanoseconds since 1970
  std::string id;    // of the last record
};

class Pairs {
 public:
  static constexpr size_t kMost = 4096;

  void add(const FlowRecord& record);
  // The busiest, of each verdict by itself: denied, audit, allowed. At most `most` of each.
  std::vector<Pair> busiest(size_t most) const;
  uint64_t others() const { return others_; }
  uint64_t lost() const { return lost_; }

 private:
  using Key = std::tuple<Verdict, std::string, std::string, uint16_t, uint8_t, model::Direction, std::string>;
  std::map<Key, Pair> pairs_;
  uint64_t others_ = 0, lost_ = 0;
};

}  // namespace sluice::observe
