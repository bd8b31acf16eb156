// A stream of random choices: the same seed gives the same choices with every compiler and library (the
// standard's distributions promise no such thing, so none is used). Not thread-safe.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <random>
#include <vector>

namespace sluice::oracle {

class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  size_t below(size_t bound) { return static_cast<size_t>(engine_() % bound); }  // bound > 0
  int between(int first, int last) {
    return first + static_cast<int>(below(static_cast<size_t>(last - first) + 1));
  }
  bool chance(int percent) { return between(1, 100) <= percent; }

  template <typename T>
  const T& pick(const std::vector<T>& from) {  // not empty
    return from[below(from.size())];
  }
  template <typename T>
  T pick(std::initializer_list<T> from) {
    return from.begin()[below(from.size())];
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace sluice::oracle
