// Asker: questions of a pod at a steady rate, whether the answers come or not, and how long each answer took.
//
// Laws: a round is as many questions as a second has; each has an id and a name of its own. An answer counts once, and where it
// is the server's. Two threads of its own during round(), pinned nowhere.
#pragma once

#include <string>
#include <vector>

#include "tests/live/dns_client.h"

namespace sluice::bench::names {

inline constexpr uint32_t kNames = 1000;  // that are asked for in turns
inline constexpr uint16_t kTtl = 600;

live::Question question_of(uint32_t number);  // "r7.bench.test"
net::Ip address_of(uint32_t number);          // that the server answers

struct Round {
  std::vector<double> microseconds;  // of each answer
  size_t asked = 0, wrong = 0;       // answers that are not the server's
  double seconds = 0;                // that asking took
};

class Asker {
 public:
  static base::Result<Asker> open(const std::string& netns, const net::Ip& server);
  Round round(uint32_t questions);

 private:
  explicit Asker(base::Fd fd) : fd_(std::move(fd)) {}
  base::Fd fd_;
};

}  // namespace sluice::bench::names
