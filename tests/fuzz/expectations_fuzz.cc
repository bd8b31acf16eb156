// Files of expectations, which a stranger's merge request brings.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "agent/expect/expectations.h"
#include "tests/fuzz/law.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto read = sluice::expect::read_expectations({reinterpret_cast<const char*>(data), size}, "f");
  for (const auto& one : read.all)
    sluice::fuzz::require(!one.name.empty() && !one.from.empty() && !one.to.empty());
  return 0;
}
