// What a fuzz target requires of the code under test.
#pragma once

#include <cstdlib>

namespace sluice::fuzz {

// Ends the program where the law is broken: the fuzzer keeps the input.
inline void require(bool law) {
  if (!law) std::abort();
}

}  // namespace sluice::fuzz
