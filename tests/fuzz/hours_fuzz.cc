// Any text as the hours of a policy: what is taken holds still between two of its edges, is another at each of them,
// and is looked at for a bounded time.
#include <cstdint>
#include <string_view>

#include "agent/times/parse.h"
#include "tests/fuzz/law.h"

namespace {

using namespace sluice;
using fuzz::require;

// In winter and summer, around moments at which clocks are set, before and after all that can be written.
constexpr int64_t kMoments[] = {0, 1774745999, 1782907200, 1792889999, 1798761600, 253402300800};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto instant = times::parse_instant(text))
    require(times::parse_instant(times::to_text(*instant)).ok());
  const auto schedule = times::parse(text);
  if (!schedule) {
    require(!schedule.error().message().empty());
    require(schedule.error().message().find('\n') == std::string::npos);
    return 0;
  }
  for (const int64_t moment : kMoments) {
    times::Instant at{std::chrono::seconds(moment)};
    for (int edges = 0; edges < 3; ++edges) {
      const bool active = times::is_active(*schedule, at);
      const auto edge = times::next_edge(*schedule, at);
      if (!edge) break;
      require(edge->at > at);
      require(times::is_active(*schedule, at + (edge->at - at) / 2) == active);
      require(times::is_active(*schedule, edge->at - std::chrono::seconds(1)) == active);
      require((times::is_active(*schedule, edge->at) != active) == edge->changes);
      at = edge->at;
    }
  }
  return 0;
}
