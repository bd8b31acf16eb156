// What a fuzz target requires of the code under test.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace sluice::fuzz {

// Ends the program where the law is broken, and says at which line: the fuzzer keeps the input.
inline void require(bool law, const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  if (law) return;
  std::fprintf(stderr, "%s:%d: the law is broken\n", file, line);
  std::abort();
}

}  // namespace sluice::fuzz
